//! Makes the table that a job fills.

use super::names::Shadow;
use super::protocol::settle;
use super::state;
use crate::jobs::JobId;
use crate::{Database, Error, tables};

/// The number of attempts to make a shadow when an answer was lost or another function was faster.
const ATTEMPTS: u32 = 5;

/// A table to fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) shadow: Shadow,
    /// True if it has all of its rows already.
    pub(crate) is_filled: bool,
    /// The number of times that the job was sent back to its start; its committed chunks are in the
    /// shadow.
    pub(crate) restarts: u32,
}

/// Makes the shadow of a job's table, or finds the one it has filled so far; `None` if the job does
/// not run. Settles a swap that was left half done.
pub(crate) async fn prepare(database: &Database, job: &JobId, table: &str) -> Result<Option<Target>, Error> {
    let database = &database.with_deadline(database.deadline());
    let mut attempt = 1;
    loop {
        let Some(state) = state::running(database, job).await? else { return Ok(None) };
        let Some(row) = state.table(table) else {
            let message = format!("the job {} has no table {table} to fill", job.as_str());
            return Err(Error::Configuration { message });
        };
        if let Some(shadow) = &row.shadow {
            if tables::exists(database, shadow.name()).await? {
                let (shadow, is_filled) = (shadow.clone(), row.is_filled);
                return Ok(Some(Target { shadow, is_filled, restarts: state.restarts }));
            }
            // Swapped in, or dropped by others. If a marker is recorded, settling it shows which;
            // if not, no RENAME has been or can be under way.
            if let Some(marker) = &state.marker {
                settle(database, job, marker).await?;
            } else {
                state::forget_shadow(database, job, table, shadow).await?;
            }
            continue;
        }
        match make(database, job, state.restarts, table).await {
            Ok(()) => {}
            Err(error) if error.is_unknown_outcome() && attempt < ATTEMPTS => {}
            Err(error) => return Err(error),
        }
        attempt += 1;
    }
}

/// Makes a shadow and records it in the ledger, unless another one is recorded, or the job is over
/// or has started over.
async fn make(database: &Database, job: &JobId, restarts: u32, table: &str) -> Result<(), Error> {
    let shadow = Shadow::fresh(job);
    // If its answer is lost, the next one has another name, and this one is left to the reaper.
    tables::create_like(database, shadow.name(), table).await?;
    state::note_shadow(database, job, restarts, table, &shadow).await?;
    if state::running(database, job).await?.is_some_and(|state| state.has(table, &shadow)) {
        return Ok(());
    }
    tables::drop_table(database, shadow.name()).await
}
