//! Committing one chunk: its rows, its ledger row and its rejects file, together or not at all.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use aurora::loads::{self, ChunkCounts, ChunkRejects, Claim, Run};
use aurora::{Database, Deadline, Error, MaybeDatabase, Statement};
use domain::load::{CheckedChunk, RejectReasons, RejectedRecord, rejects_csv, rejects_key};
use domain::sql::InsertStatement;
use tokio::time::sleep;

use super::references::{Missing, References, count_missing};
use crate::Loader;
use crate::error::LoadError;
use crate::read::{Plan, Prepared};
use crate::store::{Store, StoreError};

/// How often a chunk is begun anew because ids of it are taken, or to settle a lost answer, or in
/// smaller statements.
const ATTEMPTS: u32 = 8;

/// How long to wait for another load to swap its table in, before asking again.
const SWAP_PAUSE: Duration = Duration::from_millis(100);
const MAX_SWAP_PAUSE: Duration = Duration::from_secs(2);

/// What the chunks of a run are committed with.
#[derive(Debug)]
pub(crate) struct Committer<'l, S, Q> {
    pub(crate) loader: &'l Loader<S, Q>,
    pub(crate) database: &'l Database,
    pub(crate) run: &'l Run,
    pub(crate) plan: &'l Plan,
    pub(crate) references: &'l References,
    pub(crate) deadline: Deadline,
    /// What tells the rejects files of this function from those of another one that works, or
    /// worked, on the load.
    pub(crate) token: Option<u32>,
}

/// What a committed chunk adds to its load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Committed {
    /// As far as this function knows it.
    pub(crate) rows_loaded: u64,
    pub(crate) rows_rejected: u64,
    /// Whether it was this function that committed it, and not a twin.
    pub(crate) is_ours: bool,
}

/// Why an attempt at a chunk's transaction is rolled back.
enum Unfilled {
    /// The chunk is somebody else's, or nobody's. Nothing was written.
    Claim(Claim),
    Failed(LoadError),
}

impl From<Error> for Unfilled {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<StoreError> for Unfilled {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl MaybeDatabase for Unfilled {
    fn database(&self) -> Option<&Error> {
        match self {
            Self::Claim(_) => None,
            Self::Failed(error) => error.database(),
        }
    }
}

/// What is known of a chunk beyond its preparation, and what one attempt leaves to the next.
struct Attempts<'p> {
    prepared: &'p Prepared,
    missing: Missing,
    rejects_key: String,
    /// Rows in one statement at most.
    max_rows: AtomicUsize,
    /// The first row of a statement that met a taken id: from there on it is asked beforehand which
    /// ids are free.
    asks_from: AtomicUsize,
    /// Whether an attempt may have written a rejects file.
    has_file: AtomicBool,
}

impl<S: Store, Q: Sync> Committer<'_, S, Q> {
    /// Commits a chunk unless it is committed already. A COMMIT whose answer was lost is settled by reading the chunk's
    /// ledger row before anything is tried again.
    pub(crate) async fn commit(&self, prepared: Prepared) -> Result<Committed, LoadError> {
        let Self { loader, database, run, plan, .. } = *self;
        let number = prepared.chunk.number;
        let named = &prepared.references;
        let attempts = Attempts {
            missing: self.references.missing(database, loader.dictionary, &plan.table, named).await?,
            rejects_key: rejects_key(plan.table.name(), &run.id, number, self.token),
            max_rows: AtomicUsize::new(usize::MAX),
            asks_from: AtomicUsize::new(usize::MAX),
            has_file: AtomicBool::new(false),
            prepared: &prepared,
        };
        let attempts = &attempts;
        let mut attempt = 1;
        let mut pause = SWAP_PAUSE;
        loop {
            let filled = database.transaction(|tx| async move { self.fill(&tx, attempts).await }).await;
            let error = match filled {
                Ok(ChunkCounts { rows_loaded, rows_rejected, .. }) => {
                    return Ok(Committed { rows_loaded, rows_rejected, is_ours: true });
                }
                Err(Unfilled::Claim(Claim::Ours | Claim::Committed)) => {
                    return Ok(Committed { rows_loaded: 0, rows_rejected: 0, is_ours: false });
                }
                Err(Unfilled::Claim(Claim::Ended)) => return Err(LoadError::Ended),
                Err(Unfilled::Claim(Claim::Restarted)) => return Err(LoadError::Restarted),
                Err(Unfilled::Claim(Claim::Swapping)) => {
                    if self.deadline.remaining() <= pause {
                        return Err(LoadError::OutOfTime);
                    }
                    loads::recover_gate(database, plan.table.name()).await?;
                    sleep(pause).await;
                    pause = MAX_SWAP_PAUSE.min(2 * pause);
                    continue;
                }
                Err(Unfilled::Failed(error)) => error,
            };
            match &error {
                _ if attempt == ATTEMPTS => return Err(error),
                LoadError::Database(cause) if cause.is_unknown_outcome() => {
                    if loads::is_committed(database, &run.id, number).await? {
                        // What it brought is in the ledger; it counts at the load's end.
                        return Ok(Committed { rows_loaded: 0, rows_rejected: 0, is_ours: true });
                    }
                }
                LoadError::Database(Error::DuplicateKey { .. }) => {}
                LoadError::Database(cause) if cause.wants_smaller() => {
                    let largest = prepared.statements.iter().map(|statement| statement.rows).max();
                    let rows = attempts.max_rows.load(Ordering::Relaxed).min(largest.unwrap_or(1));
                    if rows == 1 {
                        return Err(error);
                    }
                    attempts.max_rows.store(rows / 2, Ordering::Relaxed);
                }
                _ => return Err(error),
            }
            attempt += 1;
        }
    }

