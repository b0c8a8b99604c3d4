//! Reaps what swaps have left behind.

use super::{fence, orphans, protocol};
use crate::{Database, Error};

/// Settles abandoned swaps, and drops orphaned tables; returns their names. Safe at any time,
/// beside loads and restores that begin, swap or end.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn reap(database: &Database) -> Result<Vec<String>, Error> {
    let database = &database.with_deadline(database.deadline());
    for fenced in fence::fenced(database, None).await?.iter().filter(|fenced| fenced.is_stale) {
        // One swap that cannot be settled now must not be in the way of the others.
        if let Err(error) = protocol::recover_stale(database, fenced).await {
            let class = error.class();
            tracing::warn!(table = fenced.table, error.class = class, "the swap is left half done");
        }
    }
    orphans::drop_all(database).await
}
