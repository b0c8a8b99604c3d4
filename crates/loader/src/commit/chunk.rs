//! Commits one chunk: its rows, its ledger row and its rejects file, all or nothing.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use aurora::committer::{self, PendingChunk, Rollback};
use aurora::loads::{self, ChunkCounts, ChunkRejects, Claim, Run};
use aurora::{Database, Error, Statement, Tx};
use bucket::{Store, When};
use domain::load::{CheckedChunk, Facts, Judged, RejectReasons, rejects_csv, rejects_key};
use domain::sql::InsertStatement;
use domain::value::Key;
use lambda_kit::VALUES;

use super::part::StoredPart;
use super::references::{Missing, References, hold};
use crate::error::LoadError;
use crate::loader::Loader;
use crate::read::{Plan, Prepared};

/// How often a part is tried that the database does not load for a reason that may pass.
const PART_FAILURES: u32 = 2;

/// Commits the chunks of a run.
#[derive(Debug)]
pub(crate) struct Committer<'l, S, Q> {
    pub(crate) loader: &'l Loader<S, Q>,
    pub(crate) database: &'l Database,
    pub(crate) run: &'l Run,
    pub(crate) plan: &'l Plan,
    pub(crate) references: &'l References,
    /// Distinguishes the rejects files of this function from those of other functions that work, or
    /// worked, on the load.
    pub(crate) token: Option<u32>,
}

/// The figures that a committed chunk adds to its load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Committed {
    /// The number of loaded rows, as far as this function knows it.
    pub(crate) rows_loaded: u64,
    pub(crate) rows_rejected: u64,
    /// True if this function committed it, and not a concurrent one.
    pub(crate) is_ours: bool,
}

/// A chunk, and what one attempt at it leaves to the next.
struct Pending<'c, S, Q> {
    committer: &'c Committer<'c, S, Q>,
    prepared: Prepared,
    missing: Missing,
    rejects_key: String,
    /// The chunk's part, if it is to be sent as one.
    part: Option<StoredPart>,
    /// How often the database did not load the part, and true once statements are sent instead.
    part_failures: AtomicU32,
    is_part_refused: AtomicBool,
    /// True as long as the rows may be sent as they were prepared.
    as_prepared: bool,
    /// Rows in one statement at most.
    max_rows: usize,
    /// Rows of the largest statement so far.
    largest: AtomicUsize,
    /// True if a statement has met a taken key or unique value: the next attempt asks before it
    /// writes.
    was_taken: AtomicBool,
    /// True if an attempt may have written a rejects file.
    has_file: AtomicBool,
}

/// Returns true if all accepted rows can be written though these references name no row.
fn is_whole(plan: &Plan, missing: &Missing) -> bool {
    missing.is_empty() || !plan.rejects_unknown()
}

impl<S: Store, Q: Sync> Committer<'_, S, Q> {
    /// Commits a chunk unless it is committed already.
    pub(crate) async fn commit(&self, mut prepared: Prepared) -> Result<Committed, LoadError> {
        let Self { loader, database, run, plan, .. } = *self;
        let named = &prepared.references;
        let missing = self.references.missing(database, loader.dictionary, plan, named).await?;
        let may_load = plan.by_parts.load(Ordering::Relaxed) && is_whole(plan, &missing);
        let (part, as_prepared) = match prepared.part.take() {
            None => (None, true),
            Some(part) if may_load => (Some(self.store_part(prepared.chunk.number, part).await?), true),
            Some(_) => (None, false),
        };
        let part_key = part.as_ref().map(|part| part.key.clone());
        let pending = Pending {
            committer: self,
            missing,
            rejects_key: rejects_key(plan.table.name(), &run.id, prepared.chunk.number, self.token),
            part,
            part_failures: AtomicU32::new(0),
            is_part_refused: AtomicBool::new(false),
            as_prepared,
            max_rows: usize::MAX,
            largest: AtomicUsize::new(0),
            was_taken: AtomicBool::new(false),
            has_file: AtomicBool::new(false),
            prepared,
        };
        let (counts, is_ours) = match committer::commit(database, pending).await? {
            committer::Committed::Now(counts) => (counts, true),
            // The ledger has its figures; they count at the load's end.
            committer::Committed::Unanswered => (ChunkCounts::default(), true),
            committer::Committed::Already => (ChunkCounts::default(), false),
        };
        if let Some(key) = part_key {
            self.remove_part(&key).await;
        }
        let ChunkCounts { rows_loaded, rows_rejected, .. } = counts;
        Ok(Committed { rows_loaded, rows_rejected, is_ours })
    }
}

