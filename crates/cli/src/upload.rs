//! Drops a file for a table and follows its load.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use domain::dictionary::LoadMode;
use domain::load::{Format, LoadId};

use crate::api::{Api, Load};
use crate::aws::Aws;
use crate::exit::{innermost, user_error};
use crate::printer::Printer;

const POLL: Duration = Duration::from_millis(250);

/// A file that was dropped.
pub(crate) struct Dropped {
    pub key: String,
    /// Its load; `None` in a bucket without versions, where only the loader can tell one drop of a key from the next.
    pub load: Option<LoadId>,
}

/// Drops `file` at `incoming/<table>/[<mode>/]<its name>`.
pub(crate) async fn drop_file(
    aws: &Aws,
    bucket: &str,
    table: &str,
    mode: Option<LoadMode>,
    file: &Path,
) -> Result<Dropped> {
    let key = key(table, mode, file)?;
    if !file.is_file() {
        return Err(user_error(format!("{} is not a file.", file.display())));
    }
    let body = ByteStream::from_path(file)
        .await
        .map_err(|error| user_error(format!("{} cannot be read: {error}.", file.display())))?;
    let put = aws.s3().put_object().bucket(bucket).key(&key).body(body).send().await.map_err(|error| {
        let reason = error.message().map_or_else(|| innermost(&error).to_string(), str::to_owned);
        user_error(format!("{} cannot be dropped in {bucket}: {reason}.", file.display()))
    })?;
    let version = put.version_id().filter(|version| *version != "null");
    let load = version.map(|version| LoadId::of_object(bucket, &key, version));
    Ok(Dropped { key, load })
}

/// Where a file is dropped.
fn key(table: &str, mode: Option<LoadMode>, file: &Path) -> Result<String> {
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| user_error(format!("{} is not a file's path.", file.display())))?;
    // Said here, before anything is sent; the loader would say it too.
    Format::of_file(name).map_err(|advice| {
        user_error(format!(
            "{name} cannot be loaded: {advice}; files that end in .csv, .csv.gz, .csv.zst or .xlsx can."
        ))
    })?;
    Ok(match mode {
        None => format!("incoming/{table}/{name}"),
        Some(mode) => format!("incoming/{table}/{mode}/{name}"),
    })
}

/// Waits until the load of what was dropped has ended.
pub(crate) async fn wait_for(
    api: &Api,
    dropped: &Dropped,
    limit: Duration,
    printer: Printer,
) -> Result<Load> {
    let Dropped { key, load } = dropped;
    let Some(id) = load else {
        return Err(user_error(format!(
            "{key} is dropped, but its load cannot be followed, because the bucket keeps no versions; GET {}/loads lists it.",
            api.url()
        )));
    };
    let step = printer.step(&format!("loading {key}"));
    let started = Instant::now();
    loop {
        // Until the queue has brought its event to the loader, the ledger does not know the load.
        match api.load(id, None).await? {
            Some(load) if load.has_ended() => {
                step.done(&line(&load));
                if load.rows_rejected.is_some_and(|rows| rows > 0) {
                    printer.note(&format!("  its rejected records: rowgate rejects {id}"));
                }
                return Ok(load);
            }
            Some(load) => {
                let rows = load.rows_read.unwrap_or(0);
                step.update(&format!("loading {key}, {rows} rows read"));
            }
            None => {}
        }
        if started.elapsed() > limit {
            return Err(user_error(format!(
                "The load of {key} has not ended after {} s; GET {}/loads/{id} shows how far it is.",
                limit.as_secs(),
                api.url()
            )));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// What became of a load, in one line.
fn line(load: &Load) -> String {
    let Load { key, status, .. } = load;
    let mut line = format!("{key}: {status}");
    if status == "completed" {
        let count = |count: Option<u64>| count.unwrap_or(0);
        line.push_str(&format!(
            ", {} rows read, {} loaded, {} rejected",
            count(load.rows_read),
            count(load.rows_loaded),
            count(load.rows_rejected)
        ));
        if count(load.unknown_references) > 0 {
            line.push_str(&format!(", {} unknown references", count(load.unknown_references)));
        }
    }
    if let Some(error) = &load.error {
        line.push_str(&format!(" ({error})"));
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn load(fields: serde_json::Value) -> Load {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn a_load_is_told_in_one_line() {
        let completed = load(json!({
            "key": "incoming/jobs/jobs.csv", "status": "completed",
            "rows_read": 10, "rows_loaded": 8, "rows_rejected": 2, "unknown_references": 1, "error": null
        }));
        assert_eq!(
            line(&completed),
            "incoming/jobs/jobs.csv: completed, 10 rows read, 8 loaded, 2 rejected, 1 unknown references"
        );
        let skipped = load(json!({
            "key": "incoming/jobs/jobs.csv", "status": "skipped", "error": "the same bytes as load 1"
        }));
        assert_eq!(line(&skipped), "incoming/jobs/jobs.csv: skipped (the same bytes as load 1)");
    }

    #[test]
    fn the_key_names_table_and_mode() {
        let of = |mode, file: &str| key("jobs", mode, Path::new(file)).map_err(|error| error.to_string());
        assert_eq!(of(None, "some where/My jobs.CSV"), Ok("incoming/jobs/My jobs.CSV".to_owned()));
        assert_eq!(
            of(Some(LoadMode::Replace), "a.csv.zst"),
            Ok("incoming/jobs/replace/a.csv.zst".to_owned())
        );
        for file in ["a.csv.gz", "a.xlsx"] {
            assert!(of(None, file).is_ok(), "{file}");
        }
        assert_eq!(
            of(None, "a.zip"),
            Err("a.zip cannot be loaded: unpack it and drop the files in it, one by one; files that end in .csv, .csv.gz, \
                 .csv.zst or .xlsx can."
                .to_owned())
        );
        for file in ["a.xls", "a.gz", "csv"] {
            assert!(of(None, file).is_err(), "{file}");
        }
        assert_eq!(of(None, ".."), Err(".. is not a file's path.".to_owned()));
    }
}
