//! The chunks of a load: each is recorded in the transaction that carries its rows.

use std::collections::BTreeMap;

use domain::load::{Chunk, LoadId, LoadStatus, RejectReasons};
use serde::Deserialize;

use super::Run;
use crate::jobs::{self, ChunkLedger, Claim};
use crate::{Database, Error, Statement, Tx};

/// The figures of a chunk.
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

/// The ledger's record of a chunk's rejected records.
#[derive(Debug, Clone, Copy)]
pub struct ChunkRejects<'a> {
    /// The key of their file.
    pub key: &'a str,
    /// Why they were rejected.
    pub reasons: &'a RejectReasons,
}

/// Claims a chunk for the transaction, as its first statement, and records what it will bring. A
/// concurrent delivery of the same chunk waits here until this transaction ends, and then finds the
/// chunk committed or free.
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
    // The locks keep the load from being ended or restarted, and its table from being swapped,
    // while a transaction holds chunks of it. A replacing load writes to a table of its own and
    // passes every fence.
    let sql = "INSERT INTO rowgate_load_chunks (load_id, chunk_no, first_line, end_line, start_byte, end_byte, digest, \
               rows_read, rows_loaded, rows_rejected, unknown_references, rows_skipped, rejects_key, reject_reasons, \
               committed_at) \
               SELECT l.load_id, :chunk, :first_line, :end_line, :start, :end, :digest, :read, :loaded, :rejected, \
               :unknown, :skipped, :rejects, :reasons, UTC_TIMESTAMP(3) \
               FROM rowgate_loads l JOIN rowgate_table_fences f ON f.table_name = l.table_name \
               WHERE l.load_id = :load AND l.status = 'running' AND l.restarts = :restarts \
               AND (l.mode = 'replace' OR f.job_id IS NULL) \
               LOCK IN SHARE MODE";
    let insert = bind_counts(Statement::new(sql), counts, rejects)?
        .bind("load", run.id.as_str())
        .bind("restarts", run.restarts)
        .bind("chunk", chunk.number)
        .bind("first_line", chunk.first_line())
        .bind("end_line", chunk.end_line)
        .bind("start", chunk.start_byte)
        .bind("end", chunk.end_byte)
        .bind("digest", hex::encode(chunk.digest));
    jobs::claim(tx, insert, why_not(tx, run)).await
}

/// Says why a claim found nothing to claim.
async fn why_not(tx: &Tx, run: &Run) -> Result<Claim, Error> {
    #[derive(Deserialize)]
    struct Row {
        status: LoadStatus,
        restarts: u32,
    }
    let sql = "SELECT status, restarts FROM rowgate_loads WHERE load_id = :load LOCK IN SHARE MODE";
    let rows: Vec<Row> = tx.query(Statement::new(sql).bind("load", run.id.as_str())).await?;
    Ok(match rows.first() {
        Some(row) if row.status == LoadStatus::Running && row.restarts == run.restarts => Claim::Fenced,
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
    let update =
        bind_counts(Statement::new(sql), counts, rejects)?.bind("load", run.id.as_str()).bind("chunk", chunk);
    tx.execute(update).await.map(|_| ())
}

fn bind_counts(
    statement: Statement,
    counts: ChunkCounts,
    rejects: Option<ChunkRejects<'_>>,
) -> Result<Statement, Error> {
    let reasons = rejects.map(|rejects| serde_json::to_string(rejects.reasons)).transpose()?;
    Ok(statement
        .bind("read", counts.rows_read)
        .bind("loaded", counts.rows_loaded)
        .bind("rejected", counts.rows_rejected)
        .bind("unknown", counts.unknown_references)
        .bind("skipped", counts.rows_skipped)
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

/// Returns the committed chunks of a load, by number.
///
/// # Errors
/// As [`Database::query`].
pub async fn committed_chunks(
    database: &Database,
    id: &LoadId,
) -> Result<BTreeMap<u32, CommittedChunk>, Error> {
    let columns = "chunk_no, end_byte, end_line, digest, rows_rejected";
    let number = |chunk: &CommittedChunk| chunk.number;
    let chunks = ChunkLedger::Load(id).read(database, columns, "TRUE", CHUNKS_PER_PAGE, number).await?;
    Ok(chunks.into_iter().map(|chunk| (chunk.number, chunk)).collect())
}

/// Returns true if a chunk is committed: what settles a COMMIT whose answer was lost.
///
/// # Errors
/// As [`Database::query`].
pub async fn is_committed(database: &Database, id: &LoadId, chunk: u32) -> Result<bool, Error> {
    ChunkLedger::Load(id).is_committed(database, chunk).await
}
