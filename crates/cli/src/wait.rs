//! Waits for what the service does in its own time: loads, backups, restores, runs.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep};

use crate::exit::user_error;
use crate::printer::Printer;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LAST_PAUSE: Duration = Duration::from_millis(500);

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
    let find = async || {
        let found = find().await?;
        if let Some(job) = &found
            && !job.has_ended()
            && let Some(progress) = job.progress()
        {
            step.update(&format!("{doing}, {progress}"));
        }
        Ok(found.filter(Job::has_ended))
    };
    let ended = poll(growing(FIRST_PAUSE, LAST_PAUSE), limit, find).await?;
    let ended = ended
        .ok_or_else(|| user_error(format!("{job} has not ended after {} s; {look}.", limit.as_secs())))?;
    step.done(&ended.outcome());
    Ok(ended)
}

/// Asks until there is an answer; `None` if there is none after `limit`. `pause` says how long to
/// wait before the next question, by the time that has passed; no pause goes beyond the limit.
///
/// # Errors
/// Whatever `ask` returns.
pub(crate) async fn poll<T>(
    pause: impl Fn(Duration) -> Duration,
    limit: Duration,
    mut ask: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<Option<T>> {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await? {
            return Ok(Some(answer));
        }
        let passed = started.elapsed();
        if passed >= limit {
            return Ok(None);
        }
        sleep(pause(passed).min(limit - passed)).await;
    }
}

/// Returns pauses of a twentieth of the time that has passed, within these bounds.
pub(crate) fn growing(first: Duration, last: Duration) -> impl Fn(Duration) -> Duration {
    move |passed| (passed / 20).clamp(first, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times of the polls of something that never ends, in milliseconds.
    async fn polls(limit: Duration) -> Vec<u128> {
        let started = Instant::now();
        let mut polls = Vec::new();
        let pauses = growing(FIRST_PAUSE, LAST_PAUSE);
        let ask = async || {
            polls.push(started.elapsed().as_millis());
            Ok(None::<()>)
        };
        assert!(poll(pauses, limit, ask).await.unwrap().is_none());
        polls
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_poll_is_at_the_limit_however_long_the_pause_is() {
        assert_eq!(polls(Duration::ZERO).await, [0]);
        assert_eq!(polls(Duration::from_millis(600)).await, [0, 250, 500, 600]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_of_an_hour_is_polled_twice_a_second() {
        let polls = polls(Duration::from_secs(3600)).await;
        assert!(polls.windows(2).all(|pair| pair[1] - pair[0] <= 501), "{polls:?}");
        assert!((7200..7250).contains(&polls.len()), "{}", polls.len());
    }
}
