//! `rowgate report`

use anyhow::Result;
use clap::Args;
use serde_json::value::RawValue;

use crate::api::{self, CSV, JSON};
use crate::arguments::{ApiArguments, Format};
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::table::Table;
use crate::verb::Verb;

/// Prints a report.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The report's name.
    name: String,
    /// Its parameters, such as year=2021.
    #[arg(value_name = "KEY=VALUE", value_parser = key_value)]
    parameters: Vec<(String, String)>,
    #[command(flatten)]
    api: ApiArguments,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl Verb for Report {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let Self { name, parameters, format, .. } = self;
        let api = self.api.connect();
        let text = match format {
            Format::Table => render(&api.report(name, parameters).await?, None).0,
            Format::Json => format!("{}\n", api.report_text(name, parameters, JSON).await?.trim_end()),
            Format::Csv => api.report_text(name, parameters, CSV).await?,
        };
        printer.result(&text)?;
        Ok(ExitStatus::Success)
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a parameter is written key=value".to_owned()),
    }
}

/// Renders at most `most` rows of a report as a table; also returns how many rows it leaves out. A
/// column is aligned to the right if all its values are numbers.
pub(crate) fn render(report: &api::Report, most: Option<usize>) -> (String, usize) {
    let api::Report { columns, rows } = report;
    let is_numeric = |column: &String| {
        let mut values = rows.iter().filter_map(|row| row.get(column));
        !rows.is_empty()
            && values.all(|value| matches!(value.get().as_bytes(), [b'-' | b'0'..=b'9' | b'n', ..]))
    };
    let mut table = Table::aligned(columns.iter().map(|column| (column, is_numeric(column))));
    let shown = most.unwrap_or(usize::MAX).min(rows.len());
    for row in &rows[..shown] {
        table
            .push(columns.iter().map(|column| row.get(column).map_or_else(String::new, |value| cell(value))));
    }
    (table.render(), rows.len() - shown)
}

/// Returns a value as a table shows it: a text without quotes, a number with every digit.
fn cell(value: &RawValue) -> String {
    match value.get() {
        "null" => String::new(),
        json => serde_json::from_str(json).unwrap_or_else(|_| json.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> api::Report {
        let text = r#"{
            "report": "collections-above-mean", "parameters": {"year": 2021}, "columns": ["id", "collection", "filed"],
            "rows": [
                {"id": 8, "collection": "Support", "filed": 221},
                {"id": 5, "collection": "Engineering", "filed": 208},
                {"id": 6, "collection": null, "filed": 7}
            ]
        }"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_long_report_is_cut_and_says_by_how_much() {
        let (text, more) = render(&report(), Some(2));
        assert_eq!(more, 1);
        insta::assert_snapshot!(text, @r"
          id  collection   filed
          --  -----------  -----
           8  Support        221
           5  Engineering    208
        ");
    }

    #[test]
    fn numbers_keep_every_digit() {
        let text = r#"{"columns": ["sum", "what"], "rows": [
            {"sum": 12345678901234567890.10, "what": "a \"b\""}, {"sum": 19619.60, "what": true}]}"#;
        let (text, _) = render(&serde_json::from_str(text).unwrap(), None);
        insta::assert_snapshot!(text, @r#"
                              sum  what
          -----------------------  -----
          12345678901234567890.10  a "b"
                         19619.60  true
        "#);
    }

    #[test]
    fn a_whole_report_leaves_nothing_out() {
        let (text, more) = render(&report(), None);
        assert_eq!((text.lines().count(), more), (5, 0));
    }

    #[test]
    fn parameters_are_split_at_the_first_equals_sign() {
        assert_eq!(key_value("a=b=c").unwrap(), ("a".to_owned(), "b=c".to_owned()));
        assert!(key_value("year").is_err() && key_value("=2021").is_err());
    }
}
