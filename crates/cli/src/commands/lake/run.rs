//! `rowgate lake run`

use anyhow::Result;
use clap::Args;
use domain::backup::BackupId;
use serde_json::json;

use super::pipeline::{Ended, Pipeline};
use crate::arguments::backup_id;
use crate::aws::Aws;
use crate::commands::restore::new_id;
use crate::environment::EnvironmentArguments;
use crate::exit::{ExitStatus, user_error};
use crate::printer::Printer;
use crate::verb::Verb;

/// Starts a run of the pipeline: a backup, its verification, and the three layers.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Take this backup rather than make a new one.
    #[arg(long, value_name = "BACKUP", value_parser = backup_id)]
    backup: Option<BackupId>,
    /// Stay until the run has ended, and show its steps; exit code 1 when it failed. Ctrl-C ends
    /// the watching, not the run.
    #[arg(long)]
    wait: bool,
    /// Watch a run that was started before, and start none.
    #[arg(long, value_name = "RUN", value_parser = run_name, conflicts_with_all = ["backup", "wait"])]
    follow: Option<String>,
    #[command(flatten)]
    environment: EnvironmentArguments,
}

/// Parses the name of an execution, as Step Functions allows it.
fn run_name(text: &str) -> Result<String, String> {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    if (1..=80).contains(&text.len()) && text.chars().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err("a run is named as `rowgate lake run` printed it".to_owned())
    }
}

impl Verb for Run {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let aws = Aws::from_environment().await.in_environment(&self.environment.environment);
        let pipeline = Pipeline::find(&aws).await?;
        if let Some(run) = &self.follow {
            return follow(&pipeline, run, false, printer).await;
        }
        let others = pipeline.running().await?;
        // Names sort by time, as the ids of backups do.
        let run = new_id().to_string();
        pipeline.start(&run, self.backup.as_ref()).await?;
        if let Some(other) = others.first() {
            printer.note(&format!("The run {other} is under way; this one waits for it where it must."));
        }
        if self.wait {
            return follow(&pipeline, &run, true, printer).await;
        }
        printer.line(&run)?;
        printer
            .note(&format!("The run has begun; `rowgate lake run --follow {run}` shows what becomes of it."));
        Ok(ExitStatus::Success)
    }
}

/// Watches a run to its end, or until Ctrl-C.
async fn follow(pipeline: &Pipeline, run: &str, is_new: bool, printer: Printer) -> Result<ExitStatus> {
    printer.note(&format!("The run {run}:"));
    let ended = tokio::select! {
        ended = pipeline.follow(run, is_new, printer) => ended?,
        _ = tokio::signal::ctrl_c() => {
            return Err(user_error(format!(
                "The run {run} goes on; `rowgate lake run --follow {run}` shows what becomes of it."
            )));
        }
    };
    let Ended { failure, backup, seconds } = ended;
    let status = if failure.is_none() { "completed" } else { "failed" };
    // To the millisecond, as in Step Functions.
    let seconds = (seconds * 1000.0).round() / 1000.0;
    printer.line(json!({ "run": run, "status": status, "backup": backup, "seconds": seconds }))?;
    failure.map_or(Ok(ExitStatus::Success), |failure| Err(user_error(failure)))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        _run: Run,
    }

    #[test]
    fn a_run_is_started_or_followed() {
        let parses = |words: &[&str]| Line::try_parse_from([&["run"], words].concat()).is_ok();
        assert!(parses(&[]));
        assert!(parses(&["--wait", "--backup", "20261121-020000-0000001f"]));
        assert!(parses(&["--follow", "20261121-020000-0000001f"]));
        for wrong in [
            &["--backup", "latest"][..],
            &["--follow", "a:b"],
            &["--follow", ""],
            &["--follow", "a", "--wait"],
        ] {
            assert!(!parses(wrong), "{wrong:?}");
        }
    }
}
