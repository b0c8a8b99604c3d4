//! The chunks of a restore: each is recorded in the transaction that carries its rows.

use std::collections::BTreeMap;

use domain::backup::RestoreId;
use serde::Deserialize;

use super::names::Shadow;
use super::record::Status;
use crate::ledger::long;
use crate::{Database, Error, Statement, Tx};

/// What a chunk brings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ChunkFigures {
    /// Rows read: those restored and those rejected.
    pub rows_read: u64,
    /// Rows that go into the shadow.
    pub rows_restored: u64,
    /// Rows that break a rule.
    pub rows_rejected: u64,
    /// Checksum of the rows as they were read; `None` where nothing tells what it should be.
    pub checksum_read: Option<String>,
    /// Checksum of the rows as they went into the shadow.
    pub checksum_restored: Option<String>,
    /// Where its rejected rows are.
    pub rejects_key: Option<String>,
}

/// Whose a chunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// This transaction's: nobody else can commit it.
    Ours,
    /// Committed already.
    Committed,
    /// Nobody's: the table has another shadow by now, or is filled.
    Moved,
    /// Nobody's any more: the restore has ended.
    Ended,
}

/// Claims a chunk for the transaction, as its first statement, and records what it brings: a twin that does the same
/// chunk waits here until this transaction ends, and then finds the chunk committed or free.
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
    // The lock keeps the table from being noted as filled, and the restore from being ended, while a transaction holds chunks
    // of it. The restore's own row stays free: a chunk that a killed function has left open for minutes is to be in nobody's
    // way but its twin's.
    let sql = "INSERT INTO rowgate_restore_chunks (restore_id, table_name, chunk_no, rows_read, rows_restored, \
               rows_rejected, checksum_read, checksum_restored, rejects_key, committed_at) \
               SELECT t.restore_id, t.table_name, :chunk, :read, :restored, :rejected, :sum_read, :sum_restored, :rejects, \
               UTC_TIMESTAMP(3) FROM rowgate_restore_tables t \
               WHERE t.restore_id = :restore AND t.table_name = :table AND t.shadow_table = :shadow \
               AND t.rows_restored IS NULL LOCK IN SHARE MODE";
    let insert = bind(Statement::new(sql), id, table, number, figures).bind("shadow", shadow.name());
    match tx.execute(insert).await {
        Ok(inserted) if inserted.updated > 0 => Ok(Claim::Ours),
        Ok(_) => why_not(tx, id, table, shadow, number).await,
        Err(error) if error.is_duplicate_key() => Ok(Claim::Committed),
        Err(error) => Err(error),
    }
}

/// Why a claim found nothing to claim.
async fn why_not(tx: &Tx, id: &RestoreId, table: &str, shadow: &Shadow, number: u32) -> Result<Claim, Error> {
    #[derive(Deserialize)]
    struct Row {
        status: Status,
        shadow_table: Option<String>,
        chunk_no: Option<u32>,
    }
    let sql = "SELECT r.status, t.shadow_table, c.chunk_no FROM rowgate_restores r \
               JOIN rowgate_restore_tables t ON t.restore_id = r.restore_id AND t.table_name = :table \
               LEFT JOIN rowgate_restore_chunks c ON c.restore_id = r.restore_id AND c.table_name = t.table_name \
               AND c.chunk_no = :chunk WHERE r.restore_id = :restore";
    let select = Statement::new(sql)
        .bind("restore", id.as_str())
        .bind("table", table)
        .bind("chunk", i64::from(number));
    let rows: Vec<Row> = tx.query(select).await?;
    Ok(match rows.into_iter().next() {
        Some(row) if row.status == Status::Running => {
            let is_same = row.shadow_table.as_deref() == Some(shadow.name());
            if is_same && row.chunk_no.is_some() { Claim::Committed } else { Claim::Moved }
        }
        _ => Claim::Ended,
    })
}

fn bind(statement: Statement, id: &RestoreId, table: &str, number: u32, figures: &ChunkFigures) -> Statement {
    statement
        .bind("restore", id.as_str())
        .bind("table", table)
        .bind("chunk", i64::from(number))
        .bind("read", long(figures.rows_read))
        .bind("restored", long(figures.rows_restored))
        .bind("rejected", long(figures.rows_rejected))
        .bind("sum_read", figures.checksum_read.as_deref())
        .bind("sum_restored", figures.checksum_restored.as_deref())
        .bind("rejects", figures.rejects_key.as_deref())
}

/// A chunk that is committed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CommittedChunk {
    /// Its number, from 0, through all files of the table in their order.
    #[serde(rename = "chunk_no")]
    pub number: u32,
    /// What it brought.
    #[serde(flatten)]
    pub figures: ChunkFigures,
}

/// Chunks in one answer at most: with a rejects file of the longest table's 250 bytes each, below
/// the service's 1 MiB.
const CHUNKS_PER_PAGE: u32 = 4_000;

/// The chunks of a restore's table that are committed, by number.
///
/// # Errors
/// As [`Database::query`].
pub async fn committed_chunks(
    database: &Database,
    id: &RestoreId,
    table: &str,
) -> Result<BTreeMap<u32, CommittedChunk>, Error> {
    let sql = format!(
        "SELECT chunk_no, rows_read, rows_restored, rows_rejected, checksum_read, checksum_restored, rejects_key \
         FROM rowgate_restore_chunks WHERE restore_id = :restore AND table_name = :table AND chunk_no >= :from \
         ORDER BY chunk_no LIMIT {CHUNKS_PER_PAGE}"
    );
    let mut chunks = BTreeMap::new();
    let mut from = 0;
    loop {
        let select =
            Statement::new(sql.clone()).bind("restore", id.as_str()).bind("table", table).bind("from", from);
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
pub async fn is_committed(
    database: &Database,
    id: &RestoreId,
    table: &str,
    number: u32,
) -> Result<bool, Error> {
    // Locks the row, so that a commit that is still under way is waited for and not taken for a failed one.
    let sql = "SELECT chunk_no FROM rowgate_restore_chunks \
               WHERE restore_id = :restore AND table_name = :table AND chunk_no = :chunk LOCK IN SHARE MODE";
    let select = Statement::new(sql)
        .bind("restore", id.as_str())
        .bind("table", table)
        .bind("chunk", i64::from(number));
    let rows: Vec<serde::de::IgnoredAny> = database.query(select).await?;
    Ok(!rows.is_empty())
}
