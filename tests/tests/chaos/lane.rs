//! Lanes: where runs take place one after the other, on a database server of their own.

use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::{Logs, programs};
use testkit::local_data_api::OnError;
use testkit::{DatabaseServer, TestDatabase};
use tokio::time::{sleep, timeout};

const POLL: Duration = Duration::from_millis(40);

/// The resources that the lanes of a test share.
pub(crate) struct Place {
    programs: PathBuf,
    pub(crate) logs: Logs,
}

/// A database server that runs may kill, and a folder for what functions log.
pub(crate) struct Lane {
    pub(crate) server: Arc<DatabaseServer>,
    /// The folder of the functions' programs.
    pub(crate) programs: PathBuf,
    logs: PathBuf,
}

/// The setup of a run's database, and the description of the run if it fails.
pub(crate) struct Setup<'p> {
    pub(crate) seed: u64,
    pub(crate) plan: &'p dyn Debug,
    /// No run may take longer, even on a busy machine.
    pub(crate) limit: Duration,
    /// The time that the Data API lets a transaction lie idle. A killed function leaves its
    /// transaction open, which holds the locks until then; with the service's three minutes every
    /// run would take that long.
    pub(crate) transaction_idle: Duration,
    /// The Data API's limit for a call.
    pub(crate) call: Duration,
    pub(crate) on_error: OnError,
    /// Seconds that a session of the database waits for a lock.
    pub(crate) lock_wait: u8,
    /// The tables of the ledger that explain a failure.
    pub(crate) ledger: &'static [&'static str],
}

impl Place {
    /// Finds the programs, and makes a folder for the logs of a test of this name.
    pub(crate) fn find(test: &str, packages: &[&str]) -> Result<Self> {
        Ok(Self { programs: programs(packages)?, logs: Logs::of(test)? })
    }

    pub(crate) async fn lane(&self) -> Result<Lane> {
        // Without the doublewrite buffer a kill in the middle of a page write corrupts the data.
        let server = || DatabaseServer::start_with(&["--innodb-doublewrite=ON"]);
        Ok(Lane {
            server: Arc::new(tokio::task::spawn_blocking(server).await??),
            programs: self.programs.clone(),
            logs: self.logs.path().to_owned(),
        })
    }

    /// Removes the logs of runs that were meant to fail.
    pub(crate) fn forget_logs(&self) -> Result<()> {
        Ok(fs::remove_dir_all(self.logs.path())?)
    }
}

impl Lane {
    /// Does one run on an empty database; `run` gets it, and a folder for logs. The logs of a run
    /// that fails stay.
    pub(crate) async fn run<T>(
        &self,
        setup: Setup<'_>,
        run: impl AsyncFnOnce(&Arc<TestDatabase>, PathBuf) -> Result<T>,
    ) -> Result<T> {
        let Setup { seed, plan, limit, transaction_idle, call, on_error, lock_wait, ledger } = setup;
        let logs = self.logs.join(format!("{seed}-{:08x}", fastrand::u32(..)));
        fs::create_dir_all(&logs)?;
        let database = TestDatabase::start_on(Arc::clone(&self.server), |config| {
            config.limits.transaction_idle = transaction_idle;
            config.limits.call = call;
            config.on_error = on_error;
            config.session_init.push(format!("SET innodb_lock_wait_timeout = {lock_wait}"));
        });
        let database = Arc::new(database.await?);
        let outcome = timeout(limit, run(&database, logs.clone())).await;
        let outcome = match outcome.context("the run has not ended in time").flatten() {
            Ok(done) => {
                fs::remove_dir_all(&logs)?;
                Ok(done)
            }
            Err(error) => {
                let mut text = format!("{plan:?}\n");
                for table in ledger {
                    let rows = database.sql(&format!("SELECT * FROM {table}")).await;
                    text.push_str(&format!("{table}: {rows:?}\n"));
                }
                Err(error.context(format!("{text}the functions' output: {}", logs.display())))
            }
        };
        // Its end waits for a program.
        tokio::task::spawn_blocking(move || drop(database)).await?;
        outcome
    }
}

/// Waits until the transactions that killed functions left open have ended.
///
/// # Errors
/// If one stays open longer than the Data API lets it.
pub(crate) async fn no_transaction(database: &TestDatabase, idle: Duration) -> Result<()> {
    let started = Instant::now();
    let sql = "SELECT COUNT(*) FROM information_schema.innodb_trx t \
               JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE()";
    loop {
        let (open, running) = (database.open_transactions(), database.value(sql).await?);
        if open == 0 && running == "0" {
            return Ok(());
        }
        let patience = idle + Duration::from_secs(20);
        ensure!(started.elapsed() < patience, "{open} transactions are open, {running} run");
        sleep(POLL).await;
    }
}

/// Changes something that the oracle must notice.
///
/// # Panics
/// If the statement fails: its error would pass for something noticed.
pub(crate) async fn tamper(database: &TestDatabase, sql: &str) {
    let done = database.sql(sql).await;
    assert!(done.is_ok(), "{sql}: {done:?}");
}

/// Returns the tables of the database by name, each with its definition.
pub(crate) async fn schema(database: &TestDatabase) -> Result<Vec<(String, String)>> {
    let mut tables = Vec::new();
    for row in database.sql("SHOW TABLES").await? {
        let name = row[0].clone().context("a name")?;
        let made = database.sql(&format!("SHOW CREATE TABLE `{name}`")).await?;
        let made = made[0][1].clone().context("a statement")?;
        // Neither the name nor the next number is part of the definition.
        let words = made.split_whitespace().filter(|word| !word.starts_with("AUTO_INCREMENT=")).skip(3);
        tables.push((name, words.collect::<Vec<_>>().join(" ")));
    }
    Ok(tables)
}

/// Checks that the tables are those of `before` and the `previous` ones, and that nothing is fenced
/// or running.
pub(crate) async fn nothing_left(
    database: &TestDatabase,
    before: &[(String, String)],
    previous: &[String],
) -> Result<()> {
    let after = schema(database).await?;
    let is_known = |table: &(String, String)| before.contains(table) || previous.contains(&table.0);
    let left: Vec<_> = after.iter().filter(|table| !is_known(table)).collect();
    let gone: Vec<_> = before.iter().filter(|table| !after.contains(table)).collect();
    ensure!(left.is_empty() && gone.is_empty(), "tables are left, gone or changed: {left:?}, {gone:?}");
    for name in previous {
        ensure!(after.iter().any(|(table, _)| table == name), "the previous table {name} is gone");
    }
    let fenced = "SELECT COUNT(*) FROM rowgate_table_fences WHERE job_id IS NOT NULL";
    ensure!(database.value(fenced).await? == "0", "a table is still fenced");
    let running = "SELECT COUNT(*) FROM rowgate_restores WHERE status = 'running'";
    ensure!(database.value(running).await? == "0", "a restore is running");
    Ok(())
}
