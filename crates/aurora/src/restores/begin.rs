//! Begins a restore.

use domain::backup::RestoreId;
use domain::dictionary::Table;
use serde::de::IgnoredAny;

use super::read;
use super::record::{Kind, Mode, Restore};
use crate::ledger::settled;
use crate::swap::fence;
use crate::{Database, Error, Statement};

/// A restore that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct NewRestore<'a> {
    /// Its id.
    pub id: &'a RestoreId,
    /// The source of its rows.
    pub kind: Kind,
    /// The backup's id, the key prefix of the files, or the id of the restore that is undone.
    pub source: &'a str,
    /// Its purpose.
    pub mode: Mode,
    /// True if one row that breaks a rule fails all of it.
    pub strict: bool,
    /// Its tables.
    pub tables: &'a [&'a Table],
}

/// Records a restore that a function is about to run, and returns it. An existing restore is
/// unchanged.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn announce(database: &Database, restore: NewRestore<'_>) -> Result<Restore, Error> {
    record(database, restore, 0).await
}

/// Records that a function begins to work on a restore, and returns it. An existing restore keeps
/// its first request.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn begin(database: &Database, restore: NewRestore<'_>) -> Result<Restore, Error> {
    record(database, restore, 1).await
}

async fn record(database: &Database, restore: NewRestore<'_>, attempts: i64) -> Result<Restore, Error> {
    let database = &database.with_deadline(database.deadline());
    let NewRestore { id, kind, source, mode, strict, tables } = restore;
    let names: Vec<&str> = tables.iter().map(|table| table.name()).collect();
    fence::ensure(database, &names).await?;
    settled(database, |tx| async move {
        // Run twice, it counts one attempt too many and does no harm.
        let sql = "INSERT INTO rowgate_restores \
                   (restore_id, kind, source, mode, strict, status, started_at, active_at, attempts) \
                   VALUES (:restore, :kind, :source, :mode, :strict, 'running', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), \
                           :attempts) \
                   ON DUPLICATE KEY UPDATE attempts = attempts + IF(status = 'running', :attempts, 0), \
                   active_at = IF(status = 'running', UTC_TIMESTAMP(3), active_at)";
        let insert = Statement::new(sql)
            .bind("restore", id.as_str())
            .bind("kind", kind.as_str())
            .bind("source", source)
            .bind("mode", mode.as_str())
            .bind("strict", strict)
            .bind("attempts", attempts);
        tx.execute(insert).await?;
        // Its row is locked: another function that records the same one waits.
        let sql = "SELECT 1 AS found FROM rowgate_job_tables WHERE job_id = :restore LIMIT 1";
        let there: Vec<IgnoredAny> = tx.query(Statement::new(sql).bind("restore", id.as_str())).await?;
        if !there.is_empty() {
            return Ok(());
        }
        for table in tables {
            let sql = "INSERT INTO rowgate_job_tables (job_id, table_name) VALUES (:restore, :table)";
            tx.execute(Statement::new(sql).bind("restore", id.as_str()).bind("table", table.name())).await?;
        }
        Ok(())
    })
    .await?;
    // The row has just been written, and nothing deletes rows of the ledger.
    read::get(database, id)
        .await?
        .ok_or_else(|| Error::Configuration { message: format!("the ledger has lost the restore {id}") })
}
