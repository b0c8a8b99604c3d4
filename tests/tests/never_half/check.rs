//! What the database must be like once nobody is at work.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use testkit::TestDatabase;
use tokio::time::sleep;

const POLL: Duration = Duration::from_millis(40);

/// The tables of the database by name, each with how it is made.
pub(crate) async fn schema(database: &TestDatabase) -> Result<Vec<(String, String)>> {
    let mut tables = Vec::new();
    for row in database.sql("SHOW TABLES").await? {
        let name = row[0].clone().context("a name")?;
        let made = database.sql(&format!("SHOW CREATE TABLE `{name}`")).await?;
        let made = made[0][1].clone().context("a statement")?;
        // Where its numbers stand is no part of how it is made, nor is its name.
        let words = made.split_whitespace().filter(|word| !word.starts_with("AUTO_INCREMENT=")).skip(3);
        tables.push((name, words.collect::<Vec<_>>().join(" ")));
    }
    Ok(tables)
}

/// Holds the database against how it was before: no table more but those that are kept, none made otherwise, no gate closed.
///
/// # Errors
/// When something is left.
pub(crate) async fn nothing_left(
    database: &TestDatabase,
    before: &[(String, String)],
    kept: &[String],
) -> Result<()> {
    let after = schema(database).await?;
    let is_known = |table: &(String, String)| before.contains(table) || kept.contains(&table.0);
    let left: Vec<_> = after.iter().filter(|table| !is_known(table)).collect();
    ensure!(left.is_empty(), "tables are left or made otherwise: {left:?}");
    let gone: Vec<_> = before.iter().filter(|table| !after.contains(table)).collect();
    ensure!(gone.is_empty(), "tables are gone: {gone:?}");
    for name in kept {
        ensure!(after.iter().any(|(table, _)| table == name), "{name} is not kept");
    }
    let closed = "SELECT COUNT(*) FROM rowgate_table_gates \
                  WHERE swapping_load_id IS NOT NULL OR swapping_restore_id IS NOT NULL";
    ensure!(database.value(closed).await? == "0", "the gate of a table is closed");
    let running = "SELECT COUNT(*) FROM rowgate_restores WHERE status = 'running'";
    ensure!(database.value(running).await? == "0", "a restore is running");
    Ok(())
}

/// Waits until the transactions that killed functions left open have ended.
///
/// # Errors
/// When one stays open longer than the Data API lets it.
pub(crate) async fn no_transaction(database: &TestDatabase, idle: Duration) -> Result<()> {
    let started = Instant::now();
    let sql = "SELECT COUNT(*) FROM information_schema.innodb_trx t \
               JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE()";
    loop {
        let (open, running) = (database.open_transactions(), database.value(sql).await?);
        if open == 0 && running == "0" {
            return Ok(());
        }
        let patience = idle + Duration::from_secs(10);
        ensure!(started.elapsed() < patience, "{open} transactions are open, {running} run");
        sleep(POLL).await;
    }
}
