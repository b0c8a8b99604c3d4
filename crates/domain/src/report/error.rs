//! The error of a report definition.

/// A mistake in a report's file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct ReportError {
    /// The file, as in `sql/reports/hires-by-quarter.sql`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The mistake and, where it helps, the correct form.
    pub problem: String,
}
