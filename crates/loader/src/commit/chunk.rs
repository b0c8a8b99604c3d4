//! Commits one chunk: its rows, its ledger row and its rejects file, all or nothing.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aurora::committer::{self, PendingChunk, Rollback};
use aurora::loads::{self, ChunkCounts, ChunkRejects, Claim, Run};
use aurora::{Database, Error, Statement, Tx};
use bucket::{Store, When};
use domain::load::{CheckedChunk, RejectReasons, RejectedRecord, rejects_csv, rejects_key};
use domain::sql::InsertStatement;

use super::references::{Missing, References, count_missing};
use crate::error::LoadError;
use crate::loader::Loader;
use crate::read::{Plan, Prepared};

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
    /// Rows in one statement at most.
    max_rows: usize,
    /// The first row of a statement that met a taken id. Before this statement and each one after
    /// it, the next attempt asks which ids are free.
    asks_from: AtomicUsize,
    /// True if an attempt may have written a rejects file.
    has_file: AtomicBool,
}

impl<S: Store, Q: Sync> Committer<'_, S, Q> {
    /// Commits a chunk unless it is committed already.
    pub(crate) async fn commit(&self, prepared: Prepared) -> Result<Committed, LoadError> {
        let Self { loader, database, run, plan, .. } = *self;
        let named = &prepared.references;
        let pending = Pending {
            committer: self,
            missing: self.references.missing(database, loader.dictionary, &plan.table, named).await?,
            rejects_key: rejects_key(plan.table.name(), &run.id, prepared.chunk.number, self.token),
            max_rows: usize::MAX,
            asks_from: AtomicUsize::new(usize::MAX),
            has_file: AtomicBool::new(false),
            prepared,
        };
        let (counts, is_ours) = match committer::commit(database, pending).await? {
            committer::Committed::Now(counts) => (counts, true),
            // The ledger has its figures; they count at the load's end.
            committer::Committed::Unanswered => (ChunkCounts::default(), true),
            committer::Committed::Already => (ChunkCounts::default(), false),
        };
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
    async fn fill(&self, tx: &Tx) -> Result<ChunkCounts, Rollback<LoadError>> {
        let Committer { loader, run, plan, .. } = *self.committer;
        let Self { prepared, missing, rejects_key, max_rows, .. } = self;
        let Prepared { chunk, columns, rows_read, refused, statements, .. } = prepared;
        let max_rows = *max_rows;
        let asks_from = self.asks_from.load(Ordering::Relaxed);
        let needs_rows = !missing.is_empty() || max_rows < usize::MAX || asks_from < usize::MAX;
        let checked = needs_rows.then(|| plan.check(columns, chunk)).transpose();
        let checked = checked.map_err(|header| {
            Rollback::Failed(LoadError::OtherHeader { header, from: chunk.first_line() })
        })?;
        let unknown = |taken: &BTreeSet<usize>| {
            checked.as_ref().map_or(0, |checked| count_missing(checked, taken, missing))
        };
        let mut counts = ChunkCounts {
            rows_read: *rows_read as u64,
            rows_loaded: (rows_read - refused) as u64,
            rows_rejected: *refused as u64,
            unknown_references: unknown(&BTreeSet::new()),
            rows_skipped: prepared.skipped as u64,
        };
        let noted = |reasons| ChunkRejects { key: rejects_key, reasons };
        let rejects = (*refused > 0).then(|| noted(&prepared.reasons));
        match loads::claim_chunk(tx, run, chunk, counts, rejects).await? {
            Claim::Ours => {}
            Claim::Committed => return Err(Rollback::Committed),
            Claim::Fenced => return Err(Rollback::Fenced),
            Claim::Ended => return Err(Rollback::Failed(LoadError::Ended)),
            Claim::Restarted => return Err(Rollback::Failed(LoadError::Restarted)),
        }
        let smaller = checked
            .as_ref()
            .filter(|_| max_rows < usize::MAX)
            .map(|checked| plan.statements(checked.rows(), max_rows));
        let statements = smaller.as_ref().unwrap_or(statements);
        let asking = checked.as_ref().filter(|_| asks_from < usize::MAX);
        let taken = self.insert(tx, statements, asking).await?;
        let file = match &checked {
            Some(checked) if !taken.is_empty() => {
                let mut rejected: Vec<RejectedRecord<'_>> = checked.rejected.clone();
                rejected.extend(taken.iter().map(|position| checked.taken(*position)));
                rejected.sort_by_key(|rejected| rejected.record.line);
                counts.rows_loaded -= taken.len() as u64;
                counts.rows_rejected += taken.len() as u64;
                counts.unknown_references = unknown(&taken);
                let reasons = RejectReasons::of_chunk(&rejected);
                loads::amend_chunk(tx, run, chunk.number, counts, Some(noted(&reasons))).await?;
                Some(rejects_csv(&plan.table, columns, &rejected))
            }
            _ => prepared.rejects.clone(),
        };
        if let Some(file) = file {
            self.has_file.store(true, Ordering::Relaxed);
            let metadata = plan.rejects_metadata.clone();
            let put = loader.store.put_with(rejects_key, file.into(), metadata, When::Always);
            put.await.map_err(LoadError::from).map_err(Rollback::Failed)?;
        } else if self.has_file.load(Ordering::Relaxed) {
            let deleted = loader.store.delete(std::slice::from_ref(rejects_key)).await;
            deleted.map_err(LoadError::from).map_err(Rollback::Failed)?;
        }
        Ok(counts)
    }

    async fn is_committed(&self, database: &Database) -> Result<bool, Error> {
        loads::is_committed(database, &self.committer.run.id, self.prepared.chunk.number).await
    }

    /// Halves the statements if one was too large. The next attempt asks for free ids anyway if one
    /// was taken.
    async fn avoid(&mut self, _: &Database, error: LoadError) -> Result<(), LoadError> {
        match &error {
            LoadError::Database(Error::DuplicateKey { .. }) => Ok(()),
            LoadError::Database(cause) if cause.wants_smaller() => {
                let largest = self.prepared.statements.iter().map(|statement| statement.rows).max();
                self.max_rows = self.max_rows.min(largest.unwrap_or(1)) / 2;
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
    /// Inserts the rows; returns the positions of those whose ids are taken.
    ///
    /// Nothing is asked beforehand, until a statement meets a taken id. That ends the transaction:
    /// the next one asks, before that statement and each one after it, which ids are free. `asking`
    /// is the chunk's rows then.
    async fn insert(
        &self,
        tx: &Tx,
        statements: &[InsertStatement],
        asking: Option<&CheckedChunk<'_>>,
    ) -> Result<BTreeSet<usize>, Error> {
        let plan = self.committer.plan;
        let asks_from = self.asks_from.load(Ordering::Relaxed);
        let mut taken = BTreeSet::new();
        let mut first = 0;
        for statement in statements {
            let rows = first..first + statement.rows;
            first = rows.end;
            match asking.filter(|_| rows.end > asks_from) {
                Some(checked) => taken.extend(
                    loads::append_free_rows(tx, &plan.target, || plan.writer(), checked, rows).await?,
                ),
                None => {
                    if let Err(error) = tx.execute(Statement::new(statement.sql.clone())).await {
                        if error.is_duplicate_key() {
                            self.asks_from.fetch_min(rows.start, Ordering::Relaxed);
                        }
                        return Err(error);
                    }
                }
            }
        }
        Ok(taken)
    }
}
