//! `rowgate verify`: proves a deployment from outside, through the interfaces that its users have.
//!
//! A run works in a table of its own, which it claims, so that another run is refused as long as it
//! works. It removes what it made however it ends; what a run leaves that was killed, the next one
//! removes.

mod alarms;
mod backups;
mod claim;
mod clean;
mod cloud;
mod files;
mod process;
mod rejected;
mod report;
mod reports;
mod rows;
mod status;

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use self::cloud::Cloud;
use self::report::Report;
use crate::api::Api;
use crate::aws::Aws;
use crate::environment::EnvironmentArguments;
use crate::exit::{ExitStatus, user_error};
use crate::printer::Printer;
use crate::verb::Verb;

/// The longest run, without its cleaning up: far below the time after which its claim lapses.
const LONGEST: Duration = Duration::from_secs(20 * 60);

/// The checks that need the table, in their order.
const IN_TABLE: [&str; 15] = [
    "row",
    "rows",
    "rejects",
    "repeat",
    "page",
    "append",
    "upsert",
    "continuation",
    "replace",
    "file-rejects",
    "reports",
    "backup",
    "verify",
    "restore",
    "undo",
];
/// Those of them that need files to be loaded, after the first one.
const OF_FILES: [&str; 4] = ["upsert", "continuation", "replace", "file-rejects"];

const CHECKS: &str = "Checks, a line each: the status and schema; keys without a right; the alarms; one row and 1000; \
every code that rejects a row; a repeated request; pages; files in every mode, one of them in several invocations, and \
every code that rejects a record; the reports; a backup, its verification, its restore and the undo of that; metrics. \
All of it happens in the table rowgate_verify, which is emptied at the end, with the files and backups of the run; \
the ledgers keep their records. A second run at the same time is refused. Exit code 0 if no check failed.";

/// Proves a deployment: uses all of it in a table of its own, and removes what it made.
#[derive(Debug, Args)]
#[command(after_help = CHECKS)]
pub(crate) struct Verify {
    /// The API's URL with its stage.
    #[arg(long, env = "ROWGATE_URL")]
    url: String,
    /// A writer's API key.
    #[arg(long, env = "ROWGATE_API_KEY", hide_env_values = true)]
    api_key: String,
    /// The operator's API key.
    #[arg(long, env = "ROWGATE_OPERATOR_KEY", hide_env_values = true)]
    operator_key: String,
    /// The data bucket.
    #[arg(long, env = "ROWGATE_BUCKET")]
    bucket: String,
    #[command(flatten)]
    environment: EnvironmentArguments,
    /// Print one JSON document at the end.
    #[arg(long)]
    json: bool,
    /// Seconds that a load, a backup or a restore may take.
    #[arg(long, default_value_t = 120)]
    timeout: u64,
}

/// Why the checks ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    All,
    Interrupted,
    Late,
}

impl Verb for Verify {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let aws = Aws::from_environment().await.in_environment(&self.environment.environment);
        let [api, writer] = [&self.operator_key, &self.api_key].map(|key| Api::new(&self.url, key));
        let cloud = Cloud::new(aws, [api, writer], &self.bucket, Duration::from_secs(self.timeout));
        if !cloud.aws.has_credentials().await {
            return Err(user_error(
                "There are no AWS credentials, which dropping a file needs; set AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
            ));
        }
        let mut report = Report::new(printer, self.json);
        let ended = tokio::select! {
            checked = check(&cloud, &mut report) => checked.map(|()| Ended::All)?,
            interrupted = interrupted() => interrupted.map(|()| Ended::Interrupted)?,
            () = sleep(LONGEST) => Ended::Late,
        };
        if ended == Ended::Interrupted {
            printer.note(
                "Interrupted; what the run made is being removed. Once more leaves it to the next run.",
            );
        }
        tokio::select! {
            cleaned = clean_up(&cloud, &mut report) => cleaned?,
            interrupted = interrupted() => interrupted?,
        }
        let is_proved = report.end(ended == Ended::All)?;
        match ended {
            Ended::Interrupted => Err(user_error("The run was interrupted; it proves nothing.")),
            Ended::Late => Err(user_error(format!("The run took more than {} s.", LONGEST.as_secs()))),
            Ended::All if is_proved => Ok(ExitStatus::Success),
            Ended::All => Ok(ExitStatus::User),
        }
    }
}

/// Runs every check that can be tried.
async fn check(cloud: &Cloud, report: &mut Report) -> Result<()> {
    let works = report.check("status", status::status(cloud)).await?
        & report.check("keys", status::keys(cloud)).await?;
    report.check("alarms", alarms::alarms(cloud)).await?;
    if !works {
        report.skip(&["claim"], "the service or a key does not work")?;
    }
    if !works || !report.check("claim", claim::claim(cloud)).await? {
        report.skip(&IN_TABLE, "the run has no table")?;
        return report.skip(&["metrics"], "the run has done nothing that makes metrics");
    }
    report.check("row", rows::one(cloud)).await?;
    report.check("rows", rows::thousand(cloud)).await?;
    report.check("rejects", rows::rejects(cloud)).await?;
    report.check("repeat", rows::repeat(cloud)).await?;
    report.check("page", rows::page(cloud)).await?;
    if report.check("append", files::append(cloud)).await? {
        report.check("upsert", files::upsert(cloud)).await?;
        report.check("continuation", files::continuation(cloud)).await?;
        report.check("replace", files::replace(cloud)).await?;
        report.check("file-rejects", files::rejects(cloud)).await?;
    } else {
        report.skip(&OF_FILES, "files are not loaded as they must be")?;
    }
    report.check("reports", reports::all(cloud)).await?;
    let mut kept = None;
    report.check("backup", backups::backup(cloud, &mut kept)).await?;
    match &mut kept {
        Some(kept) => {
            report.check("verify", backups::verify(cloud, kept)).await?;
            report.check("restore", backups::replace(cloud, kept)).await?;
            match kept.changed() {
                Some((rows, id)) => drop(report.check("undo", backups::undo(cloud, rows, id)).await?),
                None => report.skip(&["undo"], "there is no restore to undo")?,
            }
        }
        None => report.skip(&["verify", "restore", "undo"], "there is no backup")?,
    }
    report.check("metrics", alarms::metrics(cloud)).await.map(drop)
}

/// Removes what the run made, if the table is its own.
async fn clean_up(cloud: &Cloud, report: &mut Report) -> Result<()> {
    match cloud.has_claim().await {
        Ok(true) => report.check("clean-up", clean::end(cloud)).await.map(drop),
        // Another run has the table, or there is none.
        Ok(false) => Ok(()),
        Err(error) if report.has_passed("claim") => {
            report.check("clean-up", async { Err(error) }).await.map(drop)
        }
        // The API cannot be reached, as a check has said.
        Err(_) => Ok(()),
    }
}

/// Waits for Ctrl-C, or for the signal to end.
async fn interrupted() -> Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed?,
        _ = terminated.recv() => {}
    }
    Ok(())
}
