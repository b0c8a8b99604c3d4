//! Finds content that is loaded already.

use domain::dictionary::Table;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Ending, Run};
use crate::jobs::end_load;
use crate::{Database, Error, Statement};

/// An earlier load whose content may be the same.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Candidate {
    /// Its id.
    pub load_id: String,
    /// Bytes of content that its chunks end with: digests compare only where chunks do.
    pub chunk_bytes: u64,
    /// The digest of its content.
    pub content_digest: String,
    /// The digest of its first chunk, so that other content is recognised after one chunk; `None`
    /// for content without records.
    pub first_digest: Option<String>,
}

/// Finds completed loads that inserted rows into a table from an object of the same size, and that
/// no load or restore has replaced since; oldest first, at most 20.
///
/// # Errors
/// As [`Database::query`].
pub async fn completed_of_size(
    database: &Database,
    table: &Table,
    bytes: u64,
) -> Result<Vec<Candidate>, Error> {
    database.query(candidates(table, bytes)).await
}

/// Ends a load as skipped, because another load had the same content. Returns false, and does
/// nothing, if the table has been replaced since that load was found, or is being replaced.
///
/// # Errors
/// As [`Database::execute`].
pub async fn skip(
    database: &Database,
    run: &Run,
    table: &Table,
    bytes: u64,
    same_as: &Candidate,
) -> Result<bool, Error> {
    database
        .transaction(|tx| async move {
            // While the fence's row is locked, no table is swapped in.
            let sql = "SELECT table_name FROM rowgate_table_fences WHERE table_name = :table AND job_id IS NULL \
                       LOCK IN SHARE MODE";
            let lifted: Vec<IgnoredAny> = tx.query(Statement::new(sql).bind("table", table.name())).await?;
            if lifted.is_empty() {
                return Ok(false);
            }
            let still: Vec<Candidate> = tx.query(candidates(table, bytes)).await?;
            if !still.contains(same_as) {
                return Ok(false);
            }
            let Candidate { load_id, content_digest, .. } = same_as;
            let ending = Ending::Skipped { same_as: load_id, digest: content_digest, table: table.name() };
            tx.execute(end_load(run, ending)).await.map(|_| true)
        })
        .await
}

fn candidates(table: &Table, bytes: u64) -> Statement {
    let sql = "SELECT l.load_id, l.chunk_bytes, l.content_digest, c.digest AS first_digest FROM rowgate_loads l \
               LEFT JOIN rowgate_load_chunks c ON c.load_id = l.load_id AND c.chunk_no = 0 \
               WHERE l.table_name = :table AND l.status = 'completed' AND l.rows_loaded > 0 AND l.bytes = :bytes \
               AND l.content_digest IS NOT NULL \
               AND NOT EXISTS (SELECT 1 FROM rowgate_loads r WHERE r.table_name = l.table_name AND r.mode = 'replace' \
                               AND r.status = 'completed' AND r.load_id <> l.load_id \
                               AND r.finished_at >= l.finished_at) \
               AND NOT EXISTS (SELECT 1 FROM rowgate_job_tables t JOIN rowgate_restores r ON r.restore_id = t.job_id \
                               WHERE t.table_name = l.table_name AND r.status = 'completed' AND r.mode = 'replace' \
                               AND r.finished_at >= l.finished_at) \
               ORDER BY l.seq LIMIT 20";
    Statement::new(sql).bind("table", table.name()).bind("bytes", bytes)
}
