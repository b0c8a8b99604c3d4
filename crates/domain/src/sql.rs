//! SQL text for bulk rows.
//!
//! Values are literals of digits, or travel beside the text: see [`Parameter`]. Identifiers come
//! from the dictionary, which admits only `[a-z][a-z0-9_]*`.

mod audit;
mod guard;
mod insert;
mod key_range;
mod keys;
mod literal;
mod part;
mod row;
mod select;

pub use audit::{audit_deleted, audit_replaced, json_row_sql};
pub use guard::{GUARD_FAILED, ReferenceGuard};
pub(crate) use insert::widest_insert;
pub use insert::{InsertStatement, InsertWriter};
pub(crate) use key_range::{push_key_order, push_key_range};
pub use keys::{read_columns, read_key, select_holders, select_present};
pub use part::{Part, load_part_sql};
pub use row::{delete_row, select_for_update, select_referring, select_row, update_row};
pub use select::{ColumnFilter, MAX_IDS, WantedRows, select_rows};

/// The Data API's limit for the text of one statement, in characters; ours is all ASCII, so bytes
/// too. From the `sql` member's constraint in the service's model (`SqlStatement`, max 65536).
pub const MAX_SQL_CHARS: usize = 65_536;

/// A value that travels beside the SQL text, which has `:p0` in the place of the first one, `:p1`
/// in that of the second, and so on: one that is too long for a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// Text, or a JSON document.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl Parameter {
    /// Returns an upper bound of the bytes that it takes in JSON.
    pub fn json_bytes(&self) -> usize {
        match self {
            Self::Text(text) => {
                text.bytes().map(|byte| if byte < 0x20 || byte == 0x7F { 6 } else { 2 }).sum()
            }
            Self::Binary(bytes) => bytes.len().div_ceil(3) * 4,
        }
    }
}

#[cfg(test)]
mod tests;
