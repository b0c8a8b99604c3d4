//! Puts what a job has filled in the places of its tables, all of them in one RENAME.

use std::time::Duration;

use super::fence::{self, Fenced};
use super::names::{CommitMarker, Shadow};
use super::numbers;
use super::orphans::clean_up;
use super::state;
use crate::jobs::JobId;
use crate::ledger::pause_before;
use crate::limits::FINISH_GRACE;
use crate::{Database, Deadline, Error, Statement, tables};

/// The timeout of a RENAME that waits for open transactions; the service ends it after 45 s.
const RENAME_TIMEOUT: Duration = Duration::from_secs(60);

/// The outcome of a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swapped {
    /// The load or restore has ended. The ledger says how: another function may have ended it
    /// otherwise, and a restore may have failed.
    Ended,
    /// There is nothing to swap in: a shadow table is lost or not filled, or a load was sent back
    /// to its start, perhaps because its table has other columns or indexes now.
    Unfilled,
}

/// Why nothing was swapped in, or that it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The job has ended.
    Ended,
    /// A table has no shadow, or it is not filled.
    Unfilled,
    /// The caller's reason.
    Refused(String),
    /// The database does not have this table.
    Missing(String),
    /// This table has other columns or indexes than its shadow.
    Altered(String),
}

/// The outcome of one attempt.
enum Attempt {
    /// The shadows have taken the places of their tables.
    Renamed,
    /// The swap was refused.
    Refused(Outcome),
    /// The fences were not raised: another function was faster.
    Overtaken,
}

/// Swaps in the shadows of a job and completes it, unless the caller has a reason not to, which is
/// asked for again behind the fences. Readers see all tables as they were or all as they are.
///
/// Calling it again is safe, and so is a call by another function at the same time. It lifts the
/// fences before it fails, if the database lets it; if not, [`recover`] does.
pub(crate) async fn swap<R>(
    database: &Database,
    job: &JobId,
    refusal: impl Fn() -> R,
) -> Result<Outcome, Error>
where
    R: Future<Output = Result<Option<String>, Error>>,
{
    let database = &database.with_deadline(database.deadline());
    loop {
        let Some(state) = state::running(database, job).await? else { return Ok(Outcome::Ended) };
        let Some(pairs) = state.pairs() else { return Ok(Outcome::Unfilled) };
        let (marker, is_new) = if let Some(marker) = state.marker.clone() {
            // Made by a concurrent function, or by one that was killed.
            (marker, false)
        } else {
            if let Some(reason) = refusal().await? {
                return Ok(Outcome::Refused(reason));
            }
            if !are_unfenced(database, &pairs).await? {
                pause_before(database.deadline()).await?;
                continue;
            }
            if matches!(job, JobId::Restore(_)) {
                for (table, shadow) in &pairs {
                    numbers::continue_numbers(database, table, shadow.name()).await;
                }
            }
            let Some(marker) = make_marker(database, job).await? else { continue };
            (marker, true)
        };
        let attempt = async {
            if is_new && !fence::raise(database, job, &pairs, &marker, &refusal).await? {
                tables::drop_table(database, marker.name()).await?;
                return Ok(Attempt::Overtaken);
            }
            if let Some(outcome) = check(database, &pairs).await? {
                return Ok(Attempt::Refused(outcome));
            }
            rename(database, job, &pairs, &marker).await.map(|()| Attempt::Renamed)
        };
        let error = match attempt.await {
            Ok(Attempt::Renamed) => {
                fence::complete(database, job, &marker).await?;
                clean_up(database, job).await;
                return Ok(Outcome::Ended);
            }
            Ok(Attempt::Refused(outcome)) => {
                let has_happened = settle(database, job, &marker).await?;
                return Ok(if has_happened { Outcome::Ended } else { outcome });
            }
            Ok(Attempt::Overtaken) => continue,
            Err(error) => error,
        };
        // Fences hold others up: lifting them gets time though none is left.
        let grace = &database.with_deadline(database.deadline().max(Deadline::after(FINISH_GRACE)));
        let was_there = tables::exists(grace, marker.name()).await?;
        if settle(grace, job, &marker).await? {
            return Ok(Outcome::Ended);
        }
        if was_there && !error.is_retryable() && !error.is_unknown_outcome() {
            return Err(error);
        }
        tracing::info!(job = job.as_str(), error.class = error.class(), "the swap is tried again");
        pause_before(database.deadline()).await?;
    }
}

