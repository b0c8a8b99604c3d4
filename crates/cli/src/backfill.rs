//! Loads what lies under a prefix and was never loaded: the loader looks, page by page, and queues what it finds.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::aws::Aws;
use crate::invoke::invoke;
use crate::printer::Printer;

const LOADER: &str = "rowgate-loader";

/// What the loader is asked for.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Backfill<'a> {
    pub prefix: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<&'a str>,
    pub dry_run: bool,
    /// Where the page before ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What the loader did with one page.
#[derive(Clone, Debug, Deserialize)]
struct Page {
    queued: u64,
    known: u64,
    /// Files that cannot be loaded, with the reason; not all of them where there are many.
    ignored: Vec<String>,
    ignored_count: u64,
    next: Option<String>,
}

/// Queues every file that was never loaded, and says how many there were.
pub(crate) async fn backfill(aws: &Aws, mut wanted: Backfill<'_>, printer: Printer) -> Result<()> {
    let step = printer.step(&format!("looking for keys that begin with {}", wanted.prefix));
    let (mut queued, mut known, mut ignored) = (0, 0, 0);
    loop {
        let payload = json!({ "backfill": wanted });
        let page: Page = invoke(aws, LOADER, "The backfill", &payload).await?;
        queued += page.queued;
        known += page.known;
        ignored += page.ignored_count;
        for file in &page.ignored {
            printer.note(&format!("  ignored: {file}"));
        }
        let untold = page.ignored_count.saturating_sub(page.ignored.len() as u64);
        if untold > 0 {
            printer.note(&format!("  ignored: {untold} more"));
        }
        step.update(&format!("{queued} files to load so far"));
        let Some(next) = page.next else { break };
        wanted.after = Some(next);
    }
    step.done(&format!("looked for keys that begin with {}", wanted.prefix));
    Ok(printer.result(&line(wanted.dry_run, queued, known, ignored))?)
}

/// What was found, in one line.
fn line(dry_run: bool, queued: u64, known: u64, ignored: u64) -> String {
    let verb = if dry_run { "would be queued" } else { "queued" };
    let files = if queued == 1 { "file" } else { "files" };
    format!("{queued} {files} {verb}, {known} known to the ledger, {ignored} ignored\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_is_asked_for_no_more_than_was_said() {
        let mut wanted = Backfill {
            prefix: "incoming/",
            bucket: None,
            table: None,
            mode: None,
            dry_run: true,
            after: None,
        };
        assert_eq!(json!(wanted), json!({"prefix": "incoming/", "dry_run": true}));
        wanted.table = Some("jobs");
        wanted.after = Some("token".to_owned());
        assert_eq!(
            json!(wanted),
            json!({"prefix": "incoming/", "table": "jobs", "dry_run": true, "after": "token"})
        );
    }

    #[test]
    fn what_was_found_is_told_in_one_line() {
        assert_eq!(line(false, 3, 2, 1), "3 files queued, 2 known to the ledger, 1 ignored\n");
        assert_eq!(line(true, 1, 2, 0), "1 file would be queued, 2 known to the ledger, 0 ignored\n");
    }
}
