//! Reads the ledger.

use std::collections::BTreeMap;

use domain::backup::RestoreId;
use serde::Deserialize;

use super::record::{Restore, RestoredTable};
use crate::ledger::iso;
use crate::{Database, Error, Statement};

/// Returns a restore; `None` if the ledger does not have it.
///
/// # Errors
/// As [`Database::query`].
pub async fn get(database: &Database, id: &RestoreId) -> Result<Option<Restore>, Error> {
    let select = |sql: String| Statement::new(sql).bind("restore", id.as_str());
    let restores = database.query(select(restores("r.restore_id = :restore"))).await?;
    let tables = database.query(select(tables("t.job_id = :restore"))).await?;
    Ok(gather(restores, tables).pop())
}

/// Lists restores, newest first: those older than the restore `after` if given, at most `limit` (1
/// to 1000).
///
/// # Errors
/// As [`Database::query`].
pub async fn list(database: &Database, limit: u32, after: Option<&RestoreId>) -> Result<Vec<Restore>, Error> {
    let sql = restores(":after IS NULL OR r.restore_id < :after");
    let sql = format!("{sql} ORDER BY r.restore_id DESC LIMIT {limit}");
    let found: Vec<Restore> =
        database.query(Statement::new(sql).bind("after", after.map(RestoreId::as_str))).await?;
    let (Some(newest), Some(oldest)) = (found.first(), found.last()) else { return Ok(Vec::new()) };
    let select = Statement::new(tables("t.job_id BETWEEN :oldest AND :newest"))
        .bind("oldest", oldest.restore.as_str())
        .bind("newest", newest.restore.as_str());
    let tables = database.query(select).await?;
    Ok(gather(found, tables))
}

fn restores(condition: &str) -> String {
    format!(
        "SELECT r.restore_id AS restore, r.status, r.kind, r.source, r.mode, CAST(r.strict AS SIGNED) AS strict, {} AS started_at, \
         {} AS finished_at, r.attempts, r.error FROM rowgate_restores r WHERE {condition}",
        iso("r.started_at"),
        iso("r.finished_at")
    )
}

#[derive(Deserialize)]
struct TableRow {
    job_id: RestoreId,
    table_name: String,
    #[serde(flatten)]
    table: RestoredTable,
}

fn tables(condition: &str) -> String {
    // Sums are decimals to the database.
    let figure = |name: &str| {
        format!(
            "CAST(COALESCE(t.{name}, (SELECT SUM(c.{name}) FROM rowgate_restore_chunks c \
             WHERE c.restore_id = t.job_id AND c.table_name = t.table_name), 0) AS SIGNED) AS {name}"
        )
    };
    format!(
        "SELECT t.job_id, t.table_name, {}, {}, {}, t.checksum, CAST(t.previous_table IS NOT NULL AS SIGNED) AS kept \
         FROM rowgate_job_tables t JOIN rowgate_restores r ON r.restore_id = t.job_id WHERE {condition}",
        figure("rows_read"),
        figure("rows_restored"),
        figure("rows_rejected")
    )
}

fn gather(mut restores: Vec<Restore>, tables: Vec<TableRow>) -> Vec<Restore> {
    let mut of_restores: BTreeMap<RestoreId, BTreeMap<String, RestoredTable>> = BTreeMap::new();
    for TableRow { job_id, table_name, table } in tables {
        of_restores.entry(job_id).or_default().insert(table_name, table);
    }
    for restore in &mut restores {
        restore.tables = of_restores.remove(&restore.restore).unwrap_or_default();
    }
    restores
}