/// Returns true if none of the tables is fenced; lifts fences that were left behind.
async fn are_unfenced(database: &Database, pairs: &[(&str, &Shadow)]) -> Result<bool, Error> {
    for (table, _) in pairs {
        if recover(database, table).await? == Fence::Raised {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the marker of a swap; `None` if the answer is lost, and the job must be read again.
async fn make_marker(database: &Database, job: &JobId) -> Result<Option<CommitMarker>, Error> {
    let marker = CommitMarker::fresh(job);
    let sql = format!("CREATE TABLE `{}` (nothing INT NOT NULL PRIMARY KEY) ENGINE = InnoDB", marker.name());
    match database.execute(Statement::new(sql).continue_after_timeout()).await {
        Ok(_) => Ok(Some(marker)),
        Err(error) if error.is_unknown_outcome() => {
            // This one is left to the reaper.
            pause_before(database.deadline()).await?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Returns the reason why shadows cannot take the places of their tables, if there is one. Must be
/// called behind the fences, where no other RENAME shows a table half done.
async fn check(database: &Database, pairs: &[(&str, &Shadow)]) -> Result<Option<Outcome>, Error> {
    for (table, shadow) in pairs {
        if !tables::exists(database, shadow.name()).await? {
            return Ok(Some(Outcome::Unfilled));
        }
        if !tables::exists(database, table).await? {
            return Ok(Some(Outcome::Missing((*table).to_owned())));
        }
        if !tables::has_form_of(database, shadow.name(), table).await? {
            // The swap would take a migration back.
            return Ok(Some(Outcome::Altered((*table).to_owned())));
        }
    }
    Ok(None)
}

async fn rename(
    database: &Database,
    job: &JobId,
    pairs: &[(&str, &Shadow)],
    marker: &CommitMarker,
) -> Result<(), Error> {
    // The marker first: without it, nothing else is touched.
    let mut sql = format!("RENAME TABLE `{}` TO `{}`", marker.name(), marker.renamed());
    for (table, shadow) in pairs {
        let pair = format!(", `{table}` TO `{}`, `{}` TO `{table}`", shadow.previous(job), shadow.name());
        sql.push_str(&pair);
    }
    // The other half of the time that is left is for what follows.
    let timeout = RENAME_TIMEOUT.min(database.deadline().remaining() / 2);
    database.with_deadline(Deadline::after(timeout)).execute(Statement::new(sql)).await.map(|_| ())
}

/// Ends the swap that a marker is for: completes the job if the RENAME has happened; if not, sees
/// to it that it never will, and lifts the fences. Returns true if it has happened.
pub(crate) async fn settle(database: &Database, job: &JobId, marker: &CommitMarker) -> Result<bool, Error> {
    // Waits for a RENAME that has locked the marker; one that still waits for other tables will not
    // find it.
    tables::drop_table(database, marker.name()).await?;
    let has_happened = tables::exists(database, &marker.renamed()).await?;
    if has_happened {
        fence::complete(database, job, marker).await?;
        clean_up(database, job).await;
    } else {
        fence::lift(database, job, marker).await?;
    }
    Ok(has_happened)
}

/// The state of a table's write fence: whether appends and upserts may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fence {
    /// They may write.
    Lifted,
    /// They may not write: a load or a restore is swapping a new table in.
    Raised,
}

/// Lifts the fence of a table if the load or restore that raised it, two minutes ago or more by the
/// database's clock, seems to be gone: settles its swap. Returns how the fence is now.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn recover(database: &Database, table: &str) -> Result<Fence, Error> {
    let database = &database.with_deadline(database.deadline());
    match fence::fenced(database, Some(table)).await?.pop() {
        None => Ok(Fence::Lifted),
        Some(fenced) if fenced.is_stale => recover_stale(database, &fenced).await,
        Some(_) => Ok(Fence::Raised),
    }
}

pub(super) async fn recover_stale(database: &Database, fenced: &Fenced) -> Result<Fence, Error> {
    let Fenced { table, job, .. } = fenced;
    tracing::warn!(job = job.as_str(), table, "a swap was left half done");
    let Some(marker) = fenced.marker() else { return Ok(Fence::Raised) };
    match settle(database, job, &marker).await {
        // The RENAME is still waiting for a transaction to end.
        Err(Error::StatementTimeout { .. } | Error::UnknownOutcome { .. }) => Ok(Fence::Raised),
        settled => settled.map(|_| Fence::Lifted),
    }
}
