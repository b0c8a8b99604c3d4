//! Rejects files that no chunk names.
//!
//! An attempt writes a chunk's rejects file before it commits the chunk. Killed in between, frozen
//! until another function has done its work, or filling a shadow that is lost, it leaves a file
//! that the ledger does not name.

use std::collections::HashSet;

use aurora::Database;
use aurora::restores::{self, Kind, Restore, Status};
use bucket::Store;
use domain::load::{is_rejects_key, rejects_prefix};

use crate::error::RestoreError;

/// Removes the rejects files of a restore that the ledger does not name, if the restore has ended.
///
/// # Errors
/// Those of the bucket and the ledger; calling it again is safe.
pub(crate) async fn remove_orphans<S: Store>(
    store: &S,
    ledger: &Database,
    restore: &Restore,
) -> Result<(), RestoreError> {
    let id = &restore.restore;
    // A restore that has ended never runs again: it commits no chunk, and its ledger rows stay.
    if restore.status == Status::Running || restore.kind != Kind::Files {
        return Ok(());
    }
    for table in restore.tables.keys() {
        let listed = store.list_all(&rejects_prefix(table, id)).await?;
        let mut keys: Vec<String> = listed.into_iter().map(|object| object.key).collect();
        keys.retain(|key| is_rejects_key(key, table, id));
        if keys.is_empty() {
            continue;
        }
        let chunks = restores::committed_chunks(ledger, id, table).await?;
        let named: HashSet<String> =
            chunks.into_values().filter_map(|chunk| chunk.figures.rejects_key).collect();
        keys.retain(|key| !named.contains(key));
        if !keys.is_empty() {
            store.delete(&keys).await?;
            tracing::info!(
                restore.id = id.as_str(),
                files = keys.len(),
                "rejects files of attempts that were cut off are removed"
            );
        }
    }
    Ok(())
}
