//! Loads that replace their table: they fill a shadow and [swap](crate::swap) it in.

use domain::dictionary::Table;

use super::{Ending, Run};
use crate::jobs::{JobId, end_load, forget_load_chunks};
use crate::ledger::{execute_settled, settled};
use crate::swap::orphans::clean_up;
use crate::swap::state::{self, Locked, SwapState};
use crate::swap::{self, Outcome, Shadow, Swapped, settle};
use crate::{Database, Error, Statement, Tx, tables};

/// Makes the table that a replace fills, or finds the one it has filled so far; `None` if the load
/// has ended. Settles a swap that was left half done.
///
/// The committed chunks of the run that is returned are in the shadow. It may be later than the
/// caller's, if the load had to be sent back to its start.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn prepare(database: &Database, run: &Run, table: &Table) -> Result<Option<(Run, Shadow)>, Error> {
    let target = swap::prepare(database, &(&run.id).into(), table.name()).await?;
    Ok(target.map(|target| (Run { id: run.id.clone(), restarts: target.restarts }, target.shadow)))
}

/// Puts a shadow that holds all of its load in its table's place and completes the load; `digest`
/// is that of the content. Readers see the table as it was or as it is, and nothing between.
///
/// # Errors
/// Any [`Error`]; calling it again is safe, and so is a call by another function at the same time.
/// It lifts the fence before it fails, if the database lets it; if not, [`swap::recover`] does.
pub async fn swap(database: &Database, run: &Run, table: &Table, digest: &str) -> Result<Swapped, Error> {
    let database = &database.with_deadline(database.deadline());
    let job = JobId::from(&run.id);
    // Waits for chunks in flight, of killed functions too. A run that is over marks nothing.
    let sql = "UPDATE rowgate_loads l JOIN rowgate_job_tables t ON t.job_id = l.load_id \
               SET l.content_digest = :digest, t.is_filled = TRUE WHERE l.load_id = :load AND l.status = 'running' \
               AND l.restarts = :restarts AND t.table_name = :table AND t.shadow_table IS NOT NULL";
    let fill = Statement::new(sql)
        .bind("load", run.id.as_str())
        .bind("restarts", run.restarts)
        .bind("table", table.name())
        .bind("digest", digest);
    execute_settled(database, fill).await?;
    let Some(state) = running(database, run).await? else {
        let is_running = state::running(database, &job).await?.is_some();
        return Ok(if is_running { Swapped::Unfilled } else { Swapped::Ended });
    };
    Ok(match swap::swap(database, &job, || async { Ok(None) }).await? {
        Outcome::Ended => Swapped::Ended,
        Outcome::Unfilled => Swapped::Unfilled,
        Outcome::Refused(_) | Outcome::Missing(_) | Outcome::Altered(_) => {
            // A migration has changed the table since; the next run fills one of its new form.
            for shadow in state.tables.iter().filter_map(|table| table.shadow.as_ref()) {
                tables::drop_table(database, shadow.name()).await?;
            }
            Swapped::Unfilled
        }
    })
}

/// Returns the state of a load if this run of it is not over.
async fn running(database: &Database, run: &Run) -> Result<Option<SwapState>, Error> {
    let state = state::running(database, &(&run.id).into()).await?;
    Ok(state.filter(|state| state.restarts == run.restarts))
}

/// Ends a replace that has failed or is abandoned, and removes all that it has loaded: the table is
/// unchanged. Its figures are those of its rejected records; 0 if it is abandoned, because it
/// starts over then. If the shadow has taken its table's place already, the load completes instead.
/// Does nothing to a load that has ended or was sent back to its start since the run began.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn undo(database: &Database, run: &Run, ending: Ending<'_>) -> Result<(), Error> {
    let database = &database.with_deadline(database.deadline());
    let job = &JobId::from(&run.id);
    let reason = match ending {
        Ending::Failed(reason) | Ending::Abandoned(reason) => {
            format!("{reason}; the table is as it was before")
        }
        Ending::Completed(_) | Ending::Skipped { .. } => String::new(),
    };
    let ending = match ending {
        Ending::Failed(_) => Ending::Failed(&reason),
        Ending::Abandoned(_) => Ending::Abandoned(&reason),
        other => other,
    };
    loop {
        let Some(state) = running(database, run).await? else { return Ok(()) };
        if let Some(marker) = &state.marker {
            settle(database, job, marker).await?;
        } else if settled(database, |tx| async move { end_undone(&tx, run, ending).await }).await? {
            clean_up(database, job).await;
            return Ok(());
        }
    }
}

/// Ends a replace without its rows, which go with its shadow. Returns false if a swap of it is
/// under way.
async fn end_undone(tx: &Tx, run: &Run, ending: Ending<'_>) -> Result<bool, Error> {
    match state::lock_unfenced(tx, &(&run.id).into()).await? {
        Locked::Swapping => return Ok(false),
        Locked::Unfenced(state) if state.restarts == run.restarts => {}
        _ => return Ok(true),
    }
    if matches!(ending, Ending::Abandoned(_)) {
        forget_load_chunks(tx, &run.id).await?;
    } else {
        // The load never runs again, and its rejects files are what people want to see.
        let sql = "UPDATE rowgate_load_chunks SET rows_read = rows_rejected, rows_loaded = 0, unknown_references = 0 \
                   WHERE load_id = :load";
        tx.execute(Statement::new(sql).bind("load", run.id.as_str())).await?;
    }
    tx.execute(end_load(run, ending)).await?;
    let sql = "UPDATE rowgate_loads l LEFT JOIN rowgate_job_tables t ON t.job_id = l.load_id \
               SET l.restarts = l.restarts + 1, l.content_digest = NULL, t.shadow_table = NULL, t.is_filled = FALSE \
               WHERE l.load_id = :load";
    tx.execute(Statement::new(sql).bind("load", run.id.as_str())).await.map(|_| true)
}
