//! A file of employees through the loader, against `LOAD DATA LOCAL INFILE` of the same file by the `mariadb` client.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};

use crate::client::Session;
use crate::files::Files;
use crate::function::{Invocation, Runtime};
use crate::people::{self, Employee, Names};
use crate::stage::{CLUSTER_ARN, DATABASE, SECRET_ARN, Stage};
use crate::stats::{Times, ratio};
use crate::table::{Line, Table};

const BUCKET: &str = "bench";
const KEY: &str = "incoming/employees/employees.csv";

/// The loader's program with everything around it: a Runtime API, a bucket, the stage's Data API and database.
struct Loader<'s> {
    stage: &'s Stage,
    program: PathBuf,
    runtime: Runtime,
    files: Files,
    conn: Conn,
}

impl<'s> Loader<'s> {
    async fn new(stage: &'s Stage, binaries: &Path, folder: &Path) -> Result<Self> {
        Ok(Self {
            stage,
            program: binaries.join("loader"),
            runtime: Runtime::serve(folder).await?,
            files: Files::serve(folder).await?,
            conn: stage.connect(Some(DATABASE)).await?,
        })
    }

    /// Starts the function with the message of a dropped file, and waits until the load is completed.
    async fn load(&mut self, key: &str) -> Result<Invocation> {
        let bytes = fs::metadata(self.files.path(BUCKET, key))?.len();
        let environment = [
            ("AWS_ENDPOINT_URL_RDS_DATA", self.stage.data_api_url()),
            ("AWS_ENDPOINT_URL_S3", self.files.url()),
            ("ROWGATE_CLUSTER_ARN", CLUSTER_ARN.to_owned()),
            ("ROWGATE_SECRET_ARN", SECRET_ARN.to_owned()),
            ("ROWGATE_DATABASE", DATABASE.to_owned()),
            ("ROWGATE_BUCKET", BUCKET.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        let done = self.runtime.run(&self.program, &environment, event(key, bytes)).await?;
        let status: Option<String> = self.conn.query_first("SELECT status FROM rowgate_loads").await?;
        ensure!(status.as_deref() == Some("completed"), "the load is {status:?}: {}", done.log);
        Ok(done)
    }

    /// Empties the table, and the ledger with it: bytes that are in already would be skipped.
    async fn empty(&mut self) -> Result<()> {
        for table in ["employees", "rowgate_loads", "rowgate_load_chunks"] {
            self.conn.query_drop(format!("TRUNCATE TABLE {table}")).await?;
        }
        Ok(())
    }
}

/// Loads a file of `rows` employees `rounds` times each way, in turns, each time into an empty table.
pub(crate) async fn measure(
    stage: &Stage,
    binaries: &Path,
    rows: u64,
    rounds: usize,
    table: &mut Table,
) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut loader = Loader::new(stage, binaries, folder.path()).await?;
    let file = loader.files.path(BUCKET, KEY);
    fs::create_dir_all(file.parent().context("a file in no folder")?)?;
    let bytes = write(&file, rows)?;
    let mut session = Session::start(stage.socket())?;
    let statement = load_data(&file);
    let (mut ours, mut reference) = (Times::default(), Times::default());
    let mut peak = 0;
    for round in 0..rounds {
        for turn in 0..2 {
            loader.empty().await?;
            if (round + turn) % 2 == 0 {
                let done = loader.load(KEY).await?;
                ours.add(done.time);
                peak = peak.max(done.peak);
            } else {
                reference.add(session.execute(&statement)?);
            }
            let there: Option<u64> = loader.conn.query_first("SELECT COUNT(*) FROM employees").await?;
            ensure!(there == Some(rows), "{there:?} of {rows} rows are in");
        }
    }
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
    table.add(Line {
        measure: "  the same, peak memory of the function".to_owned(),
        ours: format!("{} MiB", peak / (1 << 20)),
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
    Ok(fs::metadata(file)?.len())
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

/// The queue's message about a file that was dropped.
fn event(key: &str, bytes: u64) -> Value {
    let dropped = json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
        "eventTime": "2026-01-01T00:00:00.000Z", "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "bench"}, "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "bench",
            "bucket": {"name": BUCKET, "ownerIdentity": {"principalId": "bench"}, "arn": "arn:aws:s3:::bench"},
            "object": {"key": key, "size": bytes, "versionId": "1", "sequencer": "1"},
        },
    }]});
    json!({"Records": [{
        "messageId": "1", "receiptHandle": "1", "body": dropped.to_string(), "attributes": {},
        "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
    }]})
}

fn per_second(rows: u64, time: Duration) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a rate to three digits")]
    let thousands = rows as f64 / time.as_secs_f64() / 1000.0;
    format!("{thousands:.0},000/s")
}
