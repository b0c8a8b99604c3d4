//! Files through the loader's own program, against other ways to load them.

mod crowd;
mod drop;
mod formats;
pub(crate) mod generate;
mod keys;
mod metering;
mod peers;
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

use crate::function::{Invocation, Runner, expect};
use crate::people::EMPLOYEES;
use crate::settings::Settings;
use crate::stage::BUCKET;

pub(crate) use crowd::{measure as crowd, needs};
pub(crate) use drop::measure as from_the_drop;
pub(crate) use formats::measure as formats;
pub(crate) use keys::measure as keys;
pub(crate) use metering::measure as metering;
pub(crate) use peers::measure as peers;
pub(crate) use rejects::measure as rejects;
pub(crate) use size::measure as size;
pub(crate) use speed::measure as speed;
pub(crate) use tuning::measure as tuning;

/// The rows of most files.
const ROWS: u64 = 1_000_000;
/// The rounds of most measures.
const ROUNDS: usize = 3;
/// The most memory that the loader may need: "peak memory at most 128 MiB" (issue 3).
const MEMORY_BAR: u64 = 128 << 20;
/// Between two measures, so that the database writes out what the one before left in memory.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs the loader's program.
struct Loader {
    runner: Runner,
    chunk_bytes: Option<u64>,
    /// The setting `loaderPath`; its default without.
    load_path: Option<&'static str>,
    /// The folder of tables, and the table that is loaded.
    sql: &'static str,
    table: String,
}

impl Loader {
    /// Starts with an empty database.
    async fn start(settings: &Settings) -> Result<Self> {
        Ok(Self::of(Runner::start(settings).await?, settings))
    }

    fn of(runner: Runner, settings: &Settings) -> Self {
        Self {
            runner,
            chunk_bytes: settings.chunk_bytes,
            load_path: None,
            sql: testkit::hr::SQL,
            table: EMPLOYEES.to_owned(),
        }
    }

    /// Loads files of another table, of another folder.
    fn use_folder(&mut self, sql: &'static str, table: &str) {
        self.sql = sql;
        table.clone_into(&mut self.table);
    }

    /// Returns the path for a file to be generated.
    fn path(&self, file: &str) -> PathBuf {
        self.runner.folder.path().join(file)
    }

    /// Puts a generated file into the bucket.
    fn put(&self, file: &str) -> Result<()> {
        self.runner.stage.bucket.put(&key(&self.table, file), fs::read(self.path(file))?);
        Ok(())
    }

    /// Starts the function with the message of a dropped file, and checks that the load ends with
    /// this status and so many rows loaded and rejected.
    async fn load(&mut self, file: &str, status: &str, loaded: u64, rejected: u64) -> Result<Invocation> {
        let key = key(&self.table, file);
        let bytes = self.runner.stage.bucket.get(&key).context("no such file")?.len();
        let done = self.start_one(event(&key, bytes)).await?;
        let sql = "SELECT status, rows_loaded, rows_rejected FROM rowgate_loads";
        let row: Option<(String, u64, u64)> = self.runner.conn.query_first(sql).await?;
        let expected = (status.to_owned(), loaded, rejected);
        ensure!(row == Some(expected), "the load is {row:?}: {}", done.log);
        Ok(done)
    }

    /// Starts the function with a message, which it must not return to the queue.
    async fn start_one(&self, event: Value) -> Result<Invocation> {
        let queue = self.runner.stage.bucket.url();
        let mut own =
            vec![("AWS_ENDPOINT_URL_SQS", queue.clone()), ("ROWGATE_QUEUE_URL", format!("{queue}/queue"))];
        own.push(("ROWGATE_SQL", self.sql.to_owned()));
        own.extend(self.chunk_bytes.map(|bytes| ("ROWGATE_CHUNK_BYTES", bytes.to_string())));
        own.extend(self.load_path.map(|path| ("ROWGATE_LOADER_PATH", path.to_owned())));
        let done = self.runner.run("loader", own, &event).await?;
        let failures = done.answer["batchItemFailures"].as_array();
        ensure!(
            failures.is_none_or(Vec::is_empty),
            "the loader returned the message to the queue: {}",
            done.log
        );
        Ok(done)
    }

    /// Empties the table, and loads a file of valid rows into it.
    async fn fill(&mut self, file: &str, rows: u64) -> Result<Invocation> {
        self.empty().await?;
        let done = self.load(file, "completed", rows, 0).await?;
        self.expect(rows).await?;
        Ok(done)
    }

    async fn empty(&mut self) -> Result<()> {
        empty(&mut self.runner.conn, &self.table).await
    }

    async fn expect(&mut self, rows: u64) -> Result<()> {
        expect(&mut self.runner.conn, &self.table, rows).await
    }
}

/// Empties the ledger: the same bytes would be skipped, and an ended load does not begin again.
async fn forget(conn: &mut Conn) -> Result<()> {
    for table in ["rowgate_loads", "rowgate_load_chunks"] {
        conn.query_drop(format!("TRUNCATE TABLE {table}")).await?;
    }
    Ok(())
}

/// Empties the ledger and the table.
async fn empty(conn: &mut Conn, table: &str) -> Result<()> {
    conn.query_drop(format!("TRUNCATE TABLE {table}")).await?;
    forget(conn).await?;
    tokio::time::sleep(PAUSE).await;
    Ok(())
}

fn key(table: &str, file: &str) -> String {
    format!("incoming/{table}/{file}")
}

/// Returns the statement that loads a file. MariaDB reads the `T` and drops the `Z` of a date with
/// a warning for each row; rewriting the date in a SET clause is no faster.
pub(crate) fn load_data(file: &Path) -> String {
    format!(
        "LOAD DATA LOCAL INFILE '{}' INTO TABLE employees CHARACTER SET utf8mb4 \
         FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' LINES TERMINATED BY '\\n' \
         (id, name, datetime, department_id, job_id);\n",
        file.display()
    )
}

/// Returns the event of the queue's message about a dropped file.
fn event(key: &str, bytes: usize) -> Value {
    let dropped = json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
        "eventTime": "2026-01-01T00:00:00.000Z", "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "bench"}, "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "bench",
            "bucket": {"name": BUCKET, "ownerIdentity": {"principalId": "bench"}, "arn": "arn:aws:s3:::bench"},
            "object": {"key": key, "size": bytes, "sequencer": "1"},
        },
    }]});
    json!({"Records": [{
        "messageId": "1", "receiptHandle": "1", "body": dropped.to_string(),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
    }]})
}
