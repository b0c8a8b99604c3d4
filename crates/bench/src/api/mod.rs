//! The HTTP API as Lambda runs it, on a table of a million employees: requests per second, medians
//! and 99th percentiles, with one client and with eight, against a plain MySQL client that sends
//! the same statements.
//!
//! A function's process handles one request at a time, so eight clients have eight processes, as
//! Lambda would start them. The same requests also go to the API in one process, as a container has
//! it: one for all clients, over HTTP.

mod calls;
mod fastapi;
mod function;
mod metering;
mod requests;
mod serve;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row};

use self::calls::{Call, Next};
use self::function::Functions;
pub(crate) use self::metering::measure as metering;
pub(crate) use self::requests::measure as requests;
use self::serve::{Caller, Served};
use crate::client;
use crate::function::expect;
use crate::load::{generate, load_data};
use crate::people::EMPLOYEES;
use crate::settings::Settings;
use crate::stage::{DATABASE, Stage};
use crate::stats::{Times, grouped, milliseconds, ratio};
use crate::table::{Line, Table};

/// Rows of the table before anything is inserted.
const ROWS: u64 = 1_000_000;
/// The numbers of clients (issue 5).
const CLIENTS: [usize; 2] = [1, 8];
/// The number of times that the ways take turns.
const TURNS: usize = 5;
/// Requests of each client that only warm up.
const WARM_UP: usize = 2;
/// "p50 within 2× of the plain client for 1000-row inserts and reports" (issue 5).
const BAR: f64 = 2.0;

/// A client that can go every way.
struct Client<'s> {
    functions: Functions,
    process: Caller,
    /// A connection past the Data API.
    plain: Conn,
    next: &'s Next,
}

/// The times of one way.
#[derive(Debug, Default)]
struct Measured {
    times: Times,
    /// From the first request of a turn to the last answer, all turns together.
    wall: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Function,
    Process,
    Plain,
}

/// Fills the table and measures every call, those that only read first: they must find a million
/// rows.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let stage = Stage::start(&settings.binaries).await?;
    let rows = settings.rows(ROWS);
    fill(&stage, rows).await?;
    let next = Next::after(rows);
    let folder = tempfile::tempdir()?;
    let process = Served::start(settings, &stage, folder.path()).await?;
    let mut clients = Vec::new();
    for number in 0..CLIENTS.into_iter().max().unwrap_or(1) {
        clients.push(Client {
            functions: Functions::start(settings, &stage, &folder.path().join(number.to_string())).await?,
            process: process.caller()?,
            plain: stage.connect(Some(DATABASE)).await?,
            next: &next,
        });
    }
    for call in Call::ALL {
        for count in CLIENTS {
            let turns = settings.rounds(TURNS, 1);
            let requests = settings.rounds(call.requests(count), 2);
            let clients = clients.get_mut(..count).context("too few clients")?;
            let measured = take_turns(call, clients, turns, requests).await?;
            report(call, count, rows, &measured, table);
        }
    }
    expect(&mut clients[0].plain, EMPLOYEES, rows + next.inserted()).await?;
    for client in clients {
        client.plain.disconnect().await?;
    }
    Ok(())
}

async fn fill(stage: &Stage, rows: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("employees.csv");
    generate::valid(&file, rows)?;
    client::run(stage.socket(), &load_data(&file))?;
    Ok(())
}

/// Goes all ways in turns, with all clients at once; each sends `requests` a turn.
async fn take_turns(
    call: Call,
    clients: &mut [Client<'_>],
    turns: usize,
    requests: usize,
) -> Result<[Measured; 3]> {
    let mut measured: [Measured; 3] = Default::default();
    for turn in 0..=turns {
        let mut ways = [(0, Way::Function), (1, Way::Process), (2, Way::Plain)];
        let first = turn % ways.len();
        ways.rotate_left(first);
        for (index, way) in ways {
            let count = if turn == 0 { WARM_UP } else { requests };
            let started = Instant::now();
            let times = try_join_all(clients.iter_mut().map(|client| client.send(call, way, count))).await?;
            let wall = started.elapsed();
            if turn > 0 {
                measured[index].wall += wall;
                times.into_iter().flatten().for_each(|time| measured[index].times.add(time));
            }
        }
    }
    Ok(measured)
}

impl Client<'_> {
    /// Sends one request after the other; returns the time of each, without making the request.
    async fn send(&mut self, call: Call, way: Way, requests: usize) -> Result<Vec<Duration>> {
        let mut times = Vec::with_capacity(requests);
        for _ in 0..requests {
            times.push(match way {
                Way::Function => self.functions.answer(&call.request(self.next)).await?,
                Way::Process => self.process.answer(&call.request(self.next)).await?,
                Way::Plain => execute(&mut self.plain, &call.statements(self.next)?).await?,
            });
        }
        Ok(times)
    }
}

/// Executes text statements one after the other, and reads every row of their results; returns the
/// time.
async fn execute(conn: &mut Conn, statements: &[String]) -> Result<Duration> {
    let started = Instant::now();
    let mut rows: Vec<Row> = Vec::new();
    for statement in statements {
        rows = conn.query(statement).await?;
    }
    let time = started.elapsed();
    // A single question has an answer.
    let is_question = matches!(statements, [only] if !only.starts_with("INSERT"));
    ensure!(!is_question || !rows.is_empty(), "no rows came");
    Ok(time)
}

impl Measured {
    /// Formats like `6.45 ms, 13.02 ms, 148/s`.
    fn figures(&self) -> String {
        #[expect(clippy::cast_precision_loss, reason = "a rate to three digits")]
        let rate = self.times.len() as f64 / self.wall.as_secs_f64().max(f64::MIN_POSITIVE);
        let rate = if rate < 10.0 { format!("{rate:.1}/s") } else { format!("{rate:.0}/s") };
        let (median, p99) = (self.times.median(), self.times.percentile(99));
        format!("{}, {}, {rate}", milliseconds(median), milliseconds(p99))
    }
}

fn report(call: Call, clients: usize, rows: u64, measured: &[Measured; 3], table: &mut Table) {
    let [functions, process, plain] = measured;
    let many = if clients == 1 { "" } else { "s" };
    let what = format!("{}, {clients} client{many}: p50, p99, requests", call.title(&grouped(rows)));
    let of_functions = ratio(functions.times.median(), plain.times.median());
    table.add(Line {
        measure: format!("HTTP API: {what} ({})", functions.times.len()),
        ours: functions.figures(),
        reference: plain.figures(),
        ratio: Some(of_functions),
        bar: call.has_bar().then(|| (format!("p50 ≤ {BAR}×"), of_functions <= BAR)),
    });
    table.add(Line {
        measure: format!("rowgate-serve, against the functions: {what} ({})", process.times.len()),
        ours: process.figures(),
        reference: functions.figures(),
        ratio: Some(ratio(process.times.median(), functions.times.median())),
        bar: None,
    });
}
