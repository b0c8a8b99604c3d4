//! `rowgate demo`: the main job from end to end, on the sample data or on files of the user's own.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::report::render;
use super::upload::{drop_file, follow};
use crate::api::Api;
use crate::arguments::ApiArguments;
use crate::aws::Aws;
use crate::exit::{ExitStatus, user_error};
use crate::printer::Printer;
use crate::verb::Verb;

/// The tables in the order of their references, and the names their files may have.
const FILES: [(&str, &[&str]); 3] = [
    ("departments", &["departments.csv"]),
    ("jobs", &["jobs.csv"]),
    ("employees", &["hired_employees.csv", "employees.csv"]),
];
const REPORTS: [&str; 2] = ["hires-by-quarter", "departments-above-mean"];
const YEAR: &str = "2021";
/// Rows of a report at most; `rowgate report` shows them all.
const ROWS_SHOWN: usize = 15;

/// Drops three files, posts a batch, prints both reports.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The folder of departments.csv, jobs.csv and hired_employees.csv or employees.csv.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The data bucket.
    #[arg(long, env = "ROWGATE_BUCKET")]
    bucket: String,
    #[command(flatten)]
    api: ApiArguments,
    /// Seconds each load may take.
    #[arg(long, default_value_t = 300)]
    timeout: u64,
}

impl Verb for Demo {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let Self { data, bucket, timeout, .. } = self;
        let files = find(data)?;
        let api = self.api.connect();
        let aws = Aws::from_environment().await;

        printer.heading(&format!("Dropping the files of {} in s3://{bucket}/incoming/", data.display()));
        let mut failed = Vec::new();
        for (table, file) in files {
            let dropped = drop_file(&aws, bucket, table, None, &file, None).await?;
            let load = follow(&api, &dropped, Duration::from_secs(*timeout), printer).await?;
            if load.status == "failed" {
                failed.push(dropped.key);
            }
        }

        printer.heading(&format!("POST {}/insert_data", api.url()));
        post_batch(&api, printer).await?;
        for name in REPORTS {
            print_report(&api, name, printer).await?;
        }
        if !failed.is_empty() {
            return Err(user_error(format!("These files could not be loaded: {}.", failed.join(", "))));
        }
        Ok(ExitStatus::Success)
    }
}

/// Returns the file of each table.
fn find(folder: &Path) -> Result<Vec<(&'static str, PathBuf)>> {
    if !folder.is_dir() {
        return Err(user_error(format!("There is no folder {}.", folder.display())));
    }
    FILES
        .iter()
        .map(|(table, names)| {
            let found = names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
            found.map(|path| (*table, path)).ok_or_else(|| {
                user_error(format!("The folder {} has no {}.", folder.display(), names.join(" or ")))
            })
        })
        .collect()
}

async fn post_batch(api: &Api, printer: Printer) -> Result<()> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (status, verdict) = api.insert(&batch(seconds)).await?;
    let count = |name: &str| verdict.get(name).and_then(Value::as_u64).unwrap_or(0);
    printer.note(&format!("  {status}: {} rows inserted, {} rejected", count("inserted"), count("rejected")));
    for line in rejections(&verdict) {
        printer.note(&format!("  {line}"));
    }
    Ok(())
}

/// Returns a department, a job and three employees, of whom the last has no name. The ids are new
/// in every run. All were hired before the years of the files, so that the reports show the files
/// alone.
fn batch(seconds: u64) -> Value {
    // A block of four ids a second from 1,000,000,000 on, which wraps around after years: far from
    // ids that people choose by hand, and below the largest INT.
    let base = 1_000_000_000 + (seconds * 4) % 1_000_000_000;
    let employee = |offset: u64, name: &str, datetime: &str| json!({"id": base + offset, "name": name, "datetime": datetime, "department_id": base, "job_id": base});
    json!({
        "departments": [{"id": base, "department_name": "Night Shift"}],
        "jobs": [{"id": base, "job_name": "Lamplighter"}],
        "employees": [
            employee(0, "Ada Brightwater", "2019-07-27T16:02:08Z"),
            employee(1, "Bo Underhill", "2019-11-05T08:30:00Z"),
            employee(2, "", "2019-12-24T18:00:00Z"),
        ]
    })
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

async fn print_report(api: &Api, name: &str, printer: Printer) -> Result<()> {
    printer.heading(&format!("GET {}/reports/{name}?year={YEAR}", api.url()));
    printer.line(format!("{name}, year {YEAR}"))?;
    let report = api.report(name, &[("year".to_owned(), YEAR.to_owned())]).await?;
    let (text, more) = render(&report, Some(ROWS_SHOWN));
    printer.result(&text)?;
    if more > 0 {
        printer.line(format!("  and {more} more rows; all of them: rowgate report {name} year={YEAR}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_or_file_is_named_in_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none");
        assert_eq!(
            find(&missing).unwrap_err().to_string(),
            format!("There is no folder {}.", missing.display())
        );
        std::fs::write(folder.path().join("departments.csv"), "").unwrap();
        std::fs::write(folder.path().join("jobs.csv"), "").unwrap();
        assert_eq!(
            find(folder.path()).unwrap_err().to_string(),
            format!("The folder {} has no hired_employees.csv or employees.csv.", folder.path().display())
        );
        std::fs::write(folder.path().join("employees.csv"), "").unwrap();
        let tables: Vec<_> = find(folder.path()).unwrap().into_iter().map(|(table, _)| table).collect();
        assert_eq!(tables, ["departments", "jobs", "employees"]);
    }

    #[test]
    fn the_batch_has_new_ids_each_second_and_they_fit_an_int() {
        let id = |seconds| batch(seconds)["employees"][2]["id"].as_u64().unwrap();
        assert!(id(1_800_000_000) < id(1_800_000_001) || id(1_800_000_001) < 1_000_000_004);
        for seconds in [0, 1_800_000_000, 249_999_999, u64::from(u32::MAX)] {
            assert!(id(seconds) <= 2_147_483_647);
        }
    }

    #[test]
    fn rejected_rows_are_listed_with_their_reason() {
        let verdict = json!({"inserted": 4, "rejected": 1, "tables": {"employees": {"inserted": 2, "rejected": [
            {"index": 2, "row": {}, "errors": [
                {"column": "name", "code": "required", "message": "name is required"}]}]}}});
        assert_eq!(rejections(&verdict), ["employees[2] required: name is required"]);
    }
}
