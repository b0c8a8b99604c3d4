//! The chunks of a load: each is recorded in the transaction that carries its rows.

use std::collections::BTreeMap;

use domain::load::{Chunk, LoadId, LoadStatus, RejectReasons};
use serde::Deserialize;

use super::Run;
use crate::ledger::long;
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
    /// Records that count for nothing: rows of empty fields, and the header again.
    pub rows_skipped: u64,
}

/// What the ledger notes of a chunk's rejected records.
#[derive(Debug, Clone, Copy)]
pub struct ChunkRejects<'a> {
    /// Where they are.
    pub key: &'a str,
    /// Why they were rejected.
    pub reasons: &'a RejectReasons,
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
    /// Nobody's: the load has been sent back to its start, and this run is over.
    Restarted,
    /// Nobody's for now: another load or a restore is swapping a new table in.
    Swapping,
}

/// Claims a chunk for the transaction, as its first statement, and records what it will bring: a twin that does the
/// same chunk waits here until this transaction ends, and then finds the chunk committed or free.
///
/// A transaction that gets any answer but [`Claim::Ours`] is to be rolled back: its statement may
/// have failed.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn claim_chunk(
    tx: &Tx,
    run: &Run,
    chunk: &Chunk,
    counts: ChunkCounts,
    rejects: Option<ChunkRejects<'_>>,
) -> Result<Claim, Error> {
    // The locks keep the load from being ended or restarted, and its table from being swapped, while a transaction
    // holds chunks of it. A replacing load writes to a table of its own and passes every gate.
    let sql = "INSERT INTO rowgate_load_chunks (load_id, chunk_no, first_line, end_line, start_byte, end_byte, digest, \
               rows_read, rows_loaded, rows_rejected, unknown_references, rows_skipped, rejects_key, reject_reasons, \
               committed_at) \
               SELECT l.load_id, :chunk, :first_line, :end_line, :start, :end, :digest, :read, :loaded, :rejected, \
               :unknown, :skipped, :rejects, :reasons, UTC_TIMESTAMP(3) \
               FROM rowgate_loads l JOIN rowgate_table_gates g ON g.table_name = l.table_name \
               WHERE l.load_id = :load AND l.status = 'running' AND l.restarts = :restarts \
               AND (l.mode = 'replace' OR g.swapping_load_id IS NULL AND g.swapping_restore_id IS NULL) \
               LOCK IN SHARE MODE";
    let insert = bind_counts(Statement::new(sql), counts, rejects)?
        .bind("load", run.id.as_str())
        .bind("restarts", i64::from(run.restarts))
        .bind("chunk", i64::from(chunk.number))
        .bind("first_line", long(chunk.first_line()))
        .bind("end_line", long(chunk.end_line))
        .bind("start", long(chunk.start_byte))
        .bind("end", long(chunk.end_byte))
        .bind("digest", hex::encode(chunk.digest));
    match tx.execute(insert).await {
        Ok(inserted) if inserted.updated > 0 => Ok(Claim::Ours),
        Ok(_) => why_not(tx, run).await,
        Err(error) if error.is_duplicate_key() => Ok(Claim::Committed),
        Err(error) => Err(error),
    }
}

/// Why a claim found nothing to claim.
async fn why_not(tx: &Tx, run: &Run) -> Result<Claim, Error> {
    #[derive(Deserialize)]
    struct Row {
        status: LoadStatus,
        restarts: u32,
    }
    let sql = "SELECT status, restarts FROM rowgate_loads WHERE load_id = :load LOCK IN SHARE MODE";
    let rows: Vec<Row> = tx.query(Statement::new(sql).bind("load", run.id.as_str())).await?;
    Ok(match rows.first() {
        Some(row) if row.status == LoadStatus::Running && row.restarts == run.restarts => Claim::Swapping,
        Some(row) if row.status == LoadStatus::Running => Claim::Restarted,
        _ => Claim::Ended,
    })
}

/// Corrects what the claimed chunk brings, once its rows have met the table.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn amend_chunk(
    tx: &Tx,
    run: &Run,
    chunk: u32,
    counts: ChunkCounts,
    rejects: Option<ChunkRejects<'_>>,
) -> Result<(), Error> {
    let sql = "UPDATE rowgate_load_chunks SET rows_read = :read, rows_loaded = :loaded, rows_rejected = :rejected, \
               unknown_references = :unknown, rows_skipped = :skipped, rejects_key = :rejects, reject_reasons = :reasons \
               WHERE load_id = :load AND chunk_no = :chunk";
    let update = bind_counts(Statement::new(sql), counts, rejects)?
        .bind("load", run.id.as_str())
        .bind("chunk", i64::from(chunk));
    tx.execute(update).await.map(|_| ())
}

fn bind_counts(
    statement: Statement,
    counts: ChunkCounts,
    rejects: Option<ChunkRejects<'_>>,
) -> Result<Statement, Error> {
    let reasons = rejects.map(|rejects| serde_json::to_string(rejects.reasons)).transpose()?;
    Ok(statement
        .bind("read", long(counts.rows_read))
        .bind("loaded", long(counts.rows_loaded))
        .bind("rejected", long(counts.rows_rejected))
        .bind("unknown", long(counts.unknown_references))
        .bind("skipped", long(counts.rows_skipped))
        .bind("rejects", rejects.map(|rejects| rejects.key))
        .bind("reasons", reasons))
}

/// A chunk that is committed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CommittedChunk {
    /// Its number, from 0.
    #[serde(rename = "chunk_no")]
    pub number: u32,
    /// The offset of the first byte after it.
    pub end_byte: u64,
    /// The line that this byte is on.
    pub end_line: u64,
    /// The digest of its content.
    #[serde(deserialize_with = "hex::serde::deserialize")]
    pub digest: [u8; 32],
    /// Records of it that were rejected.
    pub rows_rejected: u64,
}

/// Chunks in one answer at most: at most 140 bytes each, below the service's 1 MiB.
const CHUNKS_PER_PAGE: u32 = 5_000;

/// The chunks of a load that are committed, by number.
///
/// # Errors
/// As [`Database::query`].
pub async fn committed_chunks(
    database: &Database,
    id: &LoadId,
) -> Result<BTreeMap<u32, CommittedChunk>, Error> {
    let sql = format!(
        "SELECT chunk_no, end_byte, end_line, digest, rows_rejected FROM rowgate_load_chunks \
         WHERE load_id = :load AND chunk_no >= :from ORDER BY chunk_no LIMIT {CHUNKS_PER_PAGE}"
    );
    let mut chunks = BTreeMap::new();
    let mut from = 0;
    loop {
        let select = Statement::new(sql.clone()).bind("load", id.as_str()).bind("from", from);
        let page: Vec<CommittedChunk> = database.query(select).await?;
        let Some(last) = page.last() else { return Ok(chunks) };
        from = i64::from(last.number) + 1;
        chunks.extend(page.into_iter().map(|chunk| (chunk.number, chunk)));
    }
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
