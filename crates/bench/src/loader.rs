//! A file of employees through the loader's handler, against `LOAD DATA LOCAL INFILE` of the same file by the `mariadb` client.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use aurora::Deadline;
use aws_lambda_events::sqs::SqsEvent;
use axum::body::Bytes;
use loader::{Content, Loader, Store, StoreError, handle};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use crate::client::Session;
use crate::people::{self, Employee, Names};
use crate::stage::{DATABASE, Stage};
use crate::stats::{Times, ratio};
use crate::table::{Line, Table};

/// As much as Lambda lets a function run.
const LIMIT: Duration = Duration::from_secs(15 * 60);
/// What an object's content comes in, about what a connection to S3 hands over at once.
const PIECE: usize = 64 * 1024;

/// The bucket is a folder: what S3 adds is a matter of the network and not of the loader.
#[derive(Debug)]
struct Folder(PathBuf);

#[derive(Debug)]
struct OpenFile(File);

impl Store for Folder {
    type Content = OpenFile;

    async fn open(&self, _bucket: &str, key: &str, _version: Option<&str>) -> Result<OpenFile, StoreError> {
        File::open(self.0.join(file_name(key))).map(OpenFile).map_err(failed)
    }

    async fn put(&self, _bucket: &str, key: &str, content: Vec<u8>) -> Result<(), StoreError> {
        std::fs::write(self.0.join(file_name(key)), content).map_err(failed)
    }
}

impl Content for OpenFile {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        let mut piece = vec![0; PIECE];
        let read = self.0.read(&mut piece).map_err(failed)?;
        piece.truncate(read);
        Ok((read > 0).then(|| piece.into()))
    }
}

fn failed(error: std::io::Error) -> StoreError {
    StoreError::Failed(error.into())
}

fn file_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// Loads a file of `rows` employees `rounds` times each way, in turns, each time into an empty table.
pub(crate) async fn measure(stage: &Stage, rows: u64, rounds: usize, table: &mut Table) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("employees.csv");
    let bytes = write(&file, rows)?;
    let loader = Loader {
        database: stage.database(),
        store: Folder(folder.path().to_owned()),
        dictionary: domain::shipped::dictionary()?,
        bucket: "bench".to_owned(),
    };
    let mut session = Session::start(stage.socket())?;
    let statement = load_data(&file);
    let mut conn = stage.connect(Some(DATABASE)).await?;
    let (mut ours, mut reference) = (Times::default(), Times::default());
    for round in 0..rounds {
        for turn in 0..2 {
            empty(&mut conn).await?;
            if (round + turn) % 2 == 0 {
                ours.add(run_loader(&loader, bytes, round).await?);
            } else {
                reference.add(session.execute(&statement)?);
            }
            let there: Option<u64> = conn.query_first("SELECT COUNT(*) FROM employees").await?;
            ensure!(there == Some(rows), "{there:?} of {rows} rows are in");
        }
    }
    conn.disconnect().await?;
    let (ours, reference) = (ours.median(), reference.median());
    table.add(Line {
        measure: format!(
            "{rows} employees ({}.{} MB): loader / LOAD DATA LOCAL INFILE ({rounds} rounds)",
            bytes / 1_000_000,
            bytes % 1_000_000 / 100_000
        ),
        ours: format!("{:.1} s", ours.as_secs_f64()),
        reference: format!("{:.1} s", reference.as_secs_f64()),
        ratio: Some(ratio(ours, reference)),
        bar: None,
    });
    table.add(Line {
        measure: "  the same, in rows per second".to_owned(),
        ours: per_second(rows, ours),
        reference: per_second(rows, reference),
        ..Line::default()
    });
    Ok(())
}

/// Generates the file; its size in bytes.
fn write(file: &Path, rows: u64) -> Result<u64> {
    let mut output = BufWriter::new(File::create(file)?);
    for row in (1..=rows).map(|id| people::employee(id, Names::Usual)) {
        let Employee { id, name, datetime, department, job } = row;
        writeln!(output, "{id},{name},{datetime},{department},{job}")?;
    }
    output.flush()?;
    Ok(std::fs::metadata(file)?.len())
}

/// The plain statement. MariaDB reads the `T` and drops the `Z` of a date with a warning for each row, and stores what it
/// should; rewriting the date in a SET clause is no faster.
fn load_data(file: &Path) -> String {
    format!(
        "LOAD DATA LOCAL INFILE '{}' INTO TABLE employees CHARACTER SET utf8mb4 \
         FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' LINES TERMINATED BY '\\n' \
         (id, name, datetime, department_id, job_id);\n",
        file.display()
    )
}

async fn run_loader(loader: &Loader<Folder>, bytes: u64, round: usize) -> Result<Duration> {
    let event = event(bytes, round)?;
    let started = Instant::now();
    let answer = handle(loader, event, Deadline::after(LIMIT)).await;
    let time = started.elapsed();
    ensure!(answer.batch_item_failures.is_empty(), "the loader gave the message back");
    Ok(time)
}

/// The queue's message about a file that was dropped.
fn event(bytes: u64, round: usize) -> Result<SqsEvent> {
    let version = format!("version-{round}");
    let dropped = serde_json::json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
        "eventTime": "2026-01-01T00:00:00.000Z", "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "bench"}, "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "bench",
            "bucket": {"name": "bench", "ownerIdentity": {"principalId": "bench"}, "arn": "arn:aws:s3:::bench"},
            "object": {
                "key": "incoming/employees/employees.csv", "size": bytes, "versionId": version, "sequencer": version,
            },
        },
    }]});
    let message = serde_json::json!({"Records": [{
        "messageId": version, "body": dropped.to_string(), "attributes": {}, "messageAttributes": {},
        "eventSource": "aws:sqs",
    }]});
    serde_json::from_value(message).context("the event that the bench made up is none")
}

/// Empties the table, and the ledger with it: bytes that are in already would be skipped.
async fn empty(conn: &mut Conn) -> Result<()> {
    for table in ["employees", "rowgate_loads", "rowgate_load_chunks"] {
        conn.query_drop(format!("TRUNCATE TABLE {table}")).await?;
    }
    Ok(())
}

fn per_second(rows: u64, time: Duration) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a rate to three digits")]
    let thousands = rows as f64 / time.as_secs_f64() / 1000.0;
    format!("{thousands:.0},000/s")
}
