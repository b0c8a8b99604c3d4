//! Runs one restore from its state in the ledger to its end.

mod chunk;
mod external;
mod fill;
mod job;
pub(crate) mod notes;
pub(crate) mod orphans;
mod report;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aurora::restores::{self, Kind, Mode, Restore, Status, Swapped};
use aurora::{Database, Deadline};
use bucket::Store;
use deadline::Pauses;
use domain::backup::{BackupId, Manifest, RestoreId};
use domain::dictionary::Table;
use lambda_kit::VALUES;
use lambda_kit::continuation::Continuation;

use self::fill::{Filler, Totals};
use self::orphans::remove_orphans;
use crate::Restorer;
use crate::error::RestoreError;
use crate::read::find;
use crate::read::parts::{PartSource, TableParts};
use crate::read::plan::{self, TablePlan};
use crate::request::payload::Unfinished;

/// Reserved of the function's time for a swap, which may have to wait for others, or to request a
/// continuation; of a short time, a quarter.
const TIME_TO_SWAP: Duration = Duration::from_secs(90);

/// Reserved of that to record the outcome in the ledger, and to request the next invocation.
const TIME_TO_ANSWER: Duration = Duration::from_secs(15);

/// The number of refusals by the database after which an error is taken to be permanent. A retry
/// costs only its pause, while a restore that fails must be started over.
const REFUSALS: u32 = 2;

impl<S: Store, G: Continuation<Unfinished>> Restorer<S, G> {
    /// Works on a running restore until it has ended, or hands it to another invocation.
    ///
    /// # Errors
    /// The reason of the interruption. The restore continues when it is invoked again, and fails if
    /// it never is.
    pub(crate) async fn run(
        &self,
        id: &RestoreId,
        deadline: Deadline,
        is_drill: bool,
    ) -> Result<Restore, RestoreError> {
        let ledger = &self.database.with_deadline(deadline);
        let fill_until = deadline.reserve(TIME_TO_SWAP, 4);
        let progress = AtomicU64::new(0);
        let work = Work {
            restorer: self,
            id,
            database: self.database.with_deadline(deadline.reserve(TIME_TO_ANSWER, 10)),
            filling: self.database.with_deadline(fill_until),
            fill_until,
            whole: fill_until.remaining(),
            progress: &progress,
        };
        let error = match work.until_ended().await {
            Ok(()) | Err(RestoreError::Ended) => return self.report_end(ledger, id).await,
            Err(error) => error,
        };
        tracing::debug!(target: VALUES, { restore.id = id.as_str(), error = ?error }, "cause");
        // A call that was cut off by the deadline looks like a database that is away.
        let is_over = error.is_out_of_time() || error.may_pass_soon() && fill_until.is_over();
        if is_over && progress.load(Ordering::Relaxed) > 0 {
            return self.continue_later(ledger, id, is_drill).await;
        }
        if error.may_pass_soon() {
            tracing::warn!(
                restore.id = id.as_str(),
                error.class = error.class(),
                error.causes = error.causes(),
                "the restore has not ended; the next invocation continues it"
            );
            return Err(error);
        }
        let reason = error.reason();
        tracing::warn!(restore.id = id.as_str(), error.class = error.class(), reason, "the restore fails");
        if matches!(error, RestoreError::Damaged(_)) {
            work.mark_broken(&reason).await;
        }
        self.fail(ledger, id, &reason).await
    }

    /// Lets another invocation continue a restore.
    async fn continue_later(
        &self,
        ledger: &Database,
        id: &RestoreId,
        is_drill: bool,
    ) -> Result<Restore, RestoreError> {
        tracing::info!(restore.id = id.as_str(), "the time is up; another invocation continues the restore");
        let unfinished = Unfinished { restore: id.clone(), drill: is_drill };
        self.continuation.continue_later(unfinished).await?;
        restores::get(ledger, id).await?.ok_or(RestoreError::Ended)
    }

    /// Fails a restore that cannot be done, or was abandoned.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(crate) async fn fail(
        &self,
        ledger: &Database,
        id: &RestoreId,
        reason: &str,
    ) -> Result<Restore, RestoreError> {
        restores::fail(ledger, id, reason).await?;
        self.report_end(ledger, id).await
    }

    /// Reports how a restore has ended to logs, metrics and its backup, and removes what it left
    /// over.
    async fn report_end(&self, ledger: &Database, id: &RestoreId) -> Result<Restore, RestoreError> {
        let Some(restore) = restores::get(ledger, id).await? else { return Err(RestoreError::Ended) };
        report::ended(&restore);
        self.send_event(ledger, &restore).await;
        if restore.status == Status::Completed
            && let Err(error) = find::note(&self.store, self.dictionary, &restore, None).await
        {
            tracing::warn!(
                error.causes = error.causes(),
                "the verification could not be noted with the backup"
            );
        }
        if let Err(error) = remove_orphans(&self.store, ledger, &restore).await {
            tracing::warn!(
                error.causes = error.causes(),
                "the reaper removes what rejects files are left over"
            );
        }
        Ok(restore)
    }
}

struct Work<'r, S, G> {
    restorer: &'r Restorer<S, G>,
    id: &'r RestoreId,
    /// For the swap, which may take longer than filling may.
    database: Database,
    /// For all before it.
    filling: Database,
    fill_until: Deadline,
    /// The time until then, at the start.
    whole: Duration,
    progress: &'r AtomicU64,
}

