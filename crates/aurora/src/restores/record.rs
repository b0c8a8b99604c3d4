//! What the ledger tells of a restore.

use std::collections::BTreeMap;

use domain::backup::RestoreId;
use serde::{Deserialize, Serialize};

/// Where the rows of a restore come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// From a backup.
    Backup,
    /// From Avro files that Rowgate did not write.
    Files,
    /// From the tables that another restore took the place of.
    PutBack,
}

impl Kind {
    /// The kind as it stands in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Files => "files",
            Self::PutBack => "put_back",
        }
    }
}

/// What a restore is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// To take the place of the tables.
    Replace,
    /// To see whether it could: the tables stay.
    Verify,
}

impl Mode {
    /// The mode as it stands in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Verify => "verify",
        }
    }
}

/// How far a restore is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Under way, or waiting for its next try.
    Running,
    /// Its tables hold what it brought; or, where it only verified, could have.
    Completed,
    /// Ended with a reason; its tables are as they were.
    Failed,
}

impl Status {
    /// The status as it stands in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

/// A restore as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restore {
    /// Its id.
    pub restore: RestoreId,
    /// How far it is.
    pub status: Status,
    /// Where its rows come from.
    pub kind: Kind,
    /// The backup's id, the key prefix of the files, or the id of the restore whose former tables are put back.
    pub source: String,
    /// What it is for.
    pub mode: Mode,
    /// Whether one row that breaks a rule fails all of it.
    pub strict: bool,
    /// When it was asked for: ISO 8601, UTC, with milliseconds.
    pub started_at: String,
    /// When it ended.
    pub finished_at: Option<String>,
    /// How often a function took it up.
    pub attempts: u32,
    /// Why it failed.
    pub error: Option<String>,
    /// Its tables, by name.
    pub tables: BTreeMap<String, RestoredTable>,
}

/// A table of a restore. While the restore runs, its figures are the sums over the committed chunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestoredTable {
    /// Rows read: those restored and those rejected. 0 where a former table was put back: its rows were not read.
    pub rows_read: u64,
    /// Rows that are in the table; 0 once the restore has failed.
    pub rows_restored: u64,
    /// Rows that break a rule.
    pub rows_rejected: u64,
    /// The order-free checksum of the table's content, 16 hexadecimal digits; `None` before it is known.
    pub checksum: Option<String>,
    /// Whether the table that this one took the place of is kept, and can be put back.
    pub kept: bool,
    /// Whether all of its rows are in the table that is to take its place.
    #[serde(skip)]
    pub filled: bool,
}
