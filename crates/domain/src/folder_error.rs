//! The error of a folder of tables.

use std::fmt;

/// A mistake in a folder of tables: the file, the line where it is known, and the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderError {
    /// The file, as in `sql/reports/files-by-quarter.sql`.
    pub file: String,
    /// The line, from 1; `None` if the mistake is no part of the file's text.
    pub line: Option<usize>,
    /// The mistake and, where it helps, the correct form.
    pub problem: String,
}

impl FolderError {
    /// Creates a mistake in a line of a file.
    pub(crate) fn at_line(file: impl Into<String>, line: usize, problem: impl Into<String>) -> Self {
        Self { file: file.into(), line: Some(line), problem: problem.into() }
    }

    /// Creates a mistake of a file as a whole.
    pub fn of_file(file: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, problem: problem.into() }
    }

    /// Puts the path of the folder before that of the file.
    pub(crate) fn under(self, root: &str) -> Self {
        Self { file: format!("{root}/{}", self.file), ..self }
    }
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for FolderError {}
