//! Restores whose completion is still to be told to other programs.

use domain::backup::RestoreId;

use super::read;
use super::record::Restore;
use crate::ledger::Only;
use crate::{Database, Error, Statement};

/// Restores of [`events_due`] at most; the rest is returned next time.
const MAX_DUE: u32 = 20;

/// The time after which an event is not sent any more, as of loads.
const LAPSE: &str = "INTERVAL 24 HOUR";

/// Returns true if the completion of a restore is still to be sent as an event. Of a restore that
/// failed, or only verified, there is none.
///
/// # Errors
/// As [`Database::query`].
pub async fn event_due(database: &Database, id: &RestoreId) -> Result<bool, Error> {
    let sql = "SELECT 1 AS due FROM rowgate_restores WHERE restore_id = :restore AND event_due = TRUE";
    let found: Vec<Only<u8>> = database.query(Statement::new(sql).bind("restore", id.as_str())).await?;
    Ok(!found.is_empty())
}

/// Returns restores that completed within the last day, and whose completion is still to be sent as
/// an event; oldest first, at most 20.
///
/// # Errors
/// As [`Database::query`].
pub async fn events_due(database: &Database) -> Result<Vec<Restore>, Error> {
    let sql = format!(
        "SELECT restore_id FROM rowgate_restores WHERE event_due = TRUE \
         AND finished_at >= UTC_TIMESTAMP(3) - {LAPSE} ORDER BY finished_at LIMIT {MAX_DUE}"
    );
    let mut due = Vec::new();
    for Only(id) in database.query::<Only<RestoreId>>(Statement::new(sql)).await? {
        due.extend(read::get(database, &id).await?);
    }
    Ok(due)
}

/// Records that the event of a restore has been sent.
///
/// # Errors
/// As [`Database::execute`].
pub async fn event_sent(database: &Database, id: &RestoreId) -> Result<(), Error> {
    let sql = "UPDATE rowgate_restores SET event_due = FALSE WHERE restore_id = :restore";
    database.execute(Statement::new(sql).bind("restore", id.as_str()).idempotent()).await.map(drop)
}
