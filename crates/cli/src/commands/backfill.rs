//! `rowgate backfill`: the loader looks for files, page by page, and queues those that it never
//! loaded.

use anyhow::Result;
use clap::Args;
use domain::dictionary::LoadMode;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::arguments::{load_mode, table_name};
use crate::aws::Aws;
use crate::environment::EnvironmentArguments;
use crate::exit::ExitStatus;
use crate::invoke::invoke;
use crate::printer::Printer;
use crate::verb::Verb;

/// Loads what lies under a prefix and was never loaded.
#[derive(Clone, Debug, Args, Serialize)]
pub(crate) struct Backfill {
    /// What the keys begin with, such as incoming/documents/.
    prefix: String,
    /// The table of all the files, whatever their keys say.
    #[arg(long, value_parser = table_name)]
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    /// What to do with rows whose id is taken, whatever the keys say. A backfill cannot replace a
    /// table.
    #[arg(long, value_parser = load_mode(&["append", "upsert"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<LoadMode>,
    /// The bucket, one that the loader may read [default: the data bucket of the stack].
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket: Option<String>,
    /// Only say what would be loaded.
    #[arg(long)]
    dry_run: bool,
    // The end of the page before.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[command(flatten)]
    #[serde(skip)]
    environment: EnvironmentArguments,
}

/// The result of one page.
#[derive(Clone, Debug, Deserialize)]
struct Page {
    queued: u64,
    known: u64,
    /// Files that cannot be loaded, with the reason; not all of them where there are many.
    ignored: Vec<String>,
    ignored_count: u64,
    next: Option<String>,
}

impl Verb for Backfill {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let aws = Aws::from_environment().await.in_environment(&self.environment.environment);
        let function = aws.environment().function_name("loader");
        let mut request = self.clone();
        let step = printer.step(&format!("looking for keys that begin with {}", self.prefix));
        let (mut queued, mut known, mut ignored) = (0, 0, 0);
        loop {
            let payload = json!({ "backfill": request });
            let page: Page = invoke(&aws, &function, "The backfill", &payload).await?;
            queued += page.queued;
            known += page.known;
            ignored += page.ignored_count;
            for file in &page.ignored {
                printer.note(&format!("  ignored: {file}"));
            }
            let more = page.ignored_count.saturating_sub(page.ignored.len() as u64);
            if more > 0 {
                printer.note(&format!("  ignored: {more} more"));
            }
            step.update(&format!("{queued} files to load so far"));
            request.after = page.next;
            if request.after.is_none() {
                break;
            }
        }
        step.done(&format!("looked for keys that begin with {}", self.prefix));
        printer.line(summary(self.dry_run, queued, known, ignored))?;
        Ok(ExitStatus::Success)
    }
}

fn summary(dry_run: bool, queued: u64, known: u64, ignored: u64) -> String {
    let verb = if dry_run { "would be queued" } else { "queued" };
    let files = if queued == 1 { "file" } else { "files" };
    format!("{queued} {files} {verb}, {known} known to the ledger, {ignored} ignored")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_is_asked_for_no_more_than_was_said() {
        let mut request = Backfill {
            prefix: "incoming/".to_owned(),
            bucket: None,
            table: None,
            mode: None,
            dry_run: true,
            after: None,
            environment: EnvironmentArguments::default(),
        };
        assert_eq!(json!(request), json!({"prefix": "incoming/", "dry_run": true}));
        request.table = Some("tags".to_owned());
        request.mode = Some(LoadMode::Upsert);
        request.after = Some("token".to_owned());
        assert_eq!(
            json!(request),
            json!({"prefix": "incoming/", "table": "tags", "mode": "upsert", "dry_run": true, "after": "token"})
        );
    }

    #[test]
    fn what_was_found_is_summed_up_in_one_line() {
        assert_eq!(summary(false, 3, 2, 1), "3 files queued, 2 known to the ledger, 1 ignored");
        assert_eq!(summary(true, 1, 2, 0), "1 file would be queued, 2 known to the ledger, 0 ignored");
    }
}
