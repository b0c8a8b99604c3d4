//! `rowgate lake run`

use anyhow::Result;
use domain::backup::RestoreId;
use serde_json::json;

use crate::arguments::LakeRunArguments;
use crate::aws::Aws;
use crate::exit::user_error;
use crate::http::HttpClient;
use crate::lake::{Ended, Pipeline};
use crate::printer::Printer;

pub(crate) async fn run(arguments: &LakeRunArguments, printer: Printer) -> Result<()> {
    let aws = Aws::from_environment(HttpClient::new()).await;
    let pipeline = Pipeline::find(&aws).await?;
    if let Some(run) = &arguments.follow {
        return follow(&pipeline, run, false, printer).await;
    }
    let others = pipeline.running().await?;
    let run = new_name();
    pipeline.start(&run, arguments.backup.as_ref()).await?;
    if let Some(other) = others.first() {
        printer.note(&format!("The run {other} is under way; this one waits for it where it must."));
    }
    if arguments.wait {
        return follow(&pipeline, &run, true, printer).await;
    }
    printer.result(&format!("{run}\n"))?;
    printer.note(&format!("The run has begun; `rowgate lake run --follow {run}` shows what becomes of it."));
    Ok(())
}

/// Watches a run to its end, or until Ctrl-C.
async fn follow(pipeline: &Pipeline, run: &str, is_new: bool, printer: Printer) -> Result<()> {
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
    // To the millisecond, as Step Functions tells the time.
    let seconds = (seconds * 1000.0).round() / 1000.0;
    let data = json!({ "run": run, "status": status, "backup": backup, "seconds": seconds });
    printer.result(&format!("{data}\n"))?;
    failure.map_or(Ok(()), |failure| Err(user_error(failure)))
}

/// The name of a run that is started now. Names sort by time, as the ids of backups do.
fn new_name() -> String {
    RestoreId::new(jiff::Timestamp::now().as_second(), fastrand::u32(..)).to_string()
}
