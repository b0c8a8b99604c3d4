//! The chunks of a restore: each is recorded in the transaction that carries its rows.

use std::collections::BTreeMap;

use domain::backup::RestoreId;
use serde::Deserialize;

use super::record::Status;
use crate::jobs::{self, ChunkLedger, Claim};
use crate::swap::Shadow;
use crate::{Database, Error, Statement, Tx};

/// The figures of a chunk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ChunkFigures {
    /// Rows read: those restored and those rejected.
    pub rows_read: u64,
    /// Rows that go into the shadow.
    pub rows_restored: u64,
    /// Rows that break a rule.
    pub rows_rejected: u64,
    /// Checksum of the rows as they were read; `None` if nothing says what it should be.
    pub checksum_read: Option<String>,
    /// Checksum of the rows as they went into the shadow.
    pub checksum_restored: Option<String>,
    /// The key of the file with its rejected rows.
    pub rejects_key: Option<String>,
}

/// Claims a chunk for the transaction, as its first statement, and records what it brings. A
/// concurrent delivery of the same chunk waits here until this transaction ends, and then finds the
/// chunk committed or free.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn claim_chunk(
    tx: &Tx,
    id: &RestoreId,
    table: &str,
    shadow: &Shadow,
    number: u32,
    figures: &ChunkFigures,
) -> Result<Claim, Error> {
    // The lock keeps the table from being recorded as filled, and the restore from being ended,
    // while a transaction holds chunks of it. The restore's own row stays free: a chunk that a
    // killed function has left open for minutes must only block its concurrent delivery.
    let sql = "INSERT INTO rowgate_restore_chunks (restore_id, table_name, chunk_no, rows_read, rows_restored, \
               rows_rejected, checksum_read, checksum_restored, rejects_key, committed_at) \
               SELECT t.job_id, t.table_name, :chunk, :read, :restored, :rejected, :sum_read, :sum_restored, :rejects, \
               UTC_TIMESTAMP(3) FROM rowgate_job_tables t \
               WHERE t.job_id = :restore AND t.table_name = :table AND t.shadow_table = :shadow \
               AND NOT t.is_filled LOCK IN SHARE MODE";
    let insert = Statement::new(sql)
        .bind("restore", id.as_str())
        .bind("table", table)
        .bind("chunk", number)
        .bind("read", figures.rows_read)
        .bind("restored", figures.rows_restored)
        .bind("rejected", figures.rows_rejected)
        .bind("sum_read", figures.checksum_read.as_deref())
        .bind("sum_restored", figures.checksum_restored.as_deref())
        .bind("rejects", figures.rejects_key.as_deref())
        .bind("shadow", shadow.name());
    jobs::claim(tx, insert, why_not(tx, id, table, shadow, number)).await
}

/// Says why a claim found nothing to claim.
async fn why_not(tx: &Tx, id: &RestoreId, table: &str, shadow: &Shadow, number: u32) -> Result<Claim, Error> {
    #[derive(Deserialize)]
    struct Row {
        status: Status,
        shadow_table: Option<String>,
        chunk_no: Option<u32>,
    }
    let sql = "SELECT r.status, t.shadow_table, c.chunk_no FROM rowgate_restores r \
               JOIN rowgate_job_tables t ON t.job_id = r.restore_id AND t.table_name = :table \
               LEFT JOIN rowgate_restore_chunks c ON c.restore_id = r.restore_id AND c.table_name = t.table_name \
               AND c.chunk_no = :chunk WHERE r.restore_id = :restore";
    let select = Statement::new(sql).bind("restore", id.as_str()).bind("table", table).bind("chunk", number);
    let rows: Vec<Row> = tx.query(select).await?;
    Ok(match rows.into_iter().next() {
        Some(row) if row.status == Status::Running => {
            let is_same = row.shadow_table.as_deref() == Some(shadow.name());
            if is_same && row.chunk_no.is_some() { Claim::Committed } else { Claim::Restarted }
        }
        _ => Claim::Ended,
    })
}

/// A chunk that is committed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CommittedChunk {
    /// Its number, from 0, through all files of the table in their order.
    #[serde(rename = "chunk_no")]
    pub number: u32,
    /// Its figures.
    #[serde(flatten)]
    pub figures: ChunkFigures,
}

/// Chunks in one answer at most: with a rejects file of the longest table's 250 bytes each, below
/// the service's 1 MiB.
const CHUNKS_PER_PAGE: u32 = 4_000;

/// Returns the committed chunks of a restore's table, by number.
///
/// # Errors
/// As [`Database::query`].
pub async fn committed_chunks(
    database: &Database,
    id: &RestoreId,
    table: &str,
) -> Result<BTreeMap<u32, CommittedChunk>, Error> {
    let columns =
        "chunk_no, rows_read, rows_restored, rows_rejected, checksum_read, checksum_restored, rejects_key";
    let number = |chunk: &CommittedChunk| chunk.number;
    let ledger = ChunkLedger::Restore(id, table);
    let chunks = ledger.read(database, columns, "TRUE", CHUNKS_PER_PAGE, number).await?;
    Ok(chunks.into_iter().map(|chunk| (chunk.number, chunk)).collect())
}

/// Returns true if a chunk is committed: what settles a COMMIT whose answer was lost.
///
/// # Errors
/// As [`Database::query`].
pub async fn is_committed(
    database: &Database,
    id: &RestoreId,
    table: &str,
    number: u32,
) -> Result<bool, Error> {
    ChunkLedger::Restore(id, table).is_committed(database, number).await
}
