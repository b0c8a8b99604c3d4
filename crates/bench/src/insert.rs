//! Valid employees, one and 1000 at a time, through the insert function's handler, against one
//! INSERT of them by the `mariadb` client; and where the handler's time goes.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use aurora::{Database, Statement};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use domain::batch::Batch;
use domain::dictionary::Dictionary;
use domain::sql::InsertWriter;
use http_body_util::BodyExt;
use insert_api::{Service, router};
use lambda_kit::caller::Keys;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tower::ServiceExt;

use crate::client::{self, Session};
use crate::function::expect;
use crate::people::EMPLOYEES;
use crate::people::{self, Names};
use crate::silence::Silence;
use crate::stage::{DATABASE, Stage};
use crate::stats::{Times, milliseconds};
use crate::table::{Line, Table};

/// The rows of a request.
const ROWS: [u64; 2] = [1, 1000];
/// Rounds that only warm up connections, caches, and the first pages of the table.
const WARM_UP: usize = 3;
/// "at most 2×" for 1000 rows (issue 2).
const BAR: f64 = 2.0;

/// A way to insert employees, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The function's router: a request in, an answer out.
    Handler,
    /// The client that stays connected.
    Session,
    /// The client that starts for one statement.
    Process,
    /// The handler's work before it calls the database; inserts nothing.
    Check,
    /// The handler's statement over a bare connection.
    Direct,
    /// The handler's statement through SDK and Data API.
    DataApi,
}

/// Everything that a round needs.
struct Bench<'s> {
    stage: &'s Stage,
    routes: Router,
    dictionary: &'static Dictionary,
    database: Database,
    conn: Conn,
    session: Session,
    /// The rows of a request.
    rows: u64,
    next: u64,
    random: fastrand::Rng,
}

/// The times of each way, and the median of the session's marker alone.
type Measured = (Vec<Times>, Duration);

/// Measures `rounds` rounds of each size; in each, every way inserts employees with ids of their
/// own.
pub(crate) async fn measure(stage: &Stage, rounds: usize, table: &mut Table) -> Result<()> {
    let dictionary = testkit::hr::dictionary();
    let database = stage.database();
    let service = Service::new(database.clone(), dictionary);
    let mut bench = Bench {
        stage,
        routes: lambda_kit::http::with_service_layers(router(service), Keys::default()),
        dictionary,
        database,
        conn: stage.connect(Some(DATABASE)).await?,
        session: Session::start(stage.socket())?,
        rows: 0,
        next: 1,
        random: fastrand::Rng::with_seed(1),
    };
    let _silence = Silence::begin()?;
    let every = [Way::Handler, Way::Session, Way::Process, Way::Check, Way::Direct, Way::DataApi];
    for rows in ROWS {
        bench.rows = rows;
        report(rows, &bench.take_turns(every, rounds, Names::Usual).await?, table);
    }
    let both = [Way::Handler, Way::Session];
    report_long_names(&bench.take_turns(both, rounds, Names::Long).await?, table);
    expect(&mut bench.conn, EMPLOYEES, bench.next - 1).await?;
    bench.conn.disconnect().await?;
    Ok(())
}

