//! The check of the reports.

use std::collections::BTreeMap;

use anyhow::Result;
use http::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::cloud::{Cloud, call, ensure_sentence, get, read};
use super::report::{Outcome, passed, skipped};
use crate::api::{Api, CSV, Call, NO_QUERY, path, words};
use crate::http::text;

#[derive(Deserialize)]
struct Reports {
    reports: Vec<Described>,
}

#[derive(Deserialize)]
struct Described {
    name: String,
    parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(default)]
    required: bool,
}

#[derive(Deserialize)]
struct Answer {
    report: String,
    columns: Vec<String>,
    rows: Vec<BTreeMap<String, IgnoredAny>>,
}

/// Runs every report with its defaults, as JSON and as CSV.
pub(super) async fn all(cloud: &Cloud) -> Result<Outcome> {
    let Reports { reports } = get(&cloud.api, "/reports").await?;
    let (mut ran, mut asking) = (Vec::new(), Vec::new());
    for report in &reports {
        let needed: Vec<&str> =
            report.parameters.iter().filter(|one| one.required).map(|one| &*one.name).collect();
        if needed.is_empty() {
            run(&cloud.api, &report.name).await?;
            ran.push(&*report.name);
        } else {
            asking.push(format!("{} needs {}", report.name, needed.join(", ")));
        }
    }
    let not_run = if asking.is_empty() { String::new() } else { format!("; not run: {}", asking.join("; ")) };
    match ran.len() {
        0 if reports.is_empty() => skipped("this deployment has no reports"),
        0 => skipped(format!("no report can be run without parameters{not_run}")),
        _ => passed(format!("{} as JSON and CSV{not_run}", ran.join(", "))),
    }
}

async fn run(api: &Api, name: &str) -> Result<()> {
    let path = path(&["reports", name], &NO_QUERY);
    let Answer { report, columns, rows } = read(&call(api, Method::GET, &path, &[], None, &[200]).await?)?;
    let is_whole = rows.iter().all(|row| columns.iter().all(|column| row.contains_key(column)));
    ensure_sentence(report == name && is_whole, || {
        format!("GET {path} has rows without some of its columns")
    })?;
    let csv =
        api.call(&Call { method: Method::GET, path: &path, headers: &[("accept", CSV)], body: None }).await?;
    let kind = csv.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    ensure_sentence(csv.status() == 200 && kind.starts_with(CSV), || {
        format!("GET {path} as {CSV} answered {} and {kind:?}: {}", csv.status().as_u16(), words(&csv))
    })?;
    let csv = text(&csv);
    let header = csv.lines().next().unwrap_or_default();
    ensure_sentence(header == columns.join(","), || {
        format!(
            "GET {path} as {CSV} has the header {header:?}, and as JSON the columns {}",
            columns.join(", ")
        )
    })
}