impl<S: Store, Q: Sync> PendingChunk for Pending<'_, S, Q> {
    type Error = LoadError;
    type Output = ChunkCounts;

    /// Claims the chunk, inserts its rows, and writes its rejects file. The file has a name that no
    /// other function gives a file: a function that was frozen, and has lost its transaction,
    /// overwrites nothing when it wakes up.
    ///
    /// An insert is tried as it was prepared: nothing is asked beforehand, until a statement meets
    /// something taken. That ends the transaction, and the next one asks first.
    async fn fill(&self, tx: &Tx) -> Result<ChunkCounts, Rollback<LoadError>> {
        let Committer { loader, run, plan, .. } = *self.committer;
        let Self { prepared, rejects_key, .. } = self;
        let asks = plan.asks_first() || self.was_taken.load(Ordering::Relaxed);
        let mut facts = Facts { missing: self.missing.clone(), ..Facts::default() };
        let mut counts = self.figures(prepared.refused);
        if !asks && !facts.missing.is_empty() {
            counts.unknown_references = self.check()?.judge(plan.mode, &facts).unknown_references;
        }
        let noted = |reasons| ChunkRejects { key: rejects_key, reasons };
        let rejects = (counts.rows_rejected > 0).then(|| noted(&prepared.reasons));
        match loads::claim_chunk(tx, run, &prepared.chunk, counts, rejects).await? {
            Claim::Ours => {}
            Claim::Committed => return Err(Rollback::Committed),
            Claim::Fenced => return Err(Rollback::Fenced),
            Claim::Ended => return Err(Rollback::Failed(LoadError::Ended)),
            Claim::Restarted => return Err(Rollback::Failed(LoadError::Restarted)),
        }
        for (place, lost) in hold(tx, loader.dictionary, plan, &prepared.references, &facts.missing).await? {
            facts.missing.entry(place).or_default().extend(lost);
        }
        if self.is_ready() && !asks && is_whole(plan, &facts.missing) {
            match &self.part {
                Some(part) => {
                    let loaded = part.load(tx).await;
                    self.note_part(&loaded);
                    self.note_taken(&loaded);
                    loaded?;
                }
                None => self.execute(tx, &prepared.statements).await?,
            }
            self.keep_rejects(prepared.rejects.clone()).await?;
            return Ok(counts);
        }
        let checked = self.check()?;
        if asks {
            let taken = loads::taken(tx, &plan.target, &checked, plan.mode).await?;
            facts = Facts { missing: facts.missing, ..taken };
        }
        let judged = checked.judge(plan.mode, &facts);
        self.write(tx, &judged).await?;
        let rejected = judged.rejected();
        let reasons = RejectReasons::of_chunk(&rejected);
        let unknown_references = judged.unknown_references;
        let found = ChunkCounts { unknown_references, ..self.figures(rejected.len()) };
        if found != counts || reasons != prepared.reasons {
            let rejects = (!rejected.is_empty()).then(|| noted(&reasons));
            loads::amend_chunk(tx, run, prepared.chunk.number, found, rejects).await?;
        }
        let file = (!rejected.is_empty()).then(|| rejects_csv(&plan.table, &prepared.columns, &rejected));
        self.keep_rejects(file).await?;
        Ok(found)
    }

    async fn is_committed(&self, database: &Database) -> Result<bool, Error> {
        loads::is_committed(database, &self.committer.run.id, self.prepared.chunk.number).await
    }

    /// Sends statements if the database refused the part, and halves them if one was too large. The
    /// next attempt asks what is taken anyway if something was.
    async fn avoid(&mut self, _: &Database, error: LoadError) -> Result<(), LoadError> {
        match &error {
            LoadError::Database(Error::DuplicateKey { .. }) => Ok(()),
            LoadError::Database(_) if self.as_prepared && !self.is_ready() => {
                self.as_prepared = false;
                Ok(())
            }
            LoadError::Database(cause) if cause.wants_smaller() => {
                self.as_prepared = false;
                self.max_rows = self.max_rows.min(self.largest.load(Ordering::Relaxed)) / 2;
                if self.max_rows == 0 { Err(error) } else { Ok(()) }
            }
            _ => Err(error),
        }
    }

    async fn recover_fence(&self, database: &Database) -> Result<(), Error> {
        aurora::swap::recover(database, self.committer.plan.table.name()).await.map(drop)
    }
}

