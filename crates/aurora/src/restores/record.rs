//! A restore as the ledger has it.

use std::collections::BTreeMap;

use domain::backup::RestoreId;
pub use domain::backup::{RestoreKind as Kind, RestoreMode as Mode, RestoreStatus as Status};
use serde::{Deserialize, Serialize};

use crate::ledger::truth;

/// A restore as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restore {
    /// Its id.
    pub restore: RestoreId,
    /// Its status.
    pub status: Status,
    /// The source of its rows.
    pub kind: Kind,
    /// The backup's id, the key prefix of the files, or the id of the restore that is undone.
    pub source: String,
    /// Its purpose.
    pub mode: Mode,
    /// True if one row that breaks a rule fails all of it.
    #[serde(deserialize_with = "truth")]
    pub strict: bool,
    /// The time of the request: ISO 8601, UTC, with milliseconds.
    pub started_at: String,
    /// The time when it ended.
    pub finished_at: Option<String>,
    /// The number of functions that took it up.
    pub attempts: u32,
    /// Why it failed.
    pub error: Option<String>,
    /// Its tables, by name.
    #[serde(skip_deserializing)]
    pub tables: BTreeMap<String, RestoredTable>,
}

/// A table of a restore. While the restore runs, its figures are the sums over the committed
/// chunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoredTable {
    /// Rows read: those restored and those rejected. 0 of an undo: its rows were not read.
    pub rows_read: u64,
    /// The number of rows in the table; 0 once the restore has failed.
    pub rows_restored: u64,
    /// Rows that break a rule.
    pub rows_rejected: u64,
    /// The order-free checksum of the table's content, 16 hexadecimal digits; `None` before it is
    /// known.
    pub checksum: Option<String>,
    /// True if the previous table is kept, so that the restore can be undone.
    #[serde(deserialize_with = "truth")]
    pub kept: bool,
}
