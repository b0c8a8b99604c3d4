//! Begins a load.

use domain::dictionary::LoadMode;
use domain::load::{LoadId, LoadStatus};
use serde::Deserialize;

use super::Run;
use crate::ledger::execute_settled;
use crate::swap::fence;
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
    /// The object's entity tag.
    pub etag: Option<&'a str>,
    /// The table; if the key names none, the part of the key in its place.
    pub table: &'a str,
    /// The mode.
    pub mode: LoadMode,
    /// The format, by the name that the ledger knows it by; `None` for a key that cannot be loaded.
    pub format: Option<&'a str>,
    /// The object's size in bytes.
    pub bytes: u64,
    /// Bytes of content that a chunk ends with, unless the load began with another size.
    pub chunk_bytes: u64,
    /// The load whose rejected records the object holds, by its name.
    pub parent: Option<&'a LoadId>,
}

/// The state of a load when a function takes it up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Begun {
    /// Its status: anything but running means that there is nothing to do.
    pub status: LoadStatus,
    /// The run that the function may do.
    #[serde(flatten)]
    pub run: Run,
    /// Bytes of content that its chunks end with.
    pub chunk_bytes: u64,
    /// The number of functions that took it up, this one included.
    pub attempts: u32,
}

/// Records that a delivery begins to work on a load; returns the load's state. A load that was
/// abandoned resumes.
///
/// # Errors
/// As [`Database::execute`].
pub async fn begin(database: &Database, load: NewLoad<'_>) -> Result<Begun, Error> {
    let database = &database.with_deadline(database.deadline());
    // A key that cannot be loaded may name anything for a table, and nothing is ever written for
    // it.
    if load.format.is_some() {
        fence::ensure(database, &[load.table]).await?;
    }
    if load.mode == LoadMode::Replace {
        let sql = "INSERT IGNORE INTO rowgate_job_tables (job_id, table_name) VALUES (:load, :table)";
        // A transaction that has locked a load without a row here holds the gap that it falls into.
        let note = Statement::new(sql).bind("load", load.id.as_str()).bind("table", load.table);
        execute_settled(database, note).await?;
    }
    // A file may name any load as its parent; only an existing load of the same table counts.
    let sql = "INSERT INTO rowgate_loads \
               (load_id, bucket, object_key, object_version, etag, table_name, mode, format, status, bytes, \
                chunk_bytes, parent_load_id, started_at, active_at, attempts) \
               SELECT :load, :bucket, :key, :version, :etag, :table, :mode, :format, 'running', :bytes, :chunk_bytes, \
                      (SELECT p.load_id FROM rowgate_loads p WHERE p.load_id = :parent AND p.table_name = :table), \
                      UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), 1 FROM DUAL \
               ON DUPLICATE KEY UPDATE attempts = attempts + (rowgate_loads.status = 'running' OR given_up), \
               active_at = IF(rowgate_loads.status = 'running' OR given_up, UTC_TIMESTAMP(3), active_at), \
               error = IF(given_up, NULL, error), finished_at = IF(given_up, NULL, finished_at), \
               status = IF(given_up, 'running', rowgate_loads.status), given_up = FALSE";
    let insert = Statement::new(sql)
        .bind("load", load.id.as_str())
        .bind("bucket", load.bucket)
        .bind("key", load.key)
        .bind("version", load.version)
        .bind("etag", load.etag)
        .bind("table", load.table)
        .bind("mode", load.mode.as_str())
        .bind("format", load.format)
        .bind("bytes", load.bytes)
        .bind("chunk_bytes", load.chunk_bytes)
        .bind("parent", load.parent.map(LoadId::as_str));
    // Run twice, it counts one attempt too many and does no harm.
    execute_settled(database, insert).await?;
    // The row has just been written, and none is forgotten while it runs.
    let first = || Begun {
        status: LoadStatus::Running,
        run: Run { id: load.id.clone(), restarts: 0 },
        chunk_bytes: load.chunk_bytes,
        attempts: 1,
    };
    Ok(state(database, load.id).await?.unwrap_or_else(first))
}

/// Returns the state of a load; `None` if there is no such load.
///
/// # Errors
/// As [`Database::query`].
pub async fn state(database: &Database, id: &LoadId) -> Result<Option<Begun>, Error> {
    let sql =
        "SELECT load_id, status, restarts, chunk_bytes, attempts FROM rowgate_loads WHERE load_id = :load";
    Ok(database.query(Statement::new(sql).bind("load", id.as_str())).await?.into_iter().next())
}

/// Records the load whose rejected records this one holds, if it is one of the same table and none
/// is recorded yet.
///
/// # Errors
/// As [`Database::execute`].
pub async fn adopt(database: &Database, run: &Run, parent: &LoadId) -> Result<(), Error> {
    let sql = "UPDATE rowgate_loads l \
               JOIN rowgate_loads p ON p.load_id = :parent AND p.table_name = l.table_name AND p.load_id <> l.load_id \
               SET l.parent_load_id = p.load_id WHERE l.load_id = :load AND l.parent_load_id IS NULL";
    let update =
        Statement::new(sql).bind("load", run.id.as_str()).bind("parent", parent.as_str()).idempotent();
    database.execute(update).await.map(|_| ())
}
