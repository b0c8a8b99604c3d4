//! Drops a file for a table and follows its load.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;

use crate::api::{Api, Load};
use crate::aws::Aws;
use crate::exit::{innermost, user_error};
use crate::printer::Printer;

const POLL: Duration = Duration::from_millis(250);

/// Drops `file` at `incoming/<table>/<its name>` and returns the key.
pub(crate) async fn drop_file(aws: &Aws, bucket: &str, table: &str, file: &Path) -> Result<String> {
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| user_error(format!("{} is not a file's path.", file.display())))?;
    if !file.is_file() {
        return Err(user_error(format!("{} is not a file.", file.display())));
    }
    let key = format!("incoming/{table}/{name}");
    let body = ByteStream::from_path(file)
        .await
        .map_err(|error| user_error(format!("{} cannot be read: {error}.", file.display())))?;
    aws.s3().put_object().bucket(bucket).key(&key).body(body).send().await.map_err(|error| {
        let reason = error.message().map_or_else(|| innermost(&error).to_string(), str::to_owned);
        user_error(format!("{} cannot be dropped in {bucket}: {reason}.", file.display()))
    })?;
    Ok(key)
}

/// The loads that the ledger knows already. Taken before a drop, it tells the drop's own load from earlier ones of the
/// same key.
pub(crate) struct Before(HashSet<String>);

impl Before {
    pub(crate) async fn look(api: &Api) -> Result<Self> {
        Ok(Self(api.newest_loads().await?.iter().map(|load| load.load.to_string()).collect()))
    }
}

/// Waits until the load of `key` has ended.
pub(crate) async fn wait_for(
    api: &Api,
    key: &str,
    before: &Before,
    limit: Duration,
    printer: Printer,
) -> Result<Load> {
    let step = printer.step(&format!("loading {key}"));
    let started = Instant::now();
    loop {
        let loads = api.newest_loads().await?;
        let ours =
            loads.into_iter().find(|load| load.key == key && !before.0.contains(&load.load.to_string()));
        match ours {
            Some(load) if load.has_ended() => {
                step.done(&line(&load));
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
                "The load of {key} has not ended after {} s; GET {}/loads shows how far it is.",
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
            "load": 1, "key": "incoming/jobs/jobs.csv", "status": "completed",
            "rows_read": 10, "rows_loaded": 8, "rows_rejected": 2, "unknown_references": 1, "error": null
        }));
        assert_eq!(
            line(&completed),
            "incoming/jobs/jobs.csv: completed, 10 rows read, 8 loaded, 2 rejected, 1 unknown references"
        );
        let skipped = load(json!({
            "load": 2, "key": "incoming/jobs/jobs.csv", "status": "skipped", "error": "the same bytes as load 1"
        }));
        assert_eq!(line(&skipped), "incoming/jobs/jobs.csv: skipped (the same bytes as load 1)");
    }
}
