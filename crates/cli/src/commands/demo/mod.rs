//! `rowgate demo`: the main job from end to end, on generated files or on files of the user's own.

mod batch;
mod files;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::Args;
use domain::dictionary::{Dictionary, LoadMode};
use domain::report::Report;
use serde_json::Value;

use self::batch::batch;
use self::files::find;
use super::report::render;
use super::upload::{drop_file, follow};
use crate::api::Api;
use crate::arguments::OptionalApiArguments;
use crate::aws::Aws;
use crate::exit::{ExitStatus, user_error};
use crate::folder;
use crate::printer::Printer;
use crate::verb::Verb;

/// Rows of a report at most; `rowgate report` shows them all.
const ROWS_SHOWN: usize = 15;

/// Drops a file for each table, posts a batch, prints every report.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The folder of the files: <table>.csv or <table>.jsonl for each table, or an alias of the
    /// table in its place.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The data bucket.
    #[arg(long, env = "ROWGATE_BUCKET")]
    bucket: Option<String>,
    #[command(flatten)]
    api: OptionalApiArguments,
    /// Seconds each load may take.
    #[arg(long, default_value_t = 300)]
    timeout: u64,
    /// Only look whether there is a file for each table.
    #[arg(long)]
    check: bool,
}

impl Verb for Demo {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let Self { data, bucket, timeout, check, .. } = self;
        let tables = folder::tables()?;
        let files = find(data, &tables.dictionary)?;
        if *check {
            return Ok(ExitStatus::Success);
        }
        let (Some(api), Some(bucket)) = (self.api.connect_if_complete(), bucket) else {
            return Err(user_error(
                "The API or the bucket is missing: give --url, --api-key and --bucket, or source the env file of \
                 a local cloud.",
            ));
        };
        let aws = Aws::from_environment().await;

        printer.heading(&format!("Dropping the files of {} in s3://{bucket}/incoming/", data.display()));
        let mut failed = Vec::new();
        for (table, file) in files {
            // What others of its files replace, these add to: their records are not all sound.
            let mode = (table.default_mode() == LoadMode::Replace).then_some(LoadMode::Append);
            let dropped = drop_file(&aws, bucket, table.name(), mode, &file, None).await?;
            let load = follow(&api, &dropped, Duration::from_secs(*timeout), printer).await?;
            if load.status == "failed" {
                failed.push(dropped.key);
            }
        }

        post_batch(&api, &tables.dictionary, printer).await?;
        for report in &tables.reports {
            print_report(&api, report, printer).await?;
        }
        if !failed.is_empty() {
            return Err(user_error(format!("These files could not be loaded: {}.", failed.join(", "))));
        }
        Ok(ExitStatus::Success)
    }
}

async fn post_batch(api: &Api, dictionary: &Dictionary, printer: Printer) -> Result<()> {
    let mut rows = BTreeMap::new();
    for table in dictionary.visible_tables() {
        rows.extend(api.first_row(table.name()).await?.map(|row| (table.name(), row)));
    }
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    printer.heading(&format!("POST {}/insert_data", api.url()));
    let Some(batch) = batch(dictionary, &rows, seconds) else {
        printer.note("  no batch: no table has rows of which new ones could be made");
        return Ok(());
    };
    let (status, verdict) = api.insert(&batch).await?;
    let count = |name: &str| verdict.get(name).and_then(Value::as_u64).unwrap_or(0);
    printer.note(&format!("  {status}: {} rows inserted, {} rejected", count("inserted"), count("rejected")));
    for line in rejections(&verdict) {
        printer.note(&format!("  {line}"));
    }
    Ok(())
}

/// Returns a line for each error of a rejected row.
fn rejections(verdict: &Value) -> Vec<String> {
    let tables = verdict.get("tables").and_then(Value::as_object);
    let mut lines = Vec::new();
    for (table, outcome) in tables.into_iter().flatten() {
        for row in outcome.get("rejected").and_then(Value::as_array).into_iter().flatten() {
            for error in row.get("errors").and_then(Value::as_array).into_iter().flatten() {
                let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
                lines.push(format!("{table}[{}] {}: {}", row["index"], text("code"), text("message")));
            }
        }
    }
    lines
}

/// Prints a report with the defaults of its parameters.
async fn print_report(api: &Api, report: &Report, printer: Printer) -> Result<()> {
    let name = &report.name;
    printer.heading(&format!("GET {}/reports/{name}", api.url()));
    let required: Vec<String> = report
        .parameters
        .iter()
        .filter(|parameter| parameter.required)
        .map(|parameter| format!("{}=…", parameter.name))
        .collect();
    if !required.is_empty() {
        printer.note(&format!("  it asks for more: rowgate report {name} {}", required.join(" ")));
        return Ok(());
    }
    printer.line(title(report))?;
    let (text, more) = render(&api.report(name, &[]).await?, Some(ROWS_SHOWN));
    printer.result(&text)?;
    if more > 0 {
        printer.line(format!("  and {more} more rows; all of them: rowgate report {name}"))?;
    }
    Ok(())
}

/// Returns a report's name and the defaults of its parameters: `files-by-quarter, year 2021`.
fn title(report: &Report) -> String {
    let defaults = report.parameters.iter().filter_map(|parameter| {
        let default = serde_json::to_value(parameter.default.as_ref()?).ok()?;
        let text = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        Some(format!(", {} {text}", parameter.name))
    });
    defaults.fold(report.name.clone(), |title, default| title + &default)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rejected_rows_are_listed_with_their_reason() {
        let verdict = json!({"inserted": 4, "rejected": 1, "tables": {"loans": {"inserted": 2, "rejected": [
            {"index": 2, "row": {}, "errors": [
                {"column": "lent_at", "code": "required", "message": "lent_at is required"}]}]}}});
        assert_eq!(rejections(&verdict), ["loans[2] required: lent_at is required"]);
    }

    #[test]
    fn a_report_is_titled_by_the_defaults_of_its_parameters() {
        let dictionary = r#"
[[table]]
name = "books"
description = "Books."
columns = [{ name = "id", type = "integer", key = true, description = "The key." }]
"#;
        let dictionary = Dictionary::parse("dictionary.toml", dictionary).unwrap();
        let text = r#"/*
title = "Books"
parameters = [
    { name = "year", type = "integer", default = 2024, minimum = 1000, maximum = 9999 },
    { name = "by", type = "string", values = ["month", "day"], default = "month" },
    { name = "reader", type = "string", max_length = 20 },
]
columns = [{ name = "id", type = "integer" }]
tables = ["books"]
*/
SELECT id FROM books WHERE :year > 0 AND :by <> '' AND COALESCE(:reader, '') = ''
"#;
        let report = Report::parse("reports/books.sql", text, &dictionary).unwrap();
        assert_eq!(title(&report), "books, year 2024, by month");
    }
}
