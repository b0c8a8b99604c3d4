//! Ending a load.

use super::{Ending, Run};
use crate::jobs::end_load;
use crate::{Database, Error};

/// Ends a load that runs; its figures are the sums of its committed chunks. Returns false, and does
/// nothing, if it has ended or was sent back to its start since the run began; also if a first
/// answer was lost and the load had been ended all the same.
///
/// # Errors
/// As [`Database::execute`].
pub async fn end(database: &Database, run: &Run, ending: Ending<'_>) -> Result<bool, Error> {
    let ended = database.execute(end_load(run, ending)).await?;
    Ok(ended.updated > 0)
}
