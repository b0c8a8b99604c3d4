//! Ends restores: swaps them in, records them as verified, or fails them.

use domain::backup::RestoreId;
use serde::Deserialize;

use super::read;
use super::record::{Kind, Mode, Restore, Status};
use crate::jobs::{JobId, end_restore};
use crate::ledger::settled;
use crate::swap::orphans::clean_up;
use crate::swap::state::{self, Locked};
use crate::swap::{self, Outcome, Swapped, settle};
use crate::{Database, Error, Statement};

/// Puts what a restore has filled in the places of all of its tables at once, and completes it.
/// Readers see all tables as they were or all as they are, and nothing between. The previous tables
/// are kept until the next restore of the table.
///
/// The restore fails if another one of a table of it was completed since it began: what that one
/// kept, which may be all that is left of the original rows, would go. So a request that was sent
/// twice does no harm.
///
/// # Errors
/// Any [`Error`]; calling it again is safe, and so is a call by another function at the same time.
/// It lifts the fences before it fails, if the database lets it; if not, [`swap::recover`] does.
/// [`Error::Configuration`] for a restore that is to verify.
pub async fn swap(database: &Database, id: &RestoreId) -> Result<Swapped, Error> {
    let database = &database.with_deadline(database.deadline());
    let Some(restore) = &running(database, id).await? else { return Ok(Swapped::Ended) };
    if restore.mode == Mode::Verify {
        return Err(Error::Configuration { message: format!("the restore {id} only verifies") });
    }
    let reason = match swap::swap(database, &id.into(), || refusal(database, restore)).await? {
        Outcome::Ended => return Ok(Swapped::Ended),
        Outcome::Unfilled => return Ok(Swapped::Unfilled),
        Outcome::Refused(reason) => reason,
        Outcome::Missing(table) => format!("the database has no table {table} any more"),
        Outcome::Altered(table) => {
            let since = match restore.kind {
                Kind::Undo => "since the former table was set aside",
                Kind::Backup | Kind::Files => "during the restore",
            };
            format!("the columns or indexes of {table} have changed {since}")
        }
    };
    fail(database, id, &reason).await?;
    Ok(Swapped::Ended)
}

/// Returns a restore if it runs.
pub(super) async fn running(database: &Database, id: &RestoreId) -> Result<Option<Restore>, Error> {
    Ok(read::get(database, id).await?.filter(|restore| restore.status == Status::Running))
}

/// Returns the reason why a restore must not be swapped in, if there is one: a previous table that
/// it is to swap in is not kept any more; or another restore has been completed since it began.
async fn refusal(database: &Database, restore: &Restore) -> Result<Option<String>, Error> {
    #[derive(Deserialize)]
    struct Row {
        table_name: String,
        other: Option<String>,
    }
    let source = &restore.source;
    let sql = match restore.kind {
        Kind::Undo => {
            "SELECT p.table_name, NULL AS other FROM rowgate_job_tables p LEFT JOIN rowgate_job_tables k \
             ON k.job_id = :source AND k.table_name = p.table_name AND k.previous_table = p.shadow_table \
             WHERE p.job_id = :restore AND k.job_id IS NULL ORDER BY p.table_name LIMIT 1"
        }
        Kind::Backup | Kind::Files => {
            "SELECT t.table_name, o.restore_id AS other FROM rowgate_restores r \
             JOIN rowgate_job_tables t ON t.job_id = r.restore_id \
             JOIN rowgate_job_tables x ON x.table_name = t.table_name AND x.job_id <> t.job_id \
             JOIN rowgate_restores o ON o.restore_id = x.job_id AND o.mode = 'replace' \
             AND o.status = 'completed' AND o.finished_at >= r.started_at \
             WHERE r.restore_id = :restore ORDER BY o.finished_at DESC, t.table_name LIMIT 1"
        }
    };
    let of_undo = (restore.kind == Kind::Undo).then_some(source);
    let select = Statement::new(sql).bind("restore", restore.restore.as_str()).bind_some("source", of_undo);
    let rows: Vec<Row> = database.query(select).await?;
    Ok(rows.into_iter().next().map(|Row { table_name, other }| match other {
        Some(other) => format!(
            "the table {table_name} was restored by {other} since this restore began, and its former state would be lost: \
             start it again if that is meant"
        ),
        None => format!(
            "the restore {source} keeps no former {table_name} any more: the table has been restored since"
        ),
    }))
}

