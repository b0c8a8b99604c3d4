//! The chunks of a load: each is recorded in the transaction that carries its rows.

use std::collections::BTreeSet;

use domain::load::{Chunk, LoadId};
use serde::Deserialize;

use crate::{Database, Error, Statement, Tx};

/// What a chunk brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChunkCounts {
    /// Records read: those loaded and those rejected.
    pub rows_read: u64,
    /// Rows loaded.
    pub rows_loaded: u64,
    /// Records rejected.
    pub rows_rejected: u64,
    /// References of loaded rows that name no row.
    pub unknown_references: u64,
}

/// Whose a chunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// This transaction's: nobody else can commit it.
    Ours,
    /// Committed already.
    Committed,
    /// Nobody's any more: the load has ended.
    Ended,
}

/// Claims a chunk for the transaction, as its first statement: a twin that does the same chunk waits here until this
/// transaction ends, and then finds the chunk committed or free.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn claim_chunk(tx: &Tx, id: &LoadId, chunk: &Chunk) -> Result<Claim, Error> {
    let sql = "INSERT INTO rowgate_load_chunks (load_id, chunk_no, first_line, start_byte, end_byte, \
               rows_read, rows_loaded, rows_rejected, unknown_references, committed_at) \
               SELECT load_id, :chunk, :line, :start, :end, 0, 0, 0, 0, UTC_TIMESTAMP(3) \
               FROM rowgate_loads WHERE load_id = :load AND status = 'running' LOCK IN SHARE MODE";
    let insert = Statement::new(sql)
        .bind("load", id.as_str())
        .bind("chunk", i64::from(chunk.number))
        .bind("line", long(chunk.first_line()))
        .bind("start", long(chunk.start_byte))
        .bind("end", long(chunk.end_byte));
    match tx.execute(insert).await {
        // The lock on the load's row keeps it from being ended while a transaction holds chunks of it.
        Ok(inserted) => Ok(if inserted.updated > 0 { Claim::Ours } else { Claim::Ended }),
        Err(error) if error.is_duplicate_key() => Ok(Claim::Committed),
        Err(error) => Err(error),
    }
}

/// Records what the claimed chunk brought, and where its rejects file is.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn record_chunk(
    tx: &Tx,
    id: &LoadId,
    chunk: u32,
    counts: ChunkCounts,
    rejects_key: Option<&str>,
) -> Result<(), Error> {
    let sql = "UPDATE rowgate_load_chunks SET rows_read = :read, rows_loaded = :loaded, rows_rejected = :rejected, \
               unknown_references = :unknown, rejects_key = :rejects, committed_at = UTC_TIMESTAMP(3) \
               WHERE load_id = :load AND chunk_no = :chunk";
    let update = Statement::new(sql)
        .bind("load", id.as_str())
        .bind("chunk", i64::from(chunk))
        .bind("read", long(counts.rows_read))
        .bind("loaded", long(counts.rows_loaded))
        .bind("rejected", long(counts.rows_rejected))
        .bind("unknown", long(counts.unknown_references))
        .bind("rejects", rejects_key);
    tx.execute(update).await.map(|_| ())
}

/// The numbers of the chunks that are committed.
///
/// # Errors
/// As [`Database::query`].
pub async fn committed_chunks(database: &Database, id: &LoadId) -> Result<BTreeSet<u32>, Error> {
    #[derive(Deserialize)]
    struct Row {
        chunk_no: u32,
    }
    let sql = "SELECT chunk_no FROM rowgate_load_chunks WHERE load_id = :load";
    let rows: Vec<Row> = database.query(Statement::new(sql).bind("load", id.as_str())).await?;
    Ok(rows.into_iter().map(|row| row.chunk_no).collect())
}

/// Whether a chunk is committed: what settles a COMMIT whose answer was lost.
///
/// # Errors
/// As [`Database::query`].
pub async fn is_committed(database: &Database, id: &LoadId, chunk: u32) -> Result<bool, Error> {
    // Locks the row, so that a commit that is still under way is waited for and not taken for a failed one.
    let sql = "SELECT chunk_no FROM rowgate_load_chunks WHERE load_id = :load AND chunk_no = :chunk LOCK IN SHARE MODE";
    let select = Statement::new(sql).bind("load", id.as_str()).bind("chunk", i64::from(chunk));
    let rows: Vec<serde::de::IgnoredAny> = database.query(select).await?;
    Ok(!rows.is_empty())
}

fn long(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
