//! Undoing a restore: swapping its previous tables in again.

use domain::backup::RestoreId;

use super::end::{fail, running, swap};
use super::record::Kind;
use crate::jobs::JobId;
use crate::ledger::settled;
use crate::swap::{Swapped, state};
use crate::{Database, Error, Statement};

/// Swaps the previous tables of another restore in again, as this restore was begun to do; what was
/// in their places is kept in turn, and can be undone as well. Ends as failed, with the reason, if
/// one of them is not kept any more or has not the form of its table any more; what is kept stays
/// so then.
///
/// # Errors
/// Any [`Error`]; calling it again is safe. [`Error::Configuration`] for a restore that was begun
/// to do something else.
pub async fn undo(database: &Database, id: &RestoreId) -> Result<Swapped, Error> {
    let database = &database.with_deadline(database.deadline());
    let Some(restore) = running(database, id).await? else { return Ok(Swapped::Ended) };
    if restore.kind != Kind::Undo {
        return Err(Error::Configuration { message: format!("the restore {id} is not an undo") });
    }
    adopt(database, &id.into(), &restore.source).await?;
    if swap(database, id).await? == Swapped::Unfilled {
        let reason = format!("the restore {} keeps no former table of that name", restore.source);
        fail(database, id, &reason).await?;
    }
    Ok(Swapped::Ended)
}

/// Records the previous tables as the ones to be swapped in. They are kept until the swap has taken
/// place.
async fn adopt(database: &Database, job: &JobId, source: &str) -> Result<(), Error> {
    settled(database, |tx| async move {
        if state::lock(&tx, job).await?.is_none() {
            return Ok(());
        }
        let sql = "UPDATE rowgate_job_tables p JOIN rowgate_job_tables k \
                   ON k.job_id = :source AND k.table_name = p.table_name AND k.previous_table IS NOT NULL \
                   SET p.shadow_table = k.previous_table, p.is_filled = TRUE \
                   WHERE p.job_id = :job AND p.shadow_table IS NULL";
        tx.execute(Statement::new(sql).bind("job", job.as_str()).bind("source", source)).await.map(|_| ())
    })
    .await
}