/// Completes a restore that was only to verify: its shadows go.
///
/// # Errors
/// Any [`Error`]; calling it again is safe. [`Error::Configuration`] for a restore that is to
/// replace.
pub async fn finish_verify(database: &Database, id: &RestoreId) -> Result<Swapped, Error> {
    let database = &database.with_deadline(database.deadline());
    let Some(restore) = running(database, id).await? else { return Ok(Swapped::Ended) };
    if restore.mode != Mode::Verify {
        return Err(Error::Configuration { message: format!("the restore {id} is to replace its tables") });
    }
    let job = &JobId::from(id);
    if !end_unswapped(database, job, id, None).await? {
        return Ok(Swapped::Unfilled);
    }
    clean_up(database, job).await;
    Ok(Swapped::Ended)
}

/// Ends a restore that has failed, and removes all that it has inserted: its tables are unchanged.
/// If its shadows have taken their places already, the restore completes instead. Does nothing to a
/// restore that has ended.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn fail(database: &Database, id: &RestoreId, reason: &str) -> Result<(), Error> {
    let database = &database.with_deadline(database.deadline());
    end_failed(database, id, reason).await?;
    clean_up(database, &id.into()).await;
    Ok(())
}

/// Fails a restore, and leaves its tables to the reaper.
pub(super) async fn end_failed(database: &Database, id: &RestoreId, reason: &str) -> Result<(), Error> {
    let Some(restore) = running(database, id).await? else { return Ok(()) };
    let reason = match restore.mode {
        Mode::Replace => format!("{reason}; the tables are as they were before"),
        Mode::Verify => reason.to_owned(),
    };
    let job = &JobId::from(id);
    while let Some(state) = state::running(database, job).await? {
        if let Some(marker) = &state.marker {
            settle(database, job, marker).await?;
        } else {
            end_unswapped(database, job, id, Some(&reason)).await?;
        }
    }
    Ok(())
}

/// Ends a restore without a swap; its shadows are not needed any more. Returns false if a swap of
/// it is under way, or, without a failure, if a table of it is not filled.
async fn end_unswapped(
    database: &Database,
    job: &JobId,
    id: &RestoreId,
    failure: Option<&str>,
) -> Result<bool, Error> {
    settled(database, |tx| async move {
        let state = match state::lock_unfenced(&tx, job).await? {
            Locked::Ended => return Ok(true),
            Locked::Swapping => return Ok(false),
            Locked::Unfenced(state) => state,
        };
        if failure.is_none() && state.pairs().is_none() {
            return Ok(false);
        }
        let status = if failure.is_some() {
            // The rejected rows stay for people to see; the inserted ones are gone.
            let sum = |figure: &str| {
                format!(
                    "(SELECT COALESCE(SUM(c.{figure}), 0) FROM rowgate_restore_chunks c \
                     WHERE c.restore_id = t.job_id AND c.table_name = t.table_name)"
                )
            };
            let sql = format!(
                "UPDATE rowgate_job_tables t SET t.rows_read = {}, t.rows_rejected = {}, t.rows_restored = 0, \
                 t.checksum = NULL WHERE t.job_id = :job",
                sum("rows_read"),
                sum("rows_rejected")
            );
            tx.execute(Statement::new(sql).bind("job", job.as_str())).await?;
            Status::Failed
        } else {
            Status::Completed
        };
        let sql = "UPDATE rowgate_job_tables SET shadow_table = NULL WHERE job_id = :job";
        tx.execute(Statement::new(sql).bind("job", job.as_str())).await?;
        end_restore(&tx, id, status, failure).await?;
        Ok(true)
    })
    .await
}
