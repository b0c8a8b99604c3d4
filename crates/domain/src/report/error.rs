//! What can be wrong with a report definition.

/// A report that cannot be used: the file, the line, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct ReportError {
    /// The file, as in `sql/reports/hires-by-quarter.sql`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and where it helps, what would be right.
    pub problem: String,
}