    /// Everything between BEGIN and COMMIT; gives what the chunk brings. The ledger row
    /// goes first, so a twin of this load waits there. The rejects file has a name that no other
    /// function gives a file: one that was frozen, and has lost its transaction, overwrites nothing
    /// when it wakes up.
    async fn fill(&self, tx: &aurora::Tx, attempts: &Attempts<'_>) -> Result<ChunkCounts, Unfilled> {
        let Self { loader, run, plan, .. } = *self;
        let Attempts { prepared, missing, rejects_key, .. } = attempts;
        let Prepared { chunk, columns, rows_read, refused, statements, .. } = prepared;
        let max_rows = attempts.max_rows.load(Ordering::Relaxed);
        let asks_from = attempts.asks_from.load(Ordering::Relaxed);
        let needs_rows = !missing.is_empty() || max_rows < usize::MAX || asks_from < usize::MAX;
        let checked = needs_rows.then(|| plan.check(columns, chunk)).transpose();
        let checked = checked.map_err(|header| {
            Unfilled::Failed(LoadError::OtherHeader { header, from: chunk.first_line() })
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
            other => return Err(Unfilled::Claim(other)),
        }
        let smaller = checked
            .as_ref()
            .filter(|_| max_rows < usize::MAX)
            .map(|checked| plan.statements(checked.rows(), max_rows));
        let statements = smaller.as_ref().unwrap_or(statements);
        let taken = self
            .insert(tx, attempts, statements, checked.as_ref().filter(|_| asks_from < usize::MAX))
            .await?;
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
            attempts.has_file.store(true, Ordering::Relaxed);
            loader.store.put_rejects(&loader.bucket, rejects_key, &plan.about_rejects, file).await?;
        } else if attempts.has_file.load(Ordering::Relaxed) {
            loader.store.delete(&loader.bucket, rejects_key).await?;
        }
        Ok(counts)
    }

    /// Inserts the rows; gives the positions of those whose ids are taken.
    ///
    /// Nothing is asked beforehand, until a statement meets a taken id. That ends the transaction:
    /// the next one asks, before that statement and each one after it, which ids are free. `asking`
    /// is the chunk's rows then.
    async fn insert(
        &self,
        tx: &aurora::Tx,
        attempts: &Attempts<'_>,
        statements: &[InsertStatement],
        asking: Option<&CheckedChunk<'_>>,
    ) -> Result<BTreeSet<usize>, Unfilled> {
        let plan = self.plan;
        let asks_from = attempts.asks_from.load(Ordering::Relaxed);
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
                            attempts.asks_from.fetch_min(rows.start, Ordering::Relaxed);
                        }
                        return Err(error.into());
                    }
                }
            }
        }
        Ok(taken)
    }
}
