//! The loads ledger: `rowgate_loads` and `rowgate_load_chunks`.

mod chunks;
mod read;
mod rows;

pub use chunks::{ChunkCounts, Claim, claim_chunk, committed_chunks, is_committed, record_chunk};
pub use read::{get, list};
pub use rows::{append_rows, present_ids};

use domain::dictionary::LoadMode;
use domain::load::{LoadId, LoadStatus};
use serde::Deserialize;

use crate::{Database, Error, Statement};

/// A load that is about to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewLoad<'a> {
    /// Its id.
    pub id: &'a LoadId,
    /// The object's bucket.
    pub bucket: &'a str,
    /// The object's key.
    pub key: &'a str,
    /// The object's version.
    pub version: &'a str,
    /// The table; in a key that names none, what stands in its place, if that is a name at all.
    pub table: &'a str,
    /// The mode.
    pub mode: LoadMode,
    /// The object's size in bytes.
    pub bytes: u64,
}

/// Records that a delivery begins to work on a load; says where the load stands. One that was given up goes on.
///
/// # Errors
/// As [`Database::execute`].
pub async fn begin(database: &Database, load: NewLoad<'_>) -> Result<LoadStatus, Error> {
    #[derive(Deserialize)]
    struct Row {
        status: LoadStatus,
    }
    let sql = "INSERT INTO rowgate_loads \
               (load_id, bucket, object_key, object_version, table_name, mode, status, bytes, started_at, attempts) \
               VALUES (:load, :bucket, :key, :version, :table, :mode, 'running', :bytes, UTC_TIMESTAMP(3), 1) \
               ON DUPLICATE KEY UPDATE attempts = attempts + (status = 'running' OR given_up), \
               error = IF(given_up, NULL, error), finished_at = IF(given_up, NULL, finished_at), \
               status = IF(given_up, 'running', status), given_up = FALSE";
    let insert = Statement::new(sql)
        .bind("load", load.id.as_str())
        .bind("bucket", load.bucket)
        .bind("key", load.key)
        .bind("version", load.version)
        .bind("table", load.table)
        .bind("mode", load.mode.as_str())
        .bind("bytes", i64::try_from(load.bytes).unwrap_or(i64::MAX))
        // Run twice, it counts one attempt too many and does no harm.
        .idempotent();
    database.execute(insert).await?;
    let select = Statement::new("SELECT status FROM rowgate_loads WHERE load_id = :load")
        .bind("load", load.id.as_str());
    let rows: Vec<Row> = database.query(select).await?;
    Ok(rows.first().map_or(LoadStatus::Running, |row| row.status))
}

/// How a load ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending<'a> {
    /// Every record is loaded or rejected; the content's SHA-256 in hexadecimal.
    Completed(&'a str),
    /// Given up for a reason; what was committed stays.
    Failed(&'a str),
    /// Failed for a reason that may pass, after the last try; a message from the dead-letter queue makes it go on.
    GivenUp(&'a str),
    /// The very same bytes are in already.
    Skipped {
        /// The load that brought them.
        same_as: &'a str,
        /// The content's SHA-256 in hexadecimal.
        sha256: &'a str,
    },
}

/// Ends a load that runs; its figures are the sums of its committed chunks. Does nothing to one that has ended.
///
/// # Errors
/// As [`Database::execute`].
pub async fn end(database: &Database, id: &LoadId, ending: Ending<'_>) -> Result<(), Error> {
    let given_up = matches!(ending, Ending::GivenUp(_));
    let (status, sha256, same_as, reason) = match ending {
        Ending::Completed(sha256) => (LoadStatus::Completed, Some(sha256), None, None),
        Ending::Failed(reason) | Ending::GivenUp(reason) => {
            (LoadStatus::Failed, None, None, Some(reason.to_owned()))
        }
        Ending::Skipped { same_as, sha256 } => {
            let reason = format!("the load {same_as} has already brought the very same bytes");
            (LoadStatus::Skipped, Some(sha256), Some(same_as), Some(reason))
        }
    };
    let sql = "UPDATE rowgate_loads l \
               CROSS JOIN (SELECT COALESCE(SUM(rows_read), 0) AS rows_read, \
                                  COALESCE(SUM(rows_loaded), 0) AS rows_loaded, \
                                  COALESCE(SUM(rows_rejected), 0) AS rows_rejected, \
                                  COALESCE(SUM(unknown_references), 0) AS unknown_references \
                           FROM rowgate_load_chunks WHERE load_id = :load) c \
               SET l.status = :status, l.content_sha256 = :sha256, l.same_as_load_id = :same_as, l.error = :reason, \
                   l.rows_read = c.rows_read, l.rows_loaded = c.rows_loaded, l.rows_rejected = c.rows_rejected, \
                   l.unknown_references = c.unknown_references, l.given_up = :given_up, l.finished_at = UTC_TIMESTAMP(3) \
               WHERE l.load_id = :load AND l.status = 'running'";
    let update = Statement::new(sql)
        .bind("load", id.as_str())
        .bind("status", status.as_str())
        .bind("sha256", sha256)
        .bind("same_as", same_as)
        .bind("reason", reason)
        .bind("given_up", given_up)
        .idempotent();
    database.execute(update).await.map(|_| ())
}

/// Completed loads of a table whose content was as large as this one's: their ids and the content's SHA-256.
///
/// # Errors
/// As [`Database::query`].
pub async fn completed_of_size(
    database: &Database,
    table: &str,
    bytes: u64,
) -> Result<Vec<(String, String)>, Error> {
    #[derive(Deserialize)]
    struct Row {
        load_id: String,
        content_sha256: String,
    }
    let sql = "SELECT load_id, content_sha256 FROM rowgate_loads \
               WHERE table_name = :table AND status = 'completed' AND bytes = :bytes AND content_sha256 IS NOT NULL \
               ORDER BY seq";
    let select =
        Statement::new(sql).bind("table", table).bind("bytes", i64::try_from(bytes).unwrap_or(i64::MAX));
    let rows: Vec<Row> = database.query(select).await?;
    Ok(rows.into_iter().map(|row| (row.load_id, row.content_sha256)).collect())
}