impl Bench<'_> {
    async fn take_turns<const N: usize>(
        &mut self,
        ways: [Way; N],
        rounds: usize,
        names: Names,
    ) -> Result<Measured> {
        let mut times: Vec<Times> = ways.iter().map(|_| Times::default()).collect();
        let mut markers = Times::default();
        let mut turns: [usize; N] = std::array::from_fn(|index| index);
        for round in 0..WARM_UP + rounds {
            // The order must not matter.
            self.random.shuffle(&mut turns);
            for index in turns {
                let time = self.insert(ways[index], names).await?;
                if round >= WARM_UP {
                    times[index].add(time);
                }
            }
            markers.add(self.session.marker()?);
        }
        Ok((times, markers.median()))
    }

    /// Returns the time of one way with the next ids, without making the input.
    async fn insert(&mut self, way: Way, names: Names) -> Result<Duration> {
        let ids = self.next..self.next + self.rows;
        if way == Way::Check {
            let body = people::json(ids, names);
            let started = Instant::now();
            self.statement(body.as_bytes())?;
            return Ok(started.elapsed());
        }
        self.next += self.rows;
        match way {
            Way::Session => self.session.execute(&people::sql(ids, names)),
            Way::Process => client::run(self.stage.socket(), &people::sql(ids, names)),
            Way::Direct => {
                let statement = self.statement(people::json(ids, names).as_bytes())?;
                let started = Instant::now();
                self.conn.query_drop(statement).await?;
                Ok(started.elapsed())
            }
            Way::DataApi => {
                let statement = Statement::new(self.statement(people::json(ids, names).as_bytes())?);
                let started = Instant::now();
                self.database.execute(statement).await?;
                Ok(started.elapsed())
            }
            Way::Handler | Way::Check => self.handler(people::json(ids, names)).await,
        }
    }

    async fn handler(&self, body: String) -> Result<Duration> {
        let request = Request::post("/insert_data")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))?;
        let started = Instant::now();
        let response = self.routes.clone().oneshot(request).await?;
        let status = response.status();
        let answer = response.into_body().collect().await?.to_bytes();
        let time = started.elapsed();
        ensure!(status == StatusCode::CREATED, "{status}: {}", String::from_utf8_lossy(&answer));
        Ok(time)
    }

    /// Does the handler's work before it calls the database: reads and checks the rows, builds the
    /// statement.
    fn statement(&self, body: &[u8]) -> Result<String> {
        let batch = Batch::read(self.dictionary, body)?;
        let rows = batch.tables.first().context("the batch is empty")?;
        ensure!(rows.is_flawless(), "a generated employee is flawed");
        let mut writer = InsertWriter::guarded(rows.table, rows.guard(self.dictionary));
        for row in &rows.rows {
            ensure!(writer.push(&row.checked.values).is_none(), "the employees do not fit one statement");
        }
        Ok(writer.finish().context("no statement")?.sql)
    }
}

fn report(rows: u64, (times, marker): &Measured, table: &mut Table) {
    let [handler_times, session_times, process, check, direct, through] = &times[..] else { return };
    let rounds = handler_times.len();
    let session = session_times.median().saturating_sub(*marker);
    let handler = handler_times.median();
    let many = if rows == 1 { "" } else { "s" };
    let what = format!("{rows} employee{many}: insert handler / one INSERT in a `mariadb` session");
    let bar = (rows > 1).then_some(BAR);
    table.milliseconds(format!("{what} ({rounds} rounds)"), handler, session, bar);
    table.add(Line {
        measure: "  the same, 99th percentiles".to_owned(),
        ours: milliseconds(handler_times.percentile(99)),
        reference: milliseconds(session_times.percentile(99).saturating_sub(*marker)),
        ..Line::default()
    });
    let what = "  the same, `mariadb` started for the one statement";
    table.milliseconds(what, handler, process.median(), None);
    let (through, check, direct) = (through.median(), check.median(), direct.median());
    for (what, time) in [
        ("reading and checking JSON, building SQL", check),
        ("the database: that SQL over a bare connection", direct),
        ("SDK, HTTP and local Data API", through.saturating_sub(direct)),
        ("routing, the answer and the rest", handler.saturating_sub(through).saturating_sub(check)),
    ] {
        table.figure(format!("  of which {what}"), milliseconds(time));
    }
}

fn report_long_names((times, marker): &Measured, table: &mut Table) {
    let [handler, session] = &times[..] else { return };
    let session = session.median().saturating_sub(*marker);
    let what = "1000 employees with long names (two statements): the same";
    table.milliseconds(what, handler.median(), session, None);
}