impl<S: Store, Q: Sync> Pending<'_, S, Q> {
    fn check(&self) -> Result<CheckedChunk<'_>, Rollback<LoadError>> {
        let Prepared { chunk, columns, .. } = &self.prepared;
        self.committer
            .plan
            .check(columns, chunk)
            .map_err(|header| Rollback::Failed(LoadError::OtherHeader { header, from: chunk.first_line() }))
    }

    /// Returns the figures of the chunk with so many rejected records, without references.
    fn figures(&self, rejected: usize) -> ChunkCounts {
        let Prepared { rows_read, skipped, .. } = self.prepared;
        ChunkCounts {
            rows_read: rows_read as u64,
            rows_loaded: (rows_read - rejected) as u64,
            rows_rejected: rejected as u64,
            unknown_references: 0,
            rows_skipped: skipped as u64,
        }
    }

    /// Writes the accepted rows.
    async fn write(&self, tx: &Tx, judged: &Judged<'_, '_>) -> Result<(), Error> {
        let plan = self.committer.plan;
        if !plan.asks_first() {
            let rows = judged.accepted().map(|(_, row)| row);
            return self.execute(tx, &plan.statements(rows, self.max_rows)).await;
        }
        for group in judged.groups() {
            let keys: HashSet<Key> = group.iter().filter_map(|row| plan.table.key_of(row)).collect();
            self.execute(tx, &plan.statements(group.into_iter(), self.max_rows)).await?;
            loads::check_written(tx, &plan.table, &plan.target, &keys).await?;
        }
        Ok(())
    }

    async fn execute(&self, tx: &Tx, statements: &[InsertStatement]) -> Result<(), Error> {
        for statement in statements {
            self.largest.fetch_max(statement.rows, Ordering::Relaxed);
            let written = tx.execute(Statement::from(statement)).await.map(drop);
            self.note_taken(&written);
            written?;
        }
        Ok(())
    }

    /// Returns true if the rows can be sent as they were prepared.
    fn is_ready(&self) -> bool {
        self.as_prepared && !self.is_part_refused.load(Ordering::Relaxed)
    }

    /// Notes if a statement has met a taken key or unique value.
    fn note_taken(&self, written: &Result<(), Error>) {
        let is_taken = written.as_ref().is_err_and(Error::is_duplicate_key);
        self.was_taken.fetch_or(is_taken, Ordering::Relaxed);
    }

    /// Notes if the database did not load the part: it is tried again for what may pass, but not
    /// for ever. From then on this chunk and those after it are sent in statements.
    fn note_part(&self, loaded: &Result<(), Error>) {
        let error = match loaded {
            Ok(()) => return,
            // Statements would meet these as well.
            Err(
                Error::DuplicateKey { .. }
                | Error::Deadlock { .. }
                | Error::LockWaitTimeout { .. }
                | Error::Resuming { .. }
                | Error::Throttled { .. }
                | Error::OutOfTime,
            ) => return,
            Err(error) => error,
        };
        let failures = self.part_failures.fetch_add(1, Ordering::Relaxed) + 1;
        if error.is_retryable() && failures < PART_FAILURES {
            return;
        }
        self.is_part_refused.store(true, Ordering::Relaxed);
        self.committer.plan.by_parts.store(false, Ordering::Relaxed);
        let code = if let Error::Sql { code, .. } = error { *code } else { None };
        tracing::warn!(
            load.id = self.committer.run.id.as_str(),
            error.class = error.class(),
            error.code = code,
            "the database loads no parts from the bucket; the load sends statements"
        );
        tracing::debug!(target: VALUES, { error = ?error }, "cause");
    }

    /// Writes the chunk's rejects file, or removes that of an attempt before.
    async fn keep_rejects(&self, file: Option<Vec<u8>>) -> Result<(), Rollback<LoadError>> {
        let Committer { loader, plan, .. } = *self.committer;
        let kept = if let Some(file) = file {
            self.has_file.store(true, Ordering::Relaxed);
            let metadata = plan.rejects_metadata.clone();
            loader.store.put_with(&self.rejects_key, file.into(), metadata, When::Always).await.map(drop)
        } else if self.has_file.load(Ordering::Relaxed) {
            loader.store.delete(std::slice::from_ref(&self.rejects_key)).await.map(drop)
        } else {
            Ok(())
        };
        kept.map_err(LoadError::from).map_err(Rollback::Failed)
    }
}
