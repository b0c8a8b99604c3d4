//! References: columns that name a row of a table.

use crate::named::named_enum;
use crate::value::{Key, Value};

/// Columns that name a row of a table by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub(crate) columns: Vec<usize>,
    pub(crate) table: String,
    pub(crate) on_unknown: OnUnknown,
}

impl Reference {
    /// Returns the positions of the columns among [`Table::columns`](super::Table::columns), in the
    /// order of the key that they name.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Returns the name of the table that they refer to.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Returns what becomes of rows whose reference names no row.
    pub fn on_unknown(&self) -> OnUnknown {
        self.on_unknown
    }

    /// Returns the key that a row names; `None` if one of the columns is without a value: then the
    /// row refers to nothing.
    pub fn key_of(&self, values: &[Value<'_>]) -> Option<Key> {
        Key::of(self.columns.iter().map(|column| &values[*column]))
    }
}

/// What becomes of a row whose reference names no row, for each way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnUnknown {
    /// For rows of the API.
    pub api: Unknown,
    /// For rows of files.
    pub files: Unknown,
}

impl Default for OnUnknown {
    /// The API rejects such a row; files bring history, which may come in any order.
    fn default() -> Self {
        Self { api: Unknown::Reject, files: Unknown::Accept }
    }
}

named_enum! {
    /// What becomes of a row whose reference names no row.
    pub enum Unknown {
        /// It is rejected as `unknown_reference`.
        Reject = "reject",
        /// It is accepted, and counted.
        Accept = "accept",
    }
}
