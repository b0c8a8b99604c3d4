//! Checks a row against its table: every field of JSON or CSV becomes a [`Value`] or an error.
//!
//! All errors of a row are found, not only the first. Nothing here allocates for a field that is in
//! order, but for JSON documents and bytes.

mod csv;
mod document;
mod error;
mod file_value;
mod json;
mod rules;
pub(crate) mod scan;

pub use csv::{CsvColumns, HeaderError, check_csv_row};
pub(crate) use csv::{
    REJECT_COLUMNS, check_field as check_csv_field, check_file_field, has_form, read_key_field, shows_type,
};
pub(crate) use document::check_document;
pub use error::{Fault, RowCode, RowError};
pub use file_value::ERROR_VALUES;
pub(crate) use file_value::read_in_format;
pub(crate) use json::{MAX_NAME, check_json_row, check_json_row_of, json_texts};
pub(crate) use rules::{broken_checks, check_long_text, check_rules, check_text, is_blank, no_value};

use crate::value::Value;

/// A row that has been checked: a value for each column of its table, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckedRow<'a> {
    /// One value for each column, in the dictionary's order; `Null` where the field was refused.
    pub values: Vec<Value<'a>>,
    /// The errors, in the dictionary's column order; unknown columns last. Empty for a row that
    /// passed.
    pub errors: Vec<RowError<'a>>,
}

impl CheckedRow<'_> {
    /// Returns true if the row broke no rule.
    pub fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }
}

#[cfg(test)]
mod tests;
