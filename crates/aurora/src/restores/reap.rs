//! Reaps abandoned restores.

use domain::backup::RestoreId;

use super::end::end_failed;
use crate::jobs::forget_restore_chunks;
use crate::ledger::Only;
use crate::{Database, Error, Statement, swap};

/// After how long without a sign of work a restore is abandoned: two invocations' time, and more
/// than Lambda waits before it tries an event again.
const ABANDONED: &str = "INTERVAL 30 MINUTE";

/// The result of the reaper.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reaped {
    /// The restores that were abandoned.
    pub failed: Vec<RestoreId>,
    /// Orphaned tables.
    pub dropped: Vec<String>,
}

/// Settles swaps and drops orphaned tables as [`swap::reap`] does, and fails the restores that
/// nobody has worked on for half an hour. Safe at any time, beside restores that begin, swap or
/// end.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn reap(database: &Database) -> Result<Reaped, Error> {
    let database = &database.with_deadline(database.deadline());
    // The restores first: their swaps are settled and their tables are not needed any more, so they
    // are dropped with the others. Dropping waits for readers and may use up the time; a restore
    // that is not failed then would seem to run.
    let mut failed = Vec::new();
    for id in abandoned(database).await? {
        match end_failed(database, &id, "nobody has worked on it for 30 minutes").await {
            Ok(()) => failed.push(id),
            Err(error) => {
                tracing::warn!(restore.id = %id, error.class = error.class(), "the restore cannot be ended now");
            }
        }
    }
    forget_restore_chunks(database).await?;
    Ok(Reaped { failed, dropped: swap::reap(database).await? })
}

async fn abandoned(database: &Database) -> Result<Vec<RestoreId>, Error> {
    let sql = format!(
        "SELECT r.restore_id FROM rowgate_restores r WHERE r.status = 'running' \
         AND r.active_at < UTC_TIMESTAMP(3) - {ABANDONED} AND NOT EXISTS (SELECT 1 FROM rowgate_restore_chunks c \
         WHERE c.restore_id = r.restore_id AND c.committed_at >= UTC_TIMESTAMP(3) - {ABANDONED}) ORDER BY r.restore_id"
    );
    let ids = database.query(Statement::new(sql)).await?;
    Ok(ids.into_iter().map(|Only(id)| id).collect())
}
