//! The programs of `backup` and `restore` with everything around them.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Bucket, Lambda};

use super::dump::Dump;
use crate::client::Session;
use crate::function::{self, Invocation};
use crate::load::{generate, load_data};
use crate::settings::Settings;
use crate::stage::{CLUSTER_ARN, DATABASE, SECRET_ARN, Stage};

/// Between two measures, so that the database writes out what the one before left in memory.
const PAUSE: Duration = Duration::from_secs(2);

/// A table of employees, a bucket, and the functions between them.
pub(super) struct Functions<'s> {
    settings: &'s Settings,
    /// How blocks are compressed; the function's default without.
    pub(super) codec: Option<&'static str>,
    pub(super) dump: Dump,
    rows: u64,
    bucket: Bucket,
    lambda: Lambda,
    conn: Conn,
    database_pid: u32,
    stage: Stage,
    /// Removed last.
    folder: TempDir,
}

/// A backup or a restore that is completed.
#[derive(Debug)]
pub(super) struct Done {
    /// From the function's start, as a process, to its answer.
    pub(super) time: Duration,
    /// The most memory of the function, in bytes.
    pub(super) peak: u64,
    /// Processor time of the function, the Data API, the database, and this program, which stands for S3.
    pub(super) processor: [Duration; 4],
}

impl<'s> Functions<'s> {
    /// A database of its own with so many employees.
    pub(super) async fn start(settings: &'s Settings, rows: u64) -> Result<Self> {
        let stage = Stage::start(&settings.binaries).await?;
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("employees.csv");
        generate::valid(&file, rows)?;
        Session::start(stage.socket())?.execute(&load_data(&file))?;
        std::fs::remove_file(&file)?;
        let mut functions = Self {
            settings,
            codec: None,
            dump: Dump::new(stage.socket(), folder.path()),
            rows,
            bucket: Bucket::serve().await?,
            lambda: Lambda::serve().await?,
            conn: stage.connect(Some(DATABASE)).await?,
            database_pid: stage.database_pid().await?,
            stage,
            folder,
        };
        functions.expect_rows().await?;
        Ok(functions)
    }

    /// Backs the table up: the backup's id, and what it took.
    pub(super) async fn backup(&mut self) -> Result<(String, Done)> {
        let (done, answer) = self.run("backup", json!({"tables": ["employees"]})).await?;
        ensure!(answer["tables"]["employees"]["rows"] == self.rows, "another number of rows: {answer}");
        let backup = answer["backup"].as_str().context("a backup's id")?.to_owned();
        self.manifest(&backup)?;
        Ok((backup, done))
    }

    /// Puts a backup in the place of the table.
    pub(super) async fn restore(&mut self, backup: &str) -> Result<Done> {
        let (done, answer) = self.run("restore", json!({"backup": backup, "tables": ["employees"]})).await?;
        ensure!(answer["status"] == "completed", "the restore is not completed: {answer}");
        self.expect_rows().await?;
        Ok(done)
    }

    /// The bytes of a backup's files.
    pub(super) fn size(&self, backup: &str) -> Result<u64> {
        self.manifest(backup)?["tables"]["employees"]["bytes"].as_u64().context("the bytes of a table")
    }

    /// Forgets a backup, for the sake of memory.
    pub(super) fn forget(&self, backup: &str) {
        for key in self.bucket.keys(&format!("backups/{backup}/")) {
            self.bucket.remove(&key);
        }
    }

    /// Lets the database come to rest.
    pub(super) async fn pause(&self) {
        tokio::time::sleep(PAUSE).await;
    }

    fn manifest(&self, backup: &str) -> Result<Value> {
        let manifest = self.bucket.get(&format!("backups/{backup}/manifest.json"));
        Ok(serde_json::from_slice(&manifest.context("the backup has no manifest")?)?)
    }

    async fn run(&mut self, program: &str, event: Value) -> Result<(Done, Value)> {
        let mut environment = vec![
            ("AWS_ENDPOINT_URL_RDS_DATA", self.stage.data_api_url()),
            ("AWS_ENDPOINT_URL_S3", self.bucket.url()),
            ("AWS_ENDPOINT_URL_LAMBDA", self.lambda.url()),
            ("ROWGATE_CLUSTER_ARN", CLUSTER_ARN.to_owned()),
            ("ROWGATE_SECRET_ARN", SECRET_ARN.to_owned()),
            ("ROWGATE_DATABASE", DATABASE.to_owned()),
            ("ROWGATE_BUCKET", "bench".to_owned()),
            ("ROWGATE_OPERATOR_KEY_ID", "bench".to_owned()),
        ];
        environment.extend(self.codec.map(|codec| ("ROWGATE_BACKUP_CODEC", codec.to_owned())));
        environment.extend(self.settings.lanes.map(|lanes| ("ROWGATE_LANES", lanes.to_string())));
        let before = self.others()?;
        let program = self.settings.binaries.join(program);
        let Invocation { time, peak, processor, answer, log } =
            function::run(&program, &environment, &event, self.folder.path()).await?;
        let after = self.others()?;
        ensure!(answer["status"] != "running", "it goes on in another invocation: {answer} {log}");
        let [data_api, database, storage] =
            std::array::from_fn(|index| after[index].saturating_sub(before[index]));
        Ok((Done { time, peak, processor: [processor, data_api, database, storage] }, answer))
    }

    /// The processor time so far of the Data API, the database and this program.
    fn others(&self) -> Result<[Duration; 3]> {
        Ok([
            function::processor(self.stage.data_api_pid())?,
            function::processor(self.database_pid)?,
            function::processor(std::process::id())?,
        ])
    }

    pub(super) async fn expect_rows(&mut self) -> Result<()> {
        let there: Option<u64> = self.conn.query_first("SELECT COUNT(*) FROM employees").await?;
        ensure!(there == Some(self.rows), "{there:?} of {} rows are there", self.rows);
        Ok(())
    }
}
