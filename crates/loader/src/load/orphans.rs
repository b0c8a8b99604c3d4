//! Rejects files that no chunk names.
//!
//! A function writes a chunk's rejects file before it commits the chunk. Killed in between, or
//! frozen until its transaction is gone and another one has done its work, it leaves a file that
//! belongs to nothing. Names tell the files of functions apart, so none is in another's way, and
//! whoever comes to the end of the load, or finds it ended, removes what is left over.

use std::collections::HashSet;

use aurora::Database;
use aurora::loads::{self, has_ended_for_good};
use domain::load::{LoadId, is_rejects_key, rejects_prefix};

use crate::Loader;
use crate::error::LoadError;
use crate::store::Store;

/// Rejects files that are asked for at once.
const KEYS_PER_QUESTION: u32 = 1000;

/// Removes the rejects files of a load that the ledger does not name, if the load has ended for
/// good.
///
/// # Errors
/// Why it stopped. Calling it again is safe.
pub(crate) async fn remove_leftovers<S: Store, Q: Sync>(
    loader: &Loader<S, Q>,
    database: &Database,
    id: &LoadId,
    table: &str,
) -> Result<(), LoadError> {
    let Loader { store, bucket, .. } = loader;
    // In this order: a load that has ended for good commits no chunk any more, so no file that was
    // there before is still to be named.
    let mut there = store.list_keys(bucket, &rejects_prefix(table, id)).await?;
    there.retain(|key| is_rejects_key(key, table, id));
    if there.is_empty() || !has_ended_for_good(database, id).await? {
        return Ok(());
    }
    let named = named(database, id).await?;
    // A load that was forgotten meanwhile names no file, and nobody knows what its files are for.
    if !has_ended_for_good(database, id).await? {
        return Ok(());
    }
    for key in there.iter().filter(|key| !named.contains(*key)) {
        store.delete(bucket, key).await?;
        tracing::info!(load.id = id.as_str(), "a rejects file of an attempt that was cut off is removed");
    }
    Ok(())
}

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
