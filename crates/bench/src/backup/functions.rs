//! The programs of `backup` and `restore`, and `mariadb-dump`, on the same table.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::Lambda;

use super::dump::Dump;
use crate::client::Session;
use crate::function::{Invocation, Runner};
use crate::load::{generate, load_data};
use crate::settings::Settings;
use crate::usage::Usage;

/// Before each measure, so that the database writes out what the one before left in memory.
const PAUSE: Duration = Duration::from_secs(2);

/// A table of employees, a bucket, and the functions between them.
pub(super) struct Functions {
    /// The compression of blocks; by default the function's own.
    pub(super) codec: Option<&'static str>,
    dump: Dump,
    rows: u64,
    lambda: Lambda,
    runner: Runner,
}

impl Functions {
    /// Starts with a database of so many employees.
    pub(super) async fn start(settings: &Settings, rows: u64) -> Result<Self> {
        let mut runner = Runner::start(settings).await?;
        let (socket, folder) = (runner.stage.socket(), runner.folder.path());
        let file = folder.join("employees.csv");
        generate::valid(&file, rows)?;
        Session::start(socket)?.execute(&load_data(&file))?;
        std::fs::remove_file(&file)?;
        let dump = Dump::new(socket, folder);
        runner.expect(rows).await?;
        Ok(Self { codec: None, dump, rows, lambda: Lambda::serve().await?, runner })
    }

    /// Backs the table up; returns the backup's id.
    pub(super) async fn backup(&mut self) -> Result<(String, Invocation)> {
        let done = self.run("backup", json!({"tables": ["employees"]})).await?;
        let answer = &done.answer;
        ensure!(answer["tables"]["employees"]["rows"] == self.rows, "another number of rows: {answer}");
        let backup = answer["backup"].as_str().context("a backup's id")?.to_owned();
        self.manifest(&backup)?;
        Ok((backup, done))
    }

    /// Replaces the table with a backup.
    pub(super) async fn restore(&mut self, backup: &str) -> Result<Invocation> {
        let done = self.run("restore", json!({"backup": backup, "tables": ["employees"]})).await?;
        ensure!(done.answer["status"] == "completed", "the restore is not completed: {}", done.answer);
        self.runner.expect(self.rows).await?;
        Ok(done)
    }

    /// Verifies a backup without touching the table.
    pub(super) async fn verify(&mut self, backup: &str) -> Result<()> {
        let event = json!({"backup": backup, "tables": ["employees"], "mode": "verify"});
        let done = self.run("restore", event).await?;
        ensure!(done.answer["status"] == "completed", "the backup is not verified: {}", done.answer);
        Ok(())
    }

    /// Returns the counters of the stage.
    pub(super) async fn usage(&mut self) -> Result<Usage> {
        Usage::read(&self.runner.stage, &mut self.runner.conn).await
    }

    /// Dumps the table; returns the time.
    pub(super) async fn dump(&self) -> Result<Duration> {
        tokio::time::sleep(PAUSE).await;
        self.dump.write()
    }

    /// Replaces the table with the dump; returns the time.
    pub(super) async fn read_dump(&mut self) -> Result<Duration> {
        tokio::time::sleep(PAUSE).await;
        let time = self.dump.read()?;
        self.runner.expect(self.rows).await?;
        Ok(time)
    }

    /// Returns the bytes of the dump, plain and gzipped.
    pub(super) fn dump_sizes(&self) -> Result<[u64; 2]> {
        self.dump.sizes()
    }

    /// Returns the bytes of a backup's files.
    pub(super) fn size(&self, backup: &str) -> Result<u64> {
        self.manifest(backup)?["tables"]["employees"]["bytes"].as_u64().context("the bytes of a table")
    }

    /// Removes a backup, to save memory.
    pub(super) fn forget(&self, backup: &str) {
        for key in self.runner.stage.bucket.keys(&format!("backups/{backup}/")) {
            self.runner.stage.bucket.remove(&key);
        }
    }

    fn manifest(&self, backup: &str) -> Result<Value> {
        let manifest = self.runner.stage.bucket.get(&format!("backups/{backup}/manifest.json"));
        Ok(serde_json::from_slice(&manifest.context("the backup has no manifest")?)?)
    }

    async fn run(&self, program: &str, event: Value) -> Result<Invocation> {
        tokio::time::sleep(PAUSE).await;
        let mut own = vec![("AWS_ENDPOINT_URL_LAMBDA", self.lambda.url())];
        own.extend(self.codec.map(|codec| ("ROWGATE_BACKUP_CODEC", codec.to_owned())));
        let done = self.runner.run(program, own, &event).await?;
        let is_whole = done.answer["status"] != "running";
        ensure!(is_whole, "it continues in another invocation: {} {}", done.answer, done.log);
        Ok(done)
    }
}
