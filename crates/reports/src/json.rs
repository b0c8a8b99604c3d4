//! A report as JSON.

use domain::parameter::ParameterValue;
use domain::report::Report;
use indexmap::IndexMap;
use lambda_kit::payload::{Payload, TooLarge};
use serde_json::{Value, json};

use crate::result::Cell;

/// A writer of a report's answer: `{"report", "parameters", "columns", "rows"}`.
#[derive(Debug)]
pub(crate) struct JsonWriter {
    payload: Payload,
    /// Each column's `"name":`, the first with the row's `{` and the others with the `,` before it.
    keys: Vec<String>,
    rows: usize,
}

impl JsonWriter {
    pub(crate) fn new(
        report: &Report,
        parameters: &IndexMap<&str, ParameterValue>,
    ) -> Result<Self, TooLarge> {
        let names: Vec<&str> = report.columns.iter().map(|column| &*column.name).collect();
        let head = json!({ "report": report.name, "parameters": parameters, "columns": names }).to_string();
        let mut payload = Payload::default();
        payload.push(head.trim_end_matches('}'))?;
        payload.push(",\"rows\":[")?;
        let keys = names
            .iter()
            .enumerate()
            .map(|(index, name)| format!("{}{}:", if index == 0 { '{' } else { ',' }, json!(name)))
            .collect();
        Ok(Self { payload, keys, rows: 0 })
    }

    pub(crate) fn push(&mut self, cells: Vec<Cell>) -> Result<(), TooLarge> {
        if self.rows > 0 {
            self.payload.push(",")?;
        }
        self.rows += 1;
        for (key, cell) in self.keys.iter().zip(cells) {
            self.payload.push(key)?;
            match cell {
                Cell::Null => self.payload.push("null")?,
                Cell::Number(digits) => self.payload.push(&digits)?,
                Cell::Boolean(value) => self.payload.push(if value { "true" } else { "false" })?,
                Cell::Text(text) | Cell::Temporal(text) => {
                    self.payload.push(&Value::String(text).to_string())?;
                }
            }
        }
        self.payload.push("}")
    }

    pub(crate) fn finish(mut self) -> Result<String, TooLarge> {
        self.payload.push("]}")?;
        Ok(self.payload.into_text())
    }
}
