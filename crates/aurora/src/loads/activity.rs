//! Counts loaded rows and files by day and table.

use serde::{Deserialize, Serialize};

use super::read::{TableFilter, figure};
use crate::{Database, Error, Statement};

/// Days and tables that are returned at most: a ledger may have failed loads with any number of
/// names that no table has.
const MAX_DAYS: u32 = 10_000;

/// The activity of a table on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveDay {
    /// The day, in UTC: `2026-11-29`.
    pub day: String,
    /// The table's name; of a failed load, perhaps a name that no table has.
    pub table: String,
    /// Files whose load began on the day.
    pub loads: u64,
    /// The number of failed ones among them.
    pub failed: u64,
    /// Rows that these loads inserted.
    pub rows_loaded: u64,
    /// Records that these loads rejected, and rows of requests that were.
    pub rows_rejected: u64,
}

/// Lists what came in during the last `days` days (the first is today, in UTC), newest day first,
/// tables by name. Leaves out a day on which a table got no file and rejected nothing. Rows that
/// requests inserted are recorded nowhere but in their tables, and are not counted.
///
/// # Errors
/// As [`Database::query`].
pub async fn activity(
    database: &Database,
    tables: TableFilter<'_>,
    days: u32,
) -> Result<Vec<ActiveDay>, Error> {
    let since = format!("UTC_DATE() - INTERVAL {} DAY", days.saturating_sub(1));
    let and = |column: &str| {
        tables.condition(column).map(|condition| format!(" AND {condition}")).unwrap_or_default()
    };
    let sql = format!(
        "SELECT a.day AS `day`, a.table_name AS `table`, CAST(SUM(a.loads) AS SIGNED) AS loads, \
         CAST(SUM(a.failed) AS SIGNED) AS failed, CAST(SUM(a.rows_loaded) AS SIGNED) AS rows_loaded, \
         CAST(SUM(a.rows_rejected) AS SIGNED) AS rows_rejected FROM (\
         SELECT DATE_FORMAT(l.started_at, '%Y-%m-%d') AS day, l.table_name, 1 AS loads, \
         CASE l.status WHEN 'failed' THEN 1 ELSE 0 END AS failed, {}, {} FROM rowgate_loads l \
         WHERE l.started_at >= {since}{} \
         UNION ALL SELECT DATE_FORMAT(r.received_at, '%Y-%m-%d') AS day, r.table_name, 0, 0, 0, COUNT(*) \
         FROM rowgate_rejected_rows r WHERE r.received_at >= {since}{} GROUP BY day, r.table_name) a \
         GROUP BY a.day, a.table_name ORDER BY a.day DESC, a.table_name LIMIT {MAX_DAYS}",
        figure("rows_loaded"),
        figure("rows_rejected"),
        and("l.table_name"),
        and("r.table_name"),
    );
    database.query(Statement::new(sql).bind_some("table", tables.table())).await
}