impl<S: Store, G: Continuation<Unfinished>> Work<'_, S, G> {
    /// Works on the restore, and again when it was disturbed, as long as there is time.
    async fn until_ended(&self) -> Result<(), RestoreError> {
        let mut pauses = Pauses::default();
        let mut refusals = 0;
        loop {
            let error = match self.once().await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            refusals += u32::from(error.is_refusal_of_database());
            let may_pass = error.may_pass_soon() || error.is_refusal_of_database() && refusals <= REFUSALS;
            let Some(pause) = pauses.next_before(self.fill_until).filter(|_| may_pass) else {
                return Err(error);
            };
            tracing::warn!(
                restore.id = self.id.as_str(),
                error.class = error.class(),
                error.causes = error.causes(),
                pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                "the restore was disturbed and is tried again"
            );
            tokio::time::sleep(pause).await;
        }
    }

    async fn once(&self) -> Result<(), RestoreError> {
        let Some(restore) = restores::get(&self.filling, self.id).await? else {
            return Err(RestoreError::Ended);
        };
        if restore.status != Status::Running {
            return Err(RestoreError::Ended);
        }
        let swapped = match restore.kind {
            Kind::Undo => restores::undo(&self.database, self.id).await?,
            Kind::Backup => {
                self.fill_from_backup(&restore).await?;
                self.finish(&restore).await?
            }
            Kind::Files => {
                let limit = self.restorer.options.max_rejects;
                external::fill(&self.filler(&restore), &self.tables(&restore)?, limit).await?;
                self.finish(&restore).await?
            }
        };
        match swapped {
            Swapped::Ended => Ok(()),
            Swapped::Unfilled => Err(RestoreError::Restarted),
        }
    }

    async fn finish(&self, restore: &Restore) -> Result<Swapped, RestoreError> {
        Ok(match restore.mode {
            Mode::Replace => restores::swap(&self.database, self.id).await?,
            Mode::Verify => restores::finish_verify(&self.database, self.id).await?,
        })
    }

    async fn fill_from_backup(&self, restore: &Restore) -> Result<(), RestoreError> {
        let store = &self.restorer.store;
        let manifest = self.manifest(restore).await?;
        let tables = self.tables(restore)?;
        let plans = plan::of_backup(store, &self.filling, &manifest, &tables).await?;
        // Committed rows have passed this check; a restore that resumes does not read everything
        // again.
        if restore.tables.values().all(|table| table.rows_read == 0) {
            plan::check_hashes(store, &plans, self.fill_until).await?;
        }
        let filler = self.filler(restore);
        for TablePlan { table, nullable, parts } in plans {
            let expected = parts.clone();
            filler
                .fill(
                    table,
                    &nullable,
                    |opening| Ok(Box::new(PartSource::new(opening, parts))),
                    |totals| as_in_manifest(&expected, totals),
                )
                .await?;
        }
        Ok(())
    }

    /// Reads the manifest of the backup that the restore is from.
    async fn manifest(&self, restore: &Restore) -> Result<Manifest, RestoreError> {
        let backup = BackupId::parse(&restore.source);
        let manifest = match &backup {
            Some(backup) => find::manifest(&self.restorer.store, backup).await?,
            None => None,
        };
        manifest.ok_or_else(|| RestoreError::Refused(vec![find::no_backup(&restore.source)]))
    }

    /// Returns the restore's tables, in the dictionary's order.
    fn tables(&self, restore: &Restore) -> Result<Vec<&'static Table>, RestoreError> {
        let dictionary = self.restorer.dictionary;
        let unknown = restore.tables.keys().filter(|name| dictionary.table(name).is_none());
        let unknown: Vec<String> =
            unknown.map(|name| format!("the dictionary has no table {name}")).collect();
        let is_asked = |table: &&Table| restore.tables.contains_key(table.name());
        let tables: Vec<_> = dictionary.tables().iter().filter(is_asked).collect();
        match (unknown.is_empty(), tables.is_empty()) {
            (false, _) => Err(RestoreError::Refused(unknown)),
            (true, true) => Err(RestoreError::Refused(vec!["there is no table to restore".to_owned()])),
            (true, false) => Ok(tables),
        }
    }

    fn filler<'w>(&'w self, restore: &'w Restore) -> Filler<'w, S> {
        Filler {
            store: &self.restorer.store,
            database: &self.filling,
            restore,
            lanes: self.restorer.options.lanes,
            deadline: self.fill_until,
            whole: self.whole,
            progress: self.progress,
        }
    }

    /// Notes with the backup that it is broken.
    async fn mark_broken(&self, reason: &str) {
        let Ok(Some(restore)) = restores::get(&self.database, self.id).await else { return };
        let Restorer { store, dictionary, .. } = self.restorer;
        if let Err(error) = find::note(store, dictionary, &restore, Some(reason)).await {
            tracing::warn!(error.causes = error.causes(), "the damage could not be noted with the backup");
        }
    }
}

/// Holds what was decoded against what the manifest says was written.
fn as_in_manifest(expected: &TableParts, totals: &Totals) -> Result<(), RestoreError> {
    if Some(totals.read) == expected.sum && totals.rows_rejected == 0 {
        return Ok(());
    }
    let expected_sum = expected.sum.unwrap_or_default();
    Err(RestoreError::Damaged(format!(
        "{}: {} were decoded, but the manifest says {expected_sum}",
        expected.table, totals.read
    )))
}
