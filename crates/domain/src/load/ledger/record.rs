use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::id::LoadId;
use super::warnings;
use crate::dictionary::LoadMode;
use crate::load::key::Format;
use crate::named::named_enum;

named_enum! {
    /// The state of a load.
    pub enum LoadStatus {
        /// Under way, or waiting for its next try.
        Running = "running",
        /// Read to its end; every row is in the table or in a rejects file.
        Completed = "completed",
        /// Ended with a reason; what was committed before stays.
        Failed = "failed",
        /// Not loaded, because an earlier load completed with the very same bytes.
        Skipped = "skipped",
    }
}

/// One load as the ledger has it; serializes as the fields of `docs/api.md`.
///
/// At all times `rows_read` = `rows_loaded` + `rows_rejected`: of a running load they count its
/// committed chunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadRecord {
    /// The load's id.
    pub load: LoadId,
    /// The table's own name; of a failed load, perhaps a name that no table has.
    pub table: String,
    /// The object's key.
    pub key: String,
    /// The mode: what the load does with ids that are taken.
    pub mode: LoadMode,
    /// The format of the object's content; `None` if its key names no format.
    pub format: Option<Format>,
    /// Its state.
    pub status: LoadStatus,
    /// Records read, without headers, empty lines and rows of empty fields.
    pub rows_read: u64,
    /// Rows that it put into the table.
    pub rows_loaded: u64,
    /// Records in its rejects files.
    pub rows_rejected: u64,
    /// References of loaded rows that named no row when they were loaded; a row may have several.
    pub unknown_references: u64,
    /// Records that count for nothing: rows of empty fields, and the header again; not given out,
    /// since a warning says so.
    #[serde(skip_serializing, default)]
    pub rows_skipped: u64,
    /// Size of the object.
    pub bytes: u64,
    /// ISO 8601 in UTC with milliseconds.
    pub started_at: String,
    /// The time when it ended; `None` while it runs.
    pub finished_at: Option<String>,
    /// Milliseconds from its start to its end, or to now while it runs; not given out, since the
    /// times are.
    #[serde(skip_serializing, default)]
    pub milliseconds: u64,
    /// The number of functions that took it up.
    pub attempts: u32,
    /// Why it failed or was skipped; for people.
    pub error: Option<String>,
    /// Notes for people on what was left out of the file, or looked odd. The ledger has a JSON
    /// array as text, or nothing.
    #[serde(default, deserialize_with = "noted")]
    pub warnings: Vec<String>,
    /// The load whose rejected records it loads again, corrected.
    pub parent: Option<LoadId>,
    /// The earlier load of the same bytes, if it was skipped because of that.
    pub same_as: Option<LoadId>,
}

impl LoadRecord {
    /// Adds what the figures warn of to the warnings that the ledger has.
    pub fn with_warnings_of_figures(mut self) -> Self {
        self.warnings.extend(warnings::of_figures(self.unknown_references, self.rows_skipped));
        self
    }
}

/// Reads warnings as the ledger has them, or as they are given out.
fn noted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Noted {
        Text(String),
        List(Vec<String>),
    }
    match Option::deserialize(deserializer)? {
        None => Ok(Vec::new()),
        Some(Noted::List(list)) => Ok(list),
        Some(Noted::Text(json)) => serde_json::from_str(&json).map_err(D::Error::custom),
    }
}

/// One page of the ledger, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadPage {
    /// The loads.
    pub loads: Vec<LoadRecord>,
    /// The load that the next page comes after; `None` on the last page.
    pub next: Option<LoadId>,
}

/// A file of rejected records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectsFile {
    /// Its key in the data bucket.
    pub key: String,
    /// Records in it.
    pub rows: u64,
}

/// Some rejects files of a load, in the order of its content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectsPage {
    /// The files.
    pub files: Vec<RejectsFile>,
    /// The number of files of the load in all.
    pub total: u64,
    /// The key of the file that the next page comes after; `None` on the last page.
    pub next: Option<String>,
}
