//! Reaps abandoned restores.

use domain::backup::RestoreId;

use super::end::end_failed;
use super::read;
use super::record::{Restore, Status};
use crate::jobs::forget_restore_chunks;
use crate::ledger::Only;
use crate::swap::{self, Orphans};
use crate::{Database, Error, Statement};

/// After how long without a sign of work a restore is abandoned: two invocations' time, and more
/// than Lambda waits before it tries an event again.
const ABANDONED: &str = "INTERVAL 30 MINUTE";

/// For how long the previous tables of Rowgate's own tables are kept. Only `rowgate verify`
/// restores one; it undoes its restore at once, and nobody does later.
const OWN_KEPT: &str = "INTERVAL 1 HOUR";

/// Settles abandoned swaps, and fails the restores that nobody has worked on for half an hour;
/// returns those that have failed. Their tables are left to [`drop_orphans`]. Safe at any time,
/// beside restores that begin, swap or end.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn fail_abandoned(database: &Database) -> Result<Vec<RestoreId>, Error> {
    let database = &database.with_deadline(database.deadline());
    // First: a restore that was killed after its RENAME completes.
    swap::settle_abandoned(database).await?;
    let mut failed = Vec::new();
    for id in abandoned(database).await? {
        match fail(database, &id).await {
            Ok(true) => failed.push(id),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(restore.id = %id, error.class = error.class(), "the restore cannot be ended now");
            }
        }
    }
    Ok(failed)
}

/// Fails an abandoned restore. Returns false if it has completed instead: its shadows were in their
/// places already.
async fn fail(database: &Database, id: &RestoreId) -> Result<bool, Error> {
    end_failed(database, id, "nobody has worked on it for 30 minutes").await?;
    // A failure is better reported without need than never.
    let has_completed = |restore: Option<Restore>| restore.is_some_and(|it| it.status == Status::Completed);
    Ok(!read::get(database, id).await.is_ok_and(has_completed))
}

/// Drops orphaned tables as [`swap::drop_orphans`] does, those that were kept of Rowgate's own
/// tables among them, and forgets the chunks of restores that have ended. Dropping waits for
/// readers and may use up the time, so it comes last.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn drop_orphans(database: &Database) -> Result<Orphans, Error> {
    let database = &database.with_deadline(database.deadline());
    if let Err(error) = release_own(database).await {
        tracing::warn!(error.class = error.class(), "previous tables are left to the next reaping");
    }
    let orphans = swap::drop_orphans(database).await?;
    if let Err(error) = forget_restore_chunks(database).await {
        tracing::warn!(error.class = error.class(), "chunks of ended restores are left to the next reaping");
    }
    Ok(orphans)
}

/// Releases the previous tables of Rowgate's own tables, which makes them orphans; but those that
/// an undo is about to swap in.
async fn release_own(database: &Database) -> Result<(), Error> {
    let sql = format!(
        "UPDATE rowgate_job_tables t JOIN rowgate_restores r ON r.restore_id = t.job_id \
         LEFT JOIN rowgate_job_tables s ON s.shadow_table = t.previous_table SET t.previous_table = NULL \
         WHERE t.previous_table IS NOT NULL AND LEFT(t.table_name, 8) = 'rowgate_' AND r.status = 'completed' \
         AND r.finished_at < UTC_TIMESTAMP(3) - {OWN_KEPT} AND s.job_id IS NULL"
    );
    database.execute(Statement::new(sql)).await.map(drop)
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
