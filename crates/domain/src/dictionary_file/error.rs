//! Errors in a dictionary.

use std::fmt;

/// A dictionary that cannot be used: the file, the table and column where known, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DictionaryError {
    /// The file, as the caller of [`Dictionary::parse`](crate::dictionary::Dictionary::parse) named
    /// it.
    pub file: String,
    /// The table in whose block the mistake is.
    pub table: Option<String>,
    /// The column whose entry has the mistake.
    pub column: Option<String>,
    /// The problem, and the correct form if that helps.
    pub problem: String,
}

impl DictionaryError {
    /// Creates a mistake whose place is not known yet.
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self { file: String::new(), table: None, column: None, problem: problem.into() }
    }

    pub(super) fn in_table(self, table: &str) -> Self {
        Self { table: Some(table.to_owned()), ..self }
    }

    pub(super) fn in_column(self, column: &str) -> Self {
        Self { column: Some(column.to_owned()), ..self }
    }
}

impl fmt::Display for DictionaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        match (&self.table, &self.column) {
            (Some(table), Some(column)) => write!(f, "table {table}, column {column}: ")?,
            (Some(table), None) => write!(f, "table {table}: ")?,
            _ => {}
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for DictionaryError {}
