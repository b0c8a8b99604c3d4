//! Waits for what the service does in its own time: loads, backups, restores, runs.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::exit::user_error;
use crate::printer::Printer;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// A job of the service that is followed to its end.
pub(crate) trait Job {
    /// Returns true if the job has ended, well or badly.
    fn has_ended(&self) -> bool;

    /// Returns what the job has done so far, if it has done anything.
    fn progress(&self) -> Option<String>;

    /// Returns the outcome of a job that has ended, in one line.
    fn outcome(&self) -> String;
}

/// Polls a job until it has ended, and shows its progress. `find` returns `None` as long as the
/// service does not know the job. `overdue` completes the error message after `limit`: what has not
/// ended, and where to look for it.
///
/// # Errors
/// A user error after `limit`, and whatever `find` returns.
pub(crate) async fn wait_for<J: Job>(
    doing: &str,
    limit: Duration,
    (job, look): (&str, &str),
    printer: Printer,
    find: impl AsyncFn() -> Result<Option<J>>,
) -> Result<J> {
    let step = printer.step(doing);
    let started = Instant::now();
    loop {
        match find().await? {
            Some(job) if job.has_ended() => {
                step.done(&job.outcome());
                return Ok(job);
            }
            Some(job) => {
                if let Some(progress) = job.progress() {
                    step.update(&format!("{doing}, {progress}"));
                }
            }
            None => {}
        }
        if started.elapsed() > limit {
            return Err(user_error(format!("{job} has not ended after {} s; {look}.", limit.as_secs())));
        }
        tokio::time::sleep(pause(started)).await;
    }
}

/// Returns the pause before the next look at what began then: a twentieth of the time so far,
/// within bounds.
pub(crate) fn pause(started: Instant) -> Duration {
    (started.elapsed() / 20).clamp(FIRST_PAUSE, LAST_PAUSE)
}
