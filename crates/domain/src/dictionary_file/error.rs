//! Errors in a dictionary.

use std::fmt;

/// A dictionary that cannot be used: the file, the line, table and column where known, and what is
/// wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DictionaryError {
    /// The file, as the caller of [`Dictionary::parse`](crate::dictionary::Dictionary::parse) named
    /// it.
    pub file: String,
    /// The line, from 1, at which the mistake is or the entry with the mistake begins.
    pub line: Option<usize>,
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
        Self { file: String::new(), line: None, table: None, column: None, problem: problem.into() }
    }

    pub(super) fn in_table(self, table: &str) -> Self {
        Self { table: Some(table.to_owned()), ..self }
    }

    pub(super) fn in_column(self, column: &str) -> Self {
        Self { column: Some(column.to_owned()), ..self }
    }

    /// Puts the mistake at a byte of the text, unless its place is known already.
    pub(super) fn at(self, text: &str, offset: usize) -> Self {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Self { line: self.line.or(Some(line)), ..self }
    }
}

impl fmt::Display for DictionaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        f.write_str(": ")?;
        match (&self.table, &self.column) {
            (Some(table), Some(column)) => write!(f, "table {table}, column {column}: ")?,
            (Some(table), None) => write!(f, "table {table}: ")?,
            _ => {}
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for DictionaryError {}
