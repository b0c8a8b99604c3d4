//! Measures from the drop of a file to `completed`, on a local cloud of its own: upload,
//! MiniStack's S3, queue and Lambda, the loader, the local Data API and MariaDB.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, bail, ensure};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::{ROUNDS, ROWS, empty, generate, load_data};
use crate::client::Session;
use crate::cloud::{Cloud, run};
use crate::function::expect;
use crate::people::{self, EMPLOYEES};
use crate::settings::Settings;
use crate::stats::{Times, grouped, megabytes, seconds};
use crate::table::Table;

const LIMIT: Duration = Duration::from_secs(600);
/// The interval at which the ledger is asked whether the load has ended.
const LOOK: Duration = Duration::from_millis(100);

/// Drops the file and lets the client load it in turns, each time into an empty table of the same
/// database.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let cloud = Cloud::start(settings, None)?;
    let folder = tempfile::tempdir()?;
    let socket = PathBuf::from(cloud.variable("ROWGATE_MYSQL_SOCKET")?);
    let mut conn = cloud.connect().await?;
    for statement in people::references() {
        conn.query_drop(statement).await?;
    }
    let mut session = Session::start(&socket)?;
    let [mut ours, mut uploads, mut reference]: [Times; 3] = Default::default();
    let mut bytes = 0;
    for round in 0..rounds {
        // A new name, so that it is a new load.
        let file = folder.path().join(format!("employees-{round}.csv"));
        bytes = generate::valid(&file, rows)?;
        empty(&mut conn, EMPLOYEES).await?;
        let (upload, whole) = drop_file(&cloud, &file, &mut conn).await?;
        uploads.add(upload);
        ours.add(whole);
        expect(&mut conn, EMPLOYEES, rows).await?;
        empty(&mut conn, EMPLOYEES).await?;
        reference.add(session.execute(&load_data(&file))?);
        expect(&mut conn, EMPLOYEES, rows).await?;
    }
    conn.disconnect().await?;
    let what = format!("{} employees ({})", grouped(rows), megabytes(bytes));
    let what = format!("{what}: from the drop to completed on the local cloud / LOAD DATA ({rounds} rounds)");
    table.seconds(what, ours.median(), reference.median(), None);
    table.figure("  of which the upload", seconds(uploads.median()));
    Ok(())
}

/// Drops the file; returns the time of the upload, and the time until the load is completed by
/// the ledger.
async fn drop_file(cloud: &Cloud<'_>, file: &Path, conn: &mut Conn) -> Result<(Duration, Duration)> {
    let (began, started) = (SystemTime::now(), Instant::now());
    run(&mut cloud.upload_command(EMPLOYEES, file))?;
    let upload = started.elapsed();
    loop {
        let row: Option<(String, Option<f64>)> = conn
            .query_first(
                "SELECT status, UNIX_TIMESTAMP(finished_at) + 0e0 FROM rowgate_loads \
                 WHERE table_name = 'employees'",
            )
            .await?;
        match row {
            Some((status, Some(finished))) if status == "completed" => {
                let began = began.duration_since(SystemTime::UNIX_EPOCH)?.as_secs_f64();
                return Ok((upload, Duration::from_secs_f64((finished - began).max(0.0))));
            }
            Some((status, _)) if status != "running" => bail!("the load is {status}"),
            _ => {}
        }
        ensure!(started.elapsed() < LIMIT, "the load takes longer than {LIMIT:?}");
        tokio::time::sleep(LOOK).await;
    }
}
