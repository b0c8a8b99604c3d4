//! Downloads the rejected records of a load.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use domain::load::LoadId;

use crate::api::{Api, Load, RejectsFile};
use crate::exit::user_error;
use crate::http::HttpClient;
use crate::printer::Printer;

/// Links live for 15 minutes; after this long, fresh ones are asked for.
const LINKS_GOOD_FOR: Duration = Duration::from_secs(10 * 60);

/// Writes every rejects file of a load to `folder` and prints its path.
pub(crate) async fn download(
    api: &Api,
    http: &HttpClient,
    id: &LoadId,
    folder: &Path,
    printer: Printer,
) -> Result<()> {
    let step = printer.step(&format!("downloading the rejected records of {id}"));
    let (mut files, mut rows, mut kept, mut after) = (0, 0, 0, None);
    loop {
        let asked = Instant::now();
        let load = api.load(id, after.as_deref()).await?.ok_or_else(|| {
            user_error(format!("There is no load {id}; GET {}/loads lists the loads.", api.url()))
        })?;
        let mut more = load.rejects_next.is_some();
        for file in &load.rejects {
            if asked.elapsed() > LINKS_GOOD_FOR {
                more = true;
                break;
            }
            let path = folder.join(name(&file.key)?);
            if path.exists() {
                kept += 1;
            } else {
                save(http, file, &path).await?;
            }
            printer.result(&format!("{}\n", path.display()))?;
            files += 1;
            rows += file.rows;
            after = Some(file.key.clone());
            step.update(&format!("{files} of {} files", load.rejects_files));
        }
        if !more {
            step.done(&line(&load, files, rows, kept));
            return Ok(());
        }
    }
}

/// What was downloaded, in one line.
fn line(load: &Load, files: u64, rows: u64, kept: u64) -> String {
    let mut line = match files {
        0 => format!("{}: no rejected records", load.key),
        _ => format!("{}: {}, {}", load.key, count(rows, "rejected record"), count(files, "file")),
    };
    if !load.has_ended() {
        line.push_str(" so far; the load is still running");
    }
    if kept > 0 {
        line.push_str(&format!(" ({kept} there already and left as found)"));
    }
    line
}

fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Downloads one file. One that is there already is not touched: it may have been mended by hand.
async fn save(http: &HttpClient, file: &RejectsFile, path: &Path) -> Result<()> {
    let answer = http.get(&file.url, &[]).await?;
    match answer.status {
        200 => {}
        404 => return Err(user_error(format!("{} is no longer in the bucket.", file.key))),
        status => {
            return Err(user_error(format!("{} cannot be read: S3 answered {status}.", file.key)));
        }
    }
    let unwritable = |error| user_error(format!("{} cannot be written: {error}.", path.display()));
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(unwritable)?;
    // Under another name first, so that half a file is never taken for a whole one.
    let part = path.with_extension("part");
    fs::write(&part, &answer.body).map_err(unwritable)?;
    fs::rename(&part, path).map_err(unwritable)
}

/// The last part of a key, if it can be a file's name.
fn name(key: &str) -> Result<&str> {
    Path::new(key)
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| user_error(format!("{key} is no file's key.")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_downloaded_is_told_in_one_line() {
        let load = |status| -> Load {
            serde_json::from_value(json!({"key": "incoming/jobs/a.csv", "status": status})).unwrap()
        };
        assert_eq!(line(&load("completed"), 0, 0, 0), "incoming/jobs/a.csv: no rejected records");
        assert_eq!(
            line(&load("running"), 1, 7, 1),
            "incoming/jobs/a.csv: 7 rejected records, 1 file so far; the load is still running (1 there already and left as \
             found)"
        );
    }

    #[test]
    fn a_file_is_saved_under_the_end_of_its_key() {
        assert_eq!(name("rejected/jobs/l1/l1-00007.csv").unwrap(), "l1-00007.csv");
        assert!(name("rejected/..").is_err());
    }
}
