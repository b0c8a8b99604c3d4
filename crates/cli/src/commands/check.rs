//! `rowgate check`

use std::fs::File;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use domain::dictionary::{LoadMode, RejectLimit, Table as TableRules};
use domain::load::{CHUNK_BYTES, Format};
use files::{Counts, Opening, Preview, preview};

use crate::arguments::{FolderArguments, load_mode, table_name, table_of};
use crate::exit::{ExitStatus, cannot, user_error};
use crate::printer::Printer;
use crate::table::Table;
use crate::verb::Verb;

/// Reads a file as the loader would, on this machine alone, and says what would be loaded and
/// rejected.
///
/// What is in the table already is not looked at: a load may reject more.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The table, as in the dictionary.
    #[arg(value_parser = table_name)]
    table: String,
    /// The file, named as it will be dropped.
    file: PathBuf,
    /// How it will be loaded [default: what the dictionary says of the table].
    #[arg(long, value_parser = load_mode(&["append", "upsert", "replace"]))]
    mode: Option<LoadMode>,
    /// Rejected records to show.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    first: usize,
    #[command(flatten)]
    folder: FolderArguments,
}

impl Verb for Check {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let Self { table, file, mode, first, folder } = self;
        let tables = folder.read()?;
        let table = table_of(&tables.dictionary, &folder.sql, table, |_| true)?;
        let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let format = Format::of_file(&name)
            .map_err(|advice| user_error(format!("{name} cannot be read: {advice}.")))?;
        let opened = File::open(file).map_err(cannot(file, "be read"))?;
        let object_bytes = opened.metadata().map_err(cannot(file, "be read"))?.len();
        let opening = Opening { format, table, object_bytes, chunk_bytes: CHUNK_BYTES };
        let mode = mode.unwrap_or(table.default_mode());
        let found = preview(opening, mode, *first, Box::new(opened));
        printer.result(&report(table, &found))?;
        match failure(table, mode, &found) {
            Some(reason) => Err(user_error(format!("The load would fail: {reason}."))),
            None if found.counts.rows_rejected > 0 => Err(user_error(format!(
                "{} of {} records would be rejected.",
                found.counts.rows_rejected, found.counts.rows_read
            ))),
            None => Ok(ExitStatus::Success),
        }
    }
}

/// Returns why the load would fail, if it would.
fn failure(table: &TableRules, mode: LoadMode, found: &Preview) -> Option<String> {
    let Counts { rows_read, rows_rejected, .. } = found.counts;
    if let Some(failure) = &found.failure {
        return Some(failure.to_string());
    }
    match RejectLimit::in_effect(table.max_rejects(), mode) {
        Some(limit) if limit.is_exceeded(rows_rejected, rows_read) => {
            Some(format!("more records are rejected than the limit of {limit} allows"))
        }
        _ if rows_read > 0 && rows_rejected == rows_read => Some("no record can be loaded".to_owned()),
        _ if rows_read == 0 && mode == LoadMode::Replace => {
            Some("the file has no row to replace the table with".to_owned())
        }
        _ => None,
    }
}

/// Describes what a load of the file would come to.
fn report(table: &TableRules, found: &Preview) -> String {
    let Counts { rows_read, rows_rejected, skipped, .. } = found.counts;
    let mut text = format!(
        "{}: {rows_read} records read, {} would be loaded, {rows_rejected} rejected\n",
        table.name(),
        rows_read - rows_rejected
    );
    if skipped > 0 {
        text.push_str(&format!("skipped: {skipped} (rows of empty fields, the header again)\n"));
    }
    for warning in &found.warnings {
        text.push_str(&format!("warning: {warning}\n"));
    }
    if !found.counts.codes.is_empty() {
        let mut codes = Table::new(["code", "errors"]).right(["errors"]);
        for (code, count) in &found.counts.codes {
            codes.push([code.as_str().to_owned(), count.to_string()]);
        }
        text.push_str(&codes.render());
    }
    if !found.first.is_empty() {
        let mut rejected = Table::new(["line", "code", "reason"]).right(["line"]);
        for record in &found.first {
            let codes: Vec<&str> = record.codes.iter().map(|code| code.as_str()).collect();
            rejected.push([record.line.to_string(), codes.join("; "), record.reasons.join("; ")]);
        }
        text.push_str(&rejected.render());
        let more = rows_rejected - found.first.len() as u64;
        if more > 0 {
            text.push_str(&format!("  and {more} more\n"));
        }
    }
    text
}
