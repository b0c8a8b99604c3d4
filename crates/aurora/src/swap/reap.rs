//! Reaps what swaps have left behind.

use super::orphans::{self, Orphans};
use super::{fence, protocol};
use crate::{Database, Error};

/// Settles abandoned swaps, and drops orphaned tables. Safe at any time, beside loads and restores
/// that begin, swap or end.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn reap(database: &Database) -> Result<Orphans, Error> {
    settle_abandoned(database).await?;
    drop_orphans(database).await
}

/// Settles abandoned swaps: those whose fences are stale. A job whose RENAME has happened
/// completes.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn settle_abandoned(database: &Database) -> Result<(), Error> {
    let database = &database.with_deadline(database.deadline());
    for fenced in fence::fenced(database, None).await?.iter().filter(|fenced| fenced.is_stale) {
        // One swap that cannot be settled now must not be in the way of the others.
        if let Err(error) = protocol::recover_stale(database, fenced).await {
            let class = error.class();
            tracing::warn!(table = fenced.table, error.class = class, "the swap is left half done");
        }
    }
    Ok(())
}

/// Drops orphaned tables. Waits for those who read them as long as the database's deadline lets it.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn drop_orphans(database: &Database) -> Result<Orphans, Error> {
    let database = &database.with_deadline(database.deadline());
    orphans::drop_all(database, database.deadline().remaining()).await
}
