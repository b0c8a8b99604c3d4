//! Why a text file cannot be read as one of a table.

use crate::row::HeaderError;

/// Why a file cannot be read by what its first records are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// A header that cannot be used.
    #[error("line {line}: {error}; the columns are {columns}")]
    Header {
        /// Its line.
        line: u64,
        /// The problem.
        error: HeaderError,
        /// The columns of the table.
        columns: String,
    },
    /// The first record is neither a header of the table nor a row.
    #[error(
        "line {line} is neither a header of the table nor a row of it: it has {found}; the columns are {columns}; {}",
        what_to_do(*.header_line, *.is_one_field)
    )]
    NotOurs {
        /// Its line.
        line: u64,
        /// Its first fields.
        found: String,
        /// The columns of the table.
        columns: String,
        /// The line of a header of the table that stands further down.
        header_line: Option<u64>,
        /// True if it has a single field while the table has several columns.
        is_one_field: bool,
    },
    /// Rows pass with one delimiter, and others with another.
    #[error(
        "some rows can be read with {one} between the fields and others with {other}; put a header above them, or declare \
         the table's delimiter"
    )]
    TwoDelimiters {
        /// A delimiter.
        one: &'static str,
        /// Another one.
        other: &'static str,
    },
    /// The lines to be skipped are longer than the bytes that are read.
    #[error(
        "the first {lines} lines, which are to be skipped, have more than {bytes} bytes; take them out of the file"
    )]
    SkippedLines {
        /// The number of lines.
        lines: u32,
        /// The number of bytes that are read.
        bytes: usize,
    },
    /// The content begins with blank lines, or a record, longer than the bytes that are read.
    #[error(
        "the first {bytes} bytes hold no whole record; take out blank lines above it, or write shorter ones"
    )]
    NoRecord {
        /// The number of bytes that are read.
        bytes: usize,
    },
    /// A `sep=` line that names no delimiter.
    #[error(
        "line {line}: {text:?} names no delimiter; write sep= and one character like ; or take the line out"
    )]
    SepLine {
        /// Its line.
        line: u64,
        /// The line.
        text: String,
    },
}

fn what_to_do(header_line: Option<u64>, is_one_field: bool) -> String {
    match header_line {
        Some(line) => format!(
            "a header of the table is in line {line}: take out the lines above it, or set skip_lines = {} for the table",
            line - 1
        ),
        None if is_one_field => {
            "declare the delimiter, if another character than , ; | or tab separates the fields, or take the line out"
                .to_owned()
        }
        None => "name the columns as the table does, or take the line out".to_owned(),
    }
}
