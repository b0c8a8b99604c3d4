//! `rowgate rejects`

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use domain::load::LoadId;

use crate::api::{Load, RejectsFile};
use crate::arguments::ApiArguments;
use crate::exit::{ExitStatus, cannot, user_error};
use crate::http::HttpClient;
use crate::printer::Printer;
use crate::verb::Verb;
use crate::wait::Job;

/// Links live for 15 minutes; after this long, fresh ones are asked for.
const LINKS_GOOD_FOR: Duration = Duration::from_secs(10 * 60);

/// Downloads the rejected records of a load.
#[derive(Debug, Args)]
pub(crate) struct Rejects {
    /// The load's id.
    #[arg(value_parser = load_id)]
    load: LoadId,
    /// The folder that the files are written to; it is made if it is not there.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    to: PathBuf,
    #[command(flatten)]
    api: ApiArguments,
}

fn load_id(text: &str) -> Result<LoadId, String> {
    LoadId::parse(text).ok_or_else(|| "a load's id has 32 digits of 0-9 and a-f".to_owned())
}

impl Verb for Rejects {
    /// Writes every rejects file of the load to the folder and prints its path.
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let Self { load: id, to: folder, .. } = self;
        let (api, http) = (self.api.connect(), HttpClient::new());
        let step = printer.step(&format!("downloading the rejected records of {id}"));
        let (mut files, mut rows, mut existing, mut after) = (0, 0, 0, None);
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
                // An existing file may have been corrected by hand.
                if path.exists() {
                    existing += 1;
                } else {
                    save(&http, file, &path).await?;
                }
                printer.line(path.display())?;
                files += 1;
                rows += file.rows;
                after = Some(file.key.clone());
                step.update(&format!("{files} of {} files", load.rejects_files));
            }
            if !more {
                step.done(&line(&load, files, rows, existing));
                return Ok(ExitStatus::Success);
            }
        }
    }
}

/// Says in one line what was downloaded.
fn line(load: &Load, files: u64, rows: u64, existing: u64) -> String {
    let mut line = match files {
        0 => format!("{}: no rejected records", load.key),
        _ => format!("{}: {}, {}", load.key, count(rows, "rejected record"), count(files, "file")),
    };
    if !load.has_ended() {
        line.push_str(" so far; the load is still running");
    }
    if existing > 0 {
        line.push_str(&format!(" ({existing} there already and left as found)"));
    }
    line
}

fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Downloads one file.
async fn save(http: &HttpClient, file: &RejectsFile, path: &Path) -> Result<()> {
    let answer = http.get(&file.url).await?;
    match answer.status().as_u16() {
        200 => {}
        404 => return Err(user_error(format!("{} is no longer in the bucket.", file.key))),
        status => {
            return Err(user_error(format!("{} cannot be read: S3 answered {status}.", file.key)));
        }
    }
    // Under another name first, so that half a file is never taken for a whole one.
    let part = path.with_extension("part");
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))
        .and_then(|()| fs::write(&part, answer.body()))
        .and_then(|()| fs::rename(&part, path))
        .map_err(cannot(path, "be written"))
}

/// Returns the last part of a key, if it can be a file's name.
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
    fn downloads_are_summed_up_in_one_line() {
        let load = |status| -> Load {
            serde_json::from_value(json!({"load": "l", "key": "incoming/tags/a.csv", "status": status}))
                .unwrap()
        };
        assert_eq!(line(&load("completed"), 0, 0, 0), "incoming/tags/a.csv: no rejected records");
        assert_eq!(
            line(&load("running"), 1, 7, 1),
            "incoming/tags/a.csv: 7 rejected records, 1 file so far; the load is still running (1 there already and left as \
             found)"
        );
    }

    #[test]
    fn a_file_is_saved_under_the_end_of_its_key() {
        assert_eq!(name("rejected/tags/l1/l1-00007.csv").unwrap(), "l1-00007.csv");
        assert!(name("rejected/..").is_err());
    }
}
