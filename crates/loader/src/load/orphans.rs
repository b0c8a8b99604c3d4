//! Removes orphaned rejects files: those that no chunk names.
//!
//! A function writes a chunk's rejects file before it commits the chunk. If it is killed in
//! between, or frozen until its transaction is gone and another function has committed the chunk,
//! the file is orphaned. Each function's files have names of their own, so none is overwritten;
//! whoever ends the load, or finds it ended, removes the orphans. A conditional write would not
//! help: it cannot tell a chunk without rejects from a chunk that nobody has written yet. A
//! function that writes so late and is killed before it ends the load leaves a file that no listing
//! shows.

use std::collections::HashSet;

use aurora::Database;
use aurora::loads::{self, has_ended_for_good};
use bucket::Store;
use domain::load::{LoadId, is_rejects_key, rejects_prefix};

use crate::error::LoadError;

/// Rejects files in one question to the ledger.
const KEYS_PER_QUESTION: u32 = 1000;

/// Removes the rejects files of a load that the ledger does not name, if the load has ended for
/// good.
///
/// # Errors
/// Those of the bucket and the database. Calling it again is safe.
pub(crate) async fn remove_orphans<S: Store>(
    store: &S,
    database: &Database,
    id: &LoadId,
    table: &str,
) -> Result<(), LoadError> {
    // The order matters: a load that has ended for good commits no more chunks, so no file that was
    // there before will still be named.
    let listed = store.list_all(&rejects_prefix(table, id)).await?;
    let mut keys: Vec<String> = listed.into_iter().map(|object| object.key).collect();
    keys.retain(|key| is_rejects_key(key, table, id));
    if keys.is_empty() || !has_ended_for_good(database, id).await? {
        return Ok(());
    }
    let named = named(database, id).await?;
    // If the load was deleted from the ledger meanwhile, it names no file, and it is unknown which
    // ones belong to it.
    if !has_ended_for_good(database, id).await? {
        return Ok(());
    }
    keys.retain(|key| !named.contains(key));
    if !keys.is_empty() {
        store.delete(&keys).await?;
        tracing::info!(load.id = id.as_str(), files = keys.len(), "orphaned rejects files are removed");
    }
    Ok(())
}

/// Returns the keys of all rejects files that the ledger names.
async fn named(database: &Database, id: &LoadId) -> Result<HashSet<String>, LoadError> {
    let mut named = HashSet::new();
    let mut after: Option<String> = None;
    loop {
        let page = loads::rejects(database, id, KEYS_PER_QUESTION, after.as_deref()).await?;
        named.extend(page.files.into_iter().map(|file| file.key));
        after = page.next;
        if after.is_none() {
            return Ok(named);
        }
    }
}
