//! Reads the ledger.

use std::collections::BTreeMap;

use domain::backup::RestoreId;
use serde::Deserialize;

use super::record::{Kind, Mode, Restore, RestoredTable, Status};
use crate::ledger::{iso, truth};
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
    let found: Vec<Row> =
        database.query(Statement::new(sql).bind("after", after.map(RestoreId::as_str))).await?;
    let (Some(newest), Some(oldest)) = (found.first(), found.last()) else { return Ok(Vec::new()) };
    let select = Statement::new(tables("t.job_id BETWEEN :oldest AND :newest"))
        .bind("oldest", oldest.restore_id.as_str())
        .bind("newest", newest.restore_id.as_str());
    let tables = database.query(select).await?;
    Ok(gather(found, tables))
}

#[derive(Deserialize)]
struct Row {
    restore_id: RestoreId,
    status: Status,
    kind: Kind,
    source: String,
    mode: Mode,
    #[serde(deserialize_with = "truth")]
    strict: bool,
    started_at: String,
    finished_at: Option<String>,
    attempts: u32,
    error: Option<String>,
}

fn restores(condition: &str) -> String {
    format!(
        "SELECT r.restore_id, r.status, r.kind, r.source, r.mode, CAST(r.strict AS SIGNED) AS strict, {} AS started_at, \
         {} AS finished_at, r.attempts, r.error FROM rowgate_restores r WHERE {condition}",
        iso("r.started_at"),
        iso("r.finished_at")
    )
}

#[derive(Deserialize)]
struct TableRow {
    job_id: RestoreId,
    table_name: String,
    rows_read: u64,
    rows_restored: u64,
    rows_rejected: u64,
    checksum: Option<String>,
    #[serde(deserialize_with = "truth")]
    kept: bool,
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

fn gather(restores: Vec<Row>, tables: Vec<TableRow>) -> Vec<Restore> {
    let mut of_restores: BTreeMap<RestoreId, BTreeMap<String, RestoredTable>> = BTreeMap::new();
    for row in tables {
        let table = RestoredTable {
            rows_read: row.rows_read,
            rows_restored: row.rows_restored,
            rows_rejected: row.rows_rejected,
            checksum: row.checksum,
            kept: row.kept,
        };
        of_restores.entry(row.job_id).or_default().insert(row.table_name, table);
    }
    let restore = |row: Row| Restore {
        tables: of_restores.remove(&row.restore_id).unwrap_or_default(),
        restore: row.restore_id,
        status: row.status,
        kind: row.kind,
        source: row.source,
        mode: row.mode,
        strict: row.strict,
        started_at: row.started_at,
        finished_at: row.finished_at,
        attempts: row.attempts,
        error: row.error,
    };
    restores.into_iter().map(restore).collect()
}
