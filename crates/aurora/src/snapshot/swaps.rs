//! Checks that a table is still the one that it was at a snapshot's time.
//!
//! The ledgers show it. A function that swaps a table fences it before the RENAME, and lifts the
//! fence in the transaction that records the end, or when no RENAME of that swap can happen any
//! more ([`swap`](crate::swap), S3 and S4). So if a table was not fenced at the snapshot's time, is
//! not fenced now, and as many swaps have ended by now as had ended then, no RENAME has taken place
//! in between: one since then would be recorded as ended, or the table would still be fenced,
//! whichever function was killed. The state at that time is read in the snapshot itself, so no
//! clocks are compared.

use serde::Deserialize;

use crate::{Error, Statement};

/// Swaps that ended so long before the snapshot time are not counted: their number is the same then
/// and now. Far more than the clocks of a database that fails over can be apart.
const COUNTED: &str = "INTERVAL 1 DAY";

/// The swaps of a table, as one statement sees them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Swaps {
    /// Raised fences.
    under_way: i64,
    /// The number of ended swaps of loads and of restores, undone ones among them.
    ended: i64,
}

impl Swaps {
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way > 0
    }
}

/// Asks for the [`Swaps`] of a table, of a snapshot of this time. One statement, so that fences and
/// ledgers are seen at the same time.
pub(super) fn select(table: &str, time: &str) -> Statement {
    let sql = format!(
        "SELECT (SELECT COUNT(*) FROM rowgate_table_fences WHERE table_name = :table AND job_id IS NOT NULL) AS under_way, \
         (SELECT COUNT(*) FROM rowgate_loads WHERE table_name = :table AND mode = 'replace' AND status = 'completed' \
         AND finished_at >= CAST(:time AS DATETIME(3)) - {COUNTED}) \
         + (SELECT COUNT(*) FROM rowgate_restores r JOIN rowgate_job_tables t ON t.job_id = r.restore_id \
         WHERE t.table_name = :table AND r.mode = 'replace' AND r.status = 'completed' \
         AND r.finished_at >= CAST(:time AS DATETIME(3)) - {COUNTED}) AS ended"
    );
    // MySQL takes no Z behind a time.
    Statement::new(sql).bind("table", table).bind("time", time.trim_end_matches('Z'))
}

/// Makes the error of a SELECT without a table that returns no row, which never happens.
pub(super) fn no_answer() -> Error {
    Error::Sql { code: None, message: "the swaps of a table are answered with no row".to_owned() }
}
