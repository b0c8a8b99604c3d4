//! Files of employees through the loader's own program, against other ways to load them.

mod cloud;
mod formats;
pub(crate) mod generate;
mod profile;
mod python;
mod rejects;
mod size;
mod speed;
mod tuning;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::files::Files;
use crate::function;
use crate::settings::Settings;
use crate::stage::{CLUSTER_ARN, DATABASE, SECRET_ARN, Stage};
use crate::stats::Times;

pub(crate) use cloud::measure as from_the_drop;
pub(crate) use formats::measure as formats;
pub(crate) use python::measure as python;
pub(crate) use rejects::measure as rejects;
pub(crate) use size::measure as size;
pub(crate) use speed::measure as speed;
pub(crate) use tuning::measure as tuning;

const BUCKET: &str = "bench";
/// Between two measures, so that the database writes out what the one before left in memory.
const PAUSE: Duration = Duration::from_millis(500);

/// The loader's program with everything around it: a bucket, the stage's Data API and database.
struct Loader {
    program: PathBuf,
    lanes: Option<usize>,
    chunk_bytes: Option<u64>,
    files: Files,
    conn: Conn,
    database_pid: u32,
    stage: Stage,
    /// Removed last.
    folder: TempDir,
}

/// A load that is completed.
#[derive(Debug)]
struct Loaded {
    /// From the function's start, as a process, to its answer, which follows `completed` in the ledger.
    time: Duration,
    /// The most memory of the function, in bytes.
    peak: u64,
    processor: Processor,
    rows_loaded: u64,
    rows_rejected: u64,
}

/// Processor time of a load, by process.
#[derive(Debug, Clone, Copy)]
struct Processor {
    loader: Duration,
    data_api: Duration,
    database: Duration,
    /// This program: the server that stands for S3.
    files: Duration,
}

impl Loader {
    /// With an empty database of its own.
    async fn start(settings: &Settings) -> Result<Self> {
        let stage = Stage::start(&settings.binaries).await?;
        let folder = tempfile::tempdir()?;
        Ok(Self {
            program: settings.binaries.join("loader"),
            lanes: settings.lanes,
            chunk_bytes: settings.chunk_bytes,
            files: Files::serve(folder.path()).await?,
            conn: stage.connect(Some(DATABASE)).await?,
            database_pid: stage.database_pid().await?,
            stage,
            folder,
        })
    }

    /// Where a file for the table lies in the bucket.
    fn path(&self, file: &str) -> Result<PathBuf> {
        let path = self.files.path(BUCKET, &key(file));
        fs::create_dir_all(path.parent().context("a file in no folder")?)?;
        Ok(path)
    }

    /// Starts the function with the message of a dropped file, and waits until the load is completed.
    async fn load(&mut self, file: &str) -> Result<Loaded> {
        let key = key(file);
        let bytes = fs::metadata(self.files.path(BUCKET, &key))?.len();
        let mut environment = vec![
            ("AWS_ENDPOINT_URL_RDS_DATA", self.stage.data_api_url()),
            ("AWS_ENDPOINT_URL_S3", self.files.url()),
            ("AWS_ENDPOINT_URL_SQS", self.files.url()),
            ("ROWGATE_CLUSTER_ARN", CLUSTER_ARN.to_owned()),
            ("ROWGATE_SECRET_ARN", SECRET_ARN.to_owned()),
            ("ROWGATE_DATABASE", DATABASE.to_owned()),
            ("ROWGATE_BUCKET", BUCKET.to_owned()),
            ("ROWGATE_QUEUE_URL", format!("{}/queue", self.files.url())),
        ];
        environment.extend(self.lanes.map(|lanes| ("ROWGATE_LANES", lanes.to_string())));
        environment.extend(self.chunk_bytes.map(|bytes| ("ROWGATE_CHUNK_BYTES", bytes.to_string())));
        let before = self.others()?;
        let event = event(&key, bytes);
        let done = function::run(&self.program, &environment, &event, self.folder.path()).await?;
        let after = self.others()?;
        let failures = done.answer["batchItemFailures"].as_array();
        ensure!(failures.is_none_or(Vec::is_empty), "the loader gave the message back: {}", done.log);
        let [data_api, database, files] =
            std::array::from_fn(|index| after[index].saturating_sub(before[index]));
        let row: Option<(String, u64, u64, u64)> = self
            .conn
            .query_first("SELECT status, rows_read, rows_loaded, rows_rejected FROM rowgate_loads")
            .await?;
        let (status, rows_read, rows_loaded, rows_rejected) = row.context("the ledger has no load")?;
        ensure!(status == "completed", "the load is {status}: {}", done.log);
        ensure!(rows_read == rows_loaded + rows_rejected, "the ledger does not add up");
        Ok(Loaded {
            time: done.time,
            peak: done.peak,
            processor: Processor { loader: done.processor, data_api, database, files },
            rows_loaded,
            rows_rejected,
        })
    }

    /// The processor time so far of the Data API, the database and this program.
    fn others(&self) -> Result<[Duration; 3]> {
        Ok([
            function::processor(self.stage.data_api_pid())?,
            function::processor(self.database_pid)?,
            function::processor(std::process::id())?,
        ])
    }

    /// Empties the ledger: bytes that are in already would be skipped, and a load that has ended is not begun again.
    async fn forget(&mut self) -> Result<()> {
        for table in ["rowgate_loads", "rowgate_load_chunks"] {
            self.conn.query_drop(format!("TRUNCATE TABLE {table}")).await?;
        }
        Ok(())
    }

    /// Empties the ledger and the table.
    async fn empty(&mut self) -> Result<()> {
        self.conn.query_drop("TRUNCATE TABLE employees").await?;
        self.forget().await?;
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }

    /// Makes sure that the table has this many rows.
    async fn expect(&mut self, rows: u64) -> Result<()> {
        let there: Option<u64> = self.conn.query_first("SELECT COUNT(*) FROM employees").await?;
        ensure!(there == Some(rows), "{there:?} of {rows} rows are in");
        Ok(())
    }
}

/// The most memory and the times of loads of the same file.
#[derive(Debug, Default)]
struct Loads {
    times: Times,
    peak: u64,
}

impl Loads {
    fn add(&mut self, load: &Loaded) {
        self.times.add(load.time);
        self.peak = self.peak.max(load.peak);
    }
}

fn key(file: &str) -> String {
    format!("incoming/employees/{file}")
}

/// The plain statement. MariaDB reads the `T` and drops the `Z` of a date with a warning for each row, and stores what it
/// should; rewriting the date in a SET clause is no faster.
pub(crate) fn load_data(file: &Path) -> String {
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
        "messageId": "1", "receiptHandle": "1", "body": dropped.to_string(),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
    }]})
}

pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

/// `48.5 MB`.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

fn per_second(rows: u64, time: Duration) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a rate to three digits")]
    let thousands = rows as f64 / time.as_secs_f64() / 1000.0;
    format!("{thousands:.0},000/s")
}

/// `1,000,000`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_digits_by_three() {
        assert_eq!([0, 999, 1000, 10_000_000].map(grouped), ["0", "999", "1,000", "10,000,000"]);
    }
}
