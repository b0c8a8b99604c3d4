//! Committing one chunk: its rows, its ledger row and its rejects file, together or not at all.

use aurora::loads::{self, ChunkCounts, Claim, Run};
use aurora::{Database, Error};
use domain::load::{CheckedChunk, Chunk, Columns, RejectedRecord, rejects_csv, rejects_key};

use crate::Loader;
use crate::error::LoadError;
use crate::references::{Missing, count_missing};
use crate::store::Store;

/// How often a chunk is begun anew because other writers kept taking its ids, or to settle a lost answer.
const ATTEMPTS: u32 = 5;

/// A chunk with everything that its transaction needs.
pub(crate) struct Work<'c> {
    pub(crate) run: &'c Run,
    pub(crate) chunk: &'c Chunk,
    pub(crate) columns: &'c Columns,
    pub(crate) checked: &'c CheckedChunk<'c>,
    pub(crate) missing: &'c Missing,
}

/// Commits a chunk unless it is committed already. A COMMIT whose answer was lost is settled by reading the chunk's
/// ledger row before anything is tried again.
pub(crate) async fn commit<S: Store>(
    loader: &Loader<S>,
    database: &Database,
    work: &Work<'_>,
) -> Result<(), LoadError> {
    let mut attempt = 1;
    loop {
        let error = match database.transaction(|tx| async move { fill(loader, &tx, work).await }).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        match &error {
            LoadError::Database(cause) if attempt < ATTEMPTS && cause.is_unknown_outcome() => {
                if loads::is_committed(database, &work.run.id, work.chunk.number).await? {
                    return Ok(());
                }
            }
            LoadError::Database(Error::DuplicateKey { .. }) if attempt < ATTEMPTS => {}
            _ => return Err(error),
        }
        attempt += 1;
    }
}

/// Everything between BEGIN and COMMIT. The ledger row goes first, so a twin of this load waits there; the rejects
/// file is written while the row is held, so of two twins only the one that commits has the last word on it.
async fn fill<S: Store>(loader: &Loader<S>, tx: &aurora::Tx, work: &Work<'_>) -> Result<(), LoadError> {
    let Work { run, chunk, columns, checked, missing } = *work;
    if loads::claim_chunk(tx, run, chunk, ChunkCounts::default(), None).await? != Claim::Ours {
        return Ok(());
    }
    let taken = loads::append_rows(tx, checked).await?;
    let mut rejected: Vec<RejectedRecord<'_>> = checked.rejected.clone();
    rejected.extend(taken.iter().map(|position| checked.taken(*position)));
    rejected.sort_by_key(|rejected| rejected.record.line);
    let key = rejects_key(checked.table.name(), &run.id, chunk.number);
    if !rejected.is_empty() {
        let file = rejects_csv(checked.table, columns, &rejected);
        loader.store.put(&loader.bucket, &key, file).await?;
    }
    let counts = ChunkCounts {
        rows_read: checked.rows_read as u64,
        rows_loaded: (checked.len() - taken.len()) as u64,
        rows_rejected: rejected.len() as u64,
        unknown_references: count_missing(checked, &taken, missing),
    };
    let rejects_key = (!rejected.is_empty()).then_some(&*key);
    loads::amend_chunk(tx, run, chunk.number, counts, rejects_key).await?;
    Ok(())
}
