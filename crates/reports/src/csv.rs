//! A report as CSV: RFC 4180, a header, lines that end with CRLF, UTF-8 without a byte order mark.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@` or a control character as a
//! formula, and anybody who may send rows can send one. Such text gets an apostrophe in front,
//! which marks text in spreadsheets. Programs should request JSON, which stays exact. Numbers and
//! dates have our own form and are unchanged. The `csv` crate is not used: it cannot quote an empty
//! text and leave NULL unquoted in one row.

use std::borrow::Cow;

use domain::report::Report;
use lambda_kit::payload::{Payload, TooLarge};

use crate::result::Cell;

/// Characters that begin a formula in a spreadsheet; the last four are the full-width forms of the
/// first.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A writer of a report's answer.
#[derive(Debug)]
pub(crate) struct CsvWriter {
    payload: Payload,
}

impl CsvWriter {
    pub(crate) fn new(report: &Report) -> Result<Self, TooLarge> {
        let mut writer = Self { payload: Payload::default() };
        let header = report.columns.iter().map(|column| &*column.name).collect::<Vec<_>>().join(",");
        writer.payload.push(&header)?;
        writer.payload.push("\r\n")?;
        Ok(writer)
    }

    pub(crate) fn push(&mut self, cells: &[Cell]) -> Result<(), TooLarge> {
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                self.payload.push(",")?;
            }
            match cell {
                // An empty line would be no record.
                Cell::Null if cells.len() == 1 => self.payload.push("\"\"")?,
                Cell::Null => {}
                Cell::Number(digits) => self.payload.push(digits)?,
                Cell::Boolean(value) => self.payload.push(if *value { "true" } else { "false" })?,
                Cell::Temporal(text) => self.payload.push(text)?,
                Cell::Text(text) => self.payload.push(&field(text))?,
            }
        }
        self.payload.push("\r\n")
    }

    pub(crate) fn finish(self) -> String {
        self.payload.into_text()
    }
}

/// Writes a text as a field. An empty text is quoted, which distinguishes it from NULL.
fn field(text: &str) -> Cow<'_, str> {
    let text =
        if text.starts_with(FORMULA_STARTS) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) };
    if text.is_empty() || text.contains([',', '"', '\r', '\n']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_has_to_be_quoted() {
        for (text, expected) in [
            ("Sales", "Sales"),
            ("", "\"\""),
            ("R&D, Europe", "\"R&D, Europe\""),
            ("the \"A\" team", "\"the \"\"A\"\" team\""),
            ("two\nlines", "\"two\nlines\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            (" space ", " space "),
            ("😀 O'Neil", "😀 O'Neil"),
        ] {
            assert_eq!(field(text), expected);
        }
    }

    #[test]
    fn keeps_a_spreadsheet_from_running_a_text() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\""),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
        ] {
            assert_eq!(field(text), expected);
        }
    }
}
