//! The data dictionary: which tables there are, which columns they have, and what a value must look
//! like.
//!
//! A [`Dictionary`] is only made by [`Dictionary::parse`], which refuses anything that could not
//! work later: the rest of the code relies on names being safe SQL identifiers, on references that
//! lead somewhere and on every row fitting into one SQL statement.

mod column;
mod column_type;
mod expectations;
mod files;
mod name;
mod reference;
mod reject_limit;
mod rules;
mod table;

pub use column::Column;
pub use column_type::ColumnType;
pub(crate) use column_type::MAX_LITERAL_BYTES;
pub use expectations::{Expectations, Severity};
pub(crate) use expectations::{WireExpectations, read_expectations};
pub(crate) use files::{ColumnMatches, WireFiles, is_delimiter, read_files, read_matches};
pub use files::{FileSettings, HeaderRule, QuoteEscape};
pub(crate) use name::{MAX_IDENTIFIER, header_name, is_identifier, is_zero_width};
pub use reference::{OnUnknown, Reference, Unknown};
pub use reject_limit::{RejectLimit, RejectLimitError};
pub use rules::{BrokenRule, Check, Operator, Pattern, Rules};
pub use table::Table;

use crate::named::named_enum;
use crate::shortened;

/// Every table that Rowgate knows, in reference order: a table comes after the tables that it
/// refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dictionary {
    pub(crate) tables: Vec<Table>,
}

impl Dictionary {
    /// Returns the tables, hidden ones too, each after the tables that it refers to.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Returns the tables that users know of, each after the tables that it refers to: what every
    /// list is made of, and what is meant by all tables.
    pub fn visible_tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| !table.is_hidden())
    }

    /// Returns the table called `name`, by its own name or one of its aliases.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.answers_to(name))
    }

    /// Returns the tables of these names, in the order of the names.
    ///
    /// # Errors
    /// [`UnknownTable`] for the first name that no table answers to.
    pub fn tables_named(&self, names: &[String]) -> Result<Vec<&Table>, UnknownTable> {
        let unknown = |name: &String| UnknownTable {
            name: shortened(name, MAX_IDENTIFIER).into_owned(),
            known: self.table_names(),
        };
        names.iter().map(|name| self.table(name).ok_or_else(|| unknown(name))).collect()
    }

    /// Returns the names of the visible tables, for messages: `collections, tags, documents`.
    pub fn table_names(&self) -> String {
        let names: Vec<&str> = self.visible_tables().map(Table::name).collect();
        names.join(", ")
    }
}

/// A name that no table answers to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no table {name:?}; there are {known}")]
pub struct UnknownTable {
    /// The name, or its beginning: it may be as long as a request.
    name: String,
    /// The names of the visible tables.
    known: String,
}

/// The meaning of a field in a file's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderField {
    /// The column at this position of the table.
    Column(usize),
    /// No column: its values are left out.
    LeftOut,
    /// An unknown name.
    Unknown,
}

named_enum! {
    /// The mode of a load: what it does with rows whose id is already taken.
    pub enum LoadMode {
        /// Such a row is rejected.
        Append = "append",
        /// Such a row replaces the one in the table.
        Upsert = "upsert",
        /// The file's rows replace the whole table.
        Replace = "replace",
    }
}
