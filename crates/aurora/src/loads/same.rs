//! Finding content that is in already.

use domain::dictionary::Table;
use serde::Deserialize;

use super::long;
use crate::{Database, Error, Statement};

/// A load whose content may be the same.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Candidate {
    /// Its id.
    pub load_id: String,
    /// Bytes of content that its chunks end with: digests compare only where chunks do.
    pub chunk_bytes: u64,
    /// The digest of its content.
    pub content_digest: String,
    /// The digest of its first chunk, so that other content is told after a chunk; `None` for content without records.
    pub first_digest: Option<String>,
}

/// Loads that completed into a table from an object of the same size and have not been replaced since, oldest first,
/// at most 20.
///
/// # Errors
/// As [`Database::query`].
pub async fn completed_of_size(
    database: &Database,
    table: &Table,
    bytes: u64,
) -> Result<Vec<Candidate>, Error> {
    let sql = "SELECT l.load_id, l.chunk_bytes, l.content_digest, c.digest AS first_digest FROM rowgate_loads l \
               LEFT JOIN rowgate_load_chunks c ON c.load_id = l.load_id AND c.chunk_no = 0 \
               WHERE l.table_name = :table AND l.status = 'completed' AND l.bytes = :bytes \
               AND l.content_digest IS NOT NULL \
               AND NOT EXISTS (SELECT 1 FROM rowgate_loads r WHERE r.table_name = l.table_name AND r.mode = 'replace' \
                               AND r.status = 'completed' AND r.load_id <> l.load_id \
                               AND r.finished_at >= l.finished_at) \
               ORDER BY l.seq LIMIT 20";
    let select = Statement::new(sql).bind("table", table.name()).bind("bytes", long(bytes));
    database.query(select).await
}
