//! `rowgate lake tables`: the notes of the lake's jobs on its tables, one file each,
//! `state/<layer>/<table>.json` in the lake bucket.

use anyhow::{Context, Result};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::names::OFF;
use crate::api::size;
use crate::aws::Aws;
use crate::exit::{ExitStatus, aws_reason, user_error};
use crate::printer::Printer;
use crate::table::{TO_THE_SECOND, Table, time_text};
use crate::verb::Verb;

const PREFIX: &str = "state/";
/// The layers in the order of the pipeline.
const LAYERS: [&str; 3] = ["bronze", "silver", "gold"];

/// Lists the tables of the lake: rows, files, size, newest snapshot, last run.
#[derive(Debug, Args)]
pub(crate) struct Tables {
    /// The lake bucket.
    #[arg(long, env = "ROWGATE_LAKE_BUCKET")]
    bucket: Option<String>,
    /// Print them as JSON.
    #[arg(long)]
    json: bool,
}

impl Verb for Tables {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let bucket = self.bucket.as_deref().filter(|bucket| !bucket.is_empty());
        let bucket = bucket.ok_or_else(|| {
            user_error(format!("{OFF} Where it is on, --bucket or ROWGATE_LAKE_BUCKET names its bucket."))
        })?;
        let states = read(&Aws::from_environment().await, bucket).await?;
        if states.is_empty() {
            printer.note("The lake is empty: no run has ended yet. `rowgate lake run --wait` fills it.");
        }
        if self.json {
            printer.line(serde_json::to_string_pretty(&states)?)?;
        } else if !states.is_empty() {
            printer.result(&render(&states))?;
        }
        Ok(ExitStatus::Success)
    }
}

/// A table of the lake after its last run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    layer: String,
    table: String,
    rows: u64,
    files: u64,
    bytes: u64,
    backup: Option<String>,
    snapshot_time: Option<String>,
    run: Option<String>,
    finished_at: Option<String>,
}

/// Reads the state of every table, by layer and name.
async fn read(aws: &Aws, bucket: &str) -> Result<Vec<State>> {
    let s3 = aws.s3();
    let unreadable =
        |reason: String| user_error(format!("The lake's bucket {bucket} cannot be read: {reason}."));
    let mut states = Vec::new();
    let mut pages = s3.list_objects_v2().bucket(bucket).prefix(PREFIX).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| unreadable(aws_reason(&error)))?;
        for key in page.contents().iter().filter_map(|object| object.key()) {
            if !is_of_table(key) {
                continue;
            }
            let object = s3.get_object().bucket(bucket).key(key).send().await;
            let body = object.map_err(|error| unreadable(aws_reason(&error)))?.body;
            let text = body.collect().await.map_err(|error| unreadable(error.to_string()))?.into_bytes();
            states.push(
                serde_json::from_slice::<State>(&text)
                    .with_context(|| format!("reading s3://{bucket}/{key}"))?,
            );
        }
    }
    let place = |layer: &str| LAYERS.iter().position(|known| *known == layer).unwrap_or(LAYERS.len());
    states.sort_by(|one, other| (place(&one.layer), &one.table).cmp(&(place(&other.layer), &other.table)));
    Ok(states)
}

/// Returns true if a key is `state/<layer>/<table>.json`: the jobs keep other notes beside them.
fn is_of_table(key: &str) -> bool {
    let inner = key.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(".json"));
    inner.is_some_and(|inner| inner.split('/').filter(|part| !part.is_empty()).count() == 2)
}

fn render(states: &[State]) -> String {
    let columns = ["layer", "table", "rows", "files", "size", "newest snapshot", "last run", "finished"];
    let mut table = Table::new(columns).right(["rows", "files", "size"]);
    for state in states {
        table.push([
            state.layer.clone(),
            state.table.clone(),
            state.rows.to_string(),
            state.files.to_string(),
            size(state.bytes),
            time_text(state.snapshot_time.as_deref(), TO_THE_SECOND),
            state.run.clone().unwrap_or_default(),
            time_text(state.finished_at.as_deref(), TO_THE_SECOND),
        ]);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_notes_on_tables_are_read() {
        assert!(is_of_table("state/gold/files_by_quarter.json"));
        for key in [
            "state/maintenance.json",
            "state/gold/",
            "state/gold/.json",
            "state/a/b/c.json",
            "state/gold/x.tmp",
        ] {
            assert!(!is_of_table(key), "{key}");
        }
    }

    #[test]
    fn tables_are_shown_with_what_their_last_run_left() {
        // As the job writes it, with more than is shown.
        let text = r#"[
            {"layer": "silver", "table": "documents", "rows": 1998, "files": 3, "bytes": 51234,
             "backup": "20261129-020001-5e6f7a8b", "snapshot_time": "2026-11-29T02:00:00.000Z",
             "run": "20261129-020000-0a1b2c3d", "finished_at": "2026-11-29T02:00:31.250Z", "schema": [],
             "fingerprint": "3a7b"},
            {"layer": "gold", "table": "files_by_quarter", "rows": 938, "files": 1, "bytes": 9800, "backup": null,
             "snapshot_time": null, "run": null, "finished_at": null}
        ]"#;
        let states: Vec<State> = serde_json::from_str(text).unwrap();
        insta::assert_snapshot!(render(&states), @r"
          layer   table             rows  files        size  newest snapshot      last run                  finished
          ------  ----------------  ----  -----  ----------  -------------------  ------------------------  -------------------
          silver  documents         1998      3       51 kB  2026-11-29 02:00:00  20261129-020000-0a1b2c3d  2026-11-29 02:00:31
          gold    files_by_quarter   938      1  9800 bytes
        ");
    }
}
