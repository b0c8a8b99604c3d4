//! `rowgate upload`

mod direct;
mod file;
mod links;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use domain::dictionary::LoadMode;
use domain::load::Settings;
use serde_json::Value;

pub(super) use self::direct::drop_file;
use self::file::{Dropped, Followed};
use self::links::{Upload as LinkedUpload, send_file, state_folder};
use crate::api::{Api, Load};
use crate::arguments::{OptionalApiArguments, load_mode, table_name};
use crate::aws::Aws;
use crate::exit::{ExitStatus, cannot, user_error};
use crate::folder;
use crate::printer::Printer;
use crate::verb::Verb;
use crate::wait::wait_for;

/// Drops a file for a table.
#[derive(Debug, Args)]
pub(crate) struct Upload {
    /// The table, as in the dictionary.
    #[arg(value_parser = table_name)]
    table: String,
    /// The file: .csv, .tsv, .txt, .jsonl, .ndjson, .xlsx or .xlsm, also with .gz or .zst behind
    /// it. Its name becomes the key's end.
    file: PathBuf,
    /// What to do with rows whose id is taken: append rejects them, upsert replaces them, replace
    /// fills the table anew [default: what the dictionary says of the table].
    #[arg(long, value_parser = load_mode(&["append", "upsert", "replace"]))]
    mode: Option<LoadMode>,
    /// The data bucket. Without it, or without AWS credentials, the file goes through the API.
    #[arg(long, env = "ROWGATE_BUCKET")]
    bucket: Option<String>,
    /// A file with the settings of this file as JSON, such as {"columns": {"Emp No": "id"},
    /// "delimiter": ";"}.
    #[arg(long, value_name = "JSON FILE")]
    settings: Option<PathBuf>,
    #[command(flatten)]
    api: OptionalApiArguments,
    /// Stay until the load has ended; exit code 1 when it failed.
    #[arg(long)]
    wait: bool,
    /// Seconds to wait.
    #[arg(long, default_value_t = 900)]
    timeout: u64,
}

impl Verb for Upload {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let api = self.api.connect_if_complete();
        if self.wait && api.is_none() {
            return Err(user_error(
                "--wait needs the API: give --url and --api-key, or set ROWGATE_URL and ROWGATE_API_KEY.",
            ));
        }
        let dropped = self.send(api.as_ref(), printer).await?;
        let key = &dropped.key;
        let Some(api) = api.filter(|_| self.wait) else {
            printer.note(&format!("{} dropped.", self.file.display()));
            printer.line(key)?;
            return Ok(ExitStatus::Success);
        };
        let load = follow(&api, &dropped, Duration::from_secs(self.timeout), printer).await?;
        printer.line(key)?;
        if load.status == "failed" {
            return Err(user_error(format!("The load of {key} failed.")));
        }
        if load.rows_read > Some(0) && load.rows_loaded == Some(0) {
            return Err(user_error(format!(
                "No row of {key} was loaded: their keys, or what is unique, are in the table already. With --mode upsert they take the place of the rows that have their keys."
            )));
        }
        Ok(ExitStatus::Success)
    }
}

impl Upload {
    /// Sends the file to the bucket if there are AWS credentials, or else through the API.
    async fn send(&self, api: Option<&Api>, printer: Printer) -> Result<Dropped> {
        let Self { table, file, bucket, mode, settings, .. } = self;
        let settings = settings.as_deref().map(|path| read_settings(path, table)).transpose()?;
        if let Some(bucket) = bucket {
            let aws = Aws::from_environment().await;
            // Without an API key either, AWS's own error says what is missing.
            if api.is_none() || aws.has_credentials().await {
                let metadata = settings.map(|(settings, _)| settings.to_metadata()).transpose();
                let metadata = metadata.map_err(|error| user_error(format!("{error}.")))?;
                return drop_file(&aws, bucket, table, *mode, file, metadata).await;
            }
        }
        let api = api.ok_or_else(|| {
            user_error(
                "There is no way to send the file: set ROWGATE_URL and ROWGATE_API_KEY, or ROWGATE_BUCKET and AWS credentials.",
            )
        })?;
        let states = state_folder(|name| std::env::var_os(name).map(PathBuf::from));
        let upload = LinkedUpload { table, mode: *mode, file, settings: settings.map(|(_, json)| json) };
        send_file(api, &upload, states.as_deref(), printer).await
    }
}

/// Reads the settings of a file, and checks them before anything is sent.
fn read_settings(path: &Path, table: &str) -> Result<(Settings, Value)> {
    let text = fs::read_to_string(path).map_err(cannot(path, "be read"))?;
    let wrong = |error: &dyn std::fmt::Display| user_error(format!("{}: {error}.", path.display()));
    let json: Value = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
    let settings = Settings::from_value(json.clone()).map_err(|error| wrong(&error))?;
    // The service has a folder of tables of its own, with which it checks them again.
    if let Some(table) = folder::dictionary().ok().and_then(|dictionary| dictionary.table(table)) {
        settings.apply(table).map_err(|error| wrong(&error))?;
    }
    Ok((settings, json))
}

/// Waits until the load of a file that was dropped has ended.
pub(super) async fn follow(api: &Api, dropped: &Dropped, limit: Duration, printer: Printer) -> Result<Load> {
    let Dropped { key, followed } = dropped;
    let url = api.url();
    if let Followed::No = followed {
        return Err(user_error(format!(
            "{key} is dropped, but its load cannot be followed, because the bucket keeps no versions; GET {url}/loads lists it."
        )));
    }
    let (load, look) =
        (format!("The load of {key}"), format!("GET {url}/loads lists it and shows how far it is"));
    let find = async || match followed {
        Followed::Id(id) => api.load(id, None).await,
        Followed::After(before) => {
            let newest = api.newest_load(key).await?;
            Ok(newest.filter(|found| before.as_ref() != Some(&found.load)))
        }
        Followed::No => Ok(None),
    };
    let load = wait_for(&format!("loading {key}"), limit, (&load, &look), printer, find).await?;
    for warning in &load.warnings {
        printer.note(&format!("  warning: {warning}"));
    }
    if load.rows_rejected > Some(0) {
        printer.note(&format!("  its rejected records: rowgate rejects {}", load.load));
    }
    Ok(load)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::commands::{Arguments, Verbs};

    #[test]
    fn an_upload_needs_a_plain_table_name() {
        let parse = |table| {
            Arguments::try_parse_from(["rowgate", "upload", table, "a.csv", "--bucket", "data"]).is_ok()
        };
        assert!(parse("documents"));
        assert!(!parse("../rejected") && !parse(""));
    }

    #[test]
    fn a_mode_is_one_of_three() {
        let parse = |mode| {
            let line = ["rowgate", "upload", "tags", "a.csv", "--bucket", "data", "--mode", mode];
            Arguments::try_parse_from(line)
        };
        for mode in ["append", "upsert", "replace"] {
            match parse(mode).unwrap().command {
                Verbs::Upload(upload) => assert_eq!(upload.mode, LoadMode::from_name(mode)),
                other => panic!("{other:?}"),
            }
        }
        let refusal = parse("merge").unwrap_err().to_string();
        assert!(refusal.contains("append, upsert, replace"), "{refusal}");
    }
}
