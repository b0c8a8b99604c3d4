//! Warnings: what a load did not read of its file.

use domain::load::bounded_warnings;

use super::Run;
use crate::{Database, Error, Statement};

/// Records what a running load has not read of its file, before the load ends; replaces what was
/// recorded before. Does nothing to a load that has ended or was sent back to its start since the
/// run began.
///
/// # Errors
/// As [`Database::execute`].
pub async fn note_warnings(database: &Database, run: &Run, warnings: &[String]) -> Result<(), Error> {
    let json = serde_json::to_string(&bounded_warnings(warnings))?;
    let sql = "UPDATE rowgate_loads SET warnings = :warnings \
               WHERE load_id = :load AND status = 'running' AND restarts = :restarts";
    let note = Statement::new(sql)
        .bind("load", run.id.as_str())
        .bind("restarts", run.restarts)
        .bind("warnings", json)
        .idempotent();
    database.execute(note).await.map(|_| ())
}
