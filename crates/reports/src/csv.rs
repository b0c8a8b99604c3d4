//! A report as CSV: RFC 4180, a header, lines that end with CRLF, UTF-8 without a byte order mark.
//!
//! Texts get an apostrophe where a spreadsheet would run them ([`text_field`]). Programs should
//! request JSON, which stays exact. Numbers and dates have our own form and are unchanged.

use domain::csv::text_field;
use domain::report::Report;
use lambda_kit::payload::{Payload, TooLarge};

use crate::result::Cell;

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
                Cell::Text(text) => self.payload.push(&text_field(text))?,
            }
        }
        self.payload.push("\r\n")
    }

    pub(crate) fn finish(self) -> String {
        self.payload.into_text()
    }
}
