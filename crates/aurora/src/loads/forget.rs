//! Deletes old loads from the ledger.

use domain::dictionary::Table;
use domain::load::LoadId;

use crate::ledger::Only;
use crate::{Database, Error, Statement};

/// The time that a load is kept in the ledger after its end. It is longer than its file exists,
/// which is deleted a day after the midnight after it came, so a backfill finds no file that the
/// ledger has forgotten.
const RETENTION: &str = "INTERVAL 3 DAY";

/// Loads of a table that are forgotten at once, at most: a second or two of statements.
const MAX_AT_ONCE: u32 = 200;

/// Removes loads of these tables that ended days ago, with their chunks, oldest first, at most 200
/// of each table; returns their number. Safe at any time, beside loads that begin, run or end. A
/// message that still names a forgotten file loads it again: only for tables whose rows may come
/// again.
///
/// Replaces are kept: the reaper needs them to recognise their orphaned tables.
///
/// # Errors
/// As [`Database::execute`]; what is forgotten by then stays so.
pub async fn forget(database: &Database, tables: &[&Table]) -> Result<u64, Error> {
    let is_over = format!(
        "l.status <> 'running' AND l.mode <> 'replace' AND l.finished_at < UTC_TIMESTAMP(3) - {RETENTION}"
    );
    let mut forgotten = 0;
    for table in tables {
        let sql = format!(
            "SELECT l.load_id FROM rowgate_loads l WHERE l.table_name = :table AND {is_over} \
             ORDER BY l.seq LIMIT {MAX_AT_ONCE}"
        );
        let old: Vec<Only<LoadId>> = database.query(Statement::new(sql).bind("table", table.name())).await?;
        for Only(load_id) in old {
            // One load per statement, to lock only its own rows. The condition is checked again,
            // because an abandoned load may have resumed.
            let sql = format!(
                "DELETE l, c FROM rowgate_loads l LEFT JOIN rowgate_load_chunks c ON c.load_id = l.load_id \
                 WHERE l.load_id = :load AND {is_over}"
            );
            let delete = Statement::new(sql).bind("load", load_id.as_str()).idempotent();
            forgotten += u64::from(database.execute(delete).await?.updated > 0);
        }
    }
    Ok(forgotten)
}
