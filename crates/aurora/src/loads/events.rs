//! Loads whose end is still to be told to other programs.

use domain::load::{LoadId, LoadRecord};

use super::read::{TableFilter, select};
use crate::{Database, Error, Statement};

/// Loads of [`events_due`] at most; the rest is returned next time.
const MAX_DUE: u32 = 100;

/// The time after which an event is not sent any more: nobody waits for it then. A deployment that
/// is given a bus does not send the events of years.
const LAPSE: &str = "INTERVAL 24 HOUR";

/// Returns a load whose end is still to be sent as an event; `None` if it was sent, or the load has
/// not ended.
///
/// # Errors
/// As [`Database::query`].
pub async fn event_due(database: &Database, id: &LoadId) -> Result<Option<LoadRecord>, Error> {
    let sql =
        format!("{} WHERE l.load_id = :load AND l.event_due = TRUE AND l.status <> 'running'", select());
    let loads: Vec<LoadRecord> = database.query(Statement::new(sql).bind("load", id.as_str())).await?;
    Ok(loads.into_iter().next().map(LoadRecord::with_warnings_of_figures))
}

/// Returns loads that ended within the last day, and whose end is still to be sent as an event;
/// oldest first, at most 100.
///
/// # Errors
/// As [`Database::query`].
pub async fn events_due(database: &Database, tables: TableFilter<'_>) -> Result<Vec<LoadRecord>, Error> {
    let and = tables.condition("l.table_name").map(|condition| format!(" AND {condition}"));
    let sql = format!(
        "{} WHERE l.event_due = TRUE AND l.finished_at >= UTC_TIMESTAMP(3) - {LAPSE} AND l.status <> 'running'{} \
         ORDER BY l.finished_at LIMIT {MAX_DUE}",
        select(),
        and.unwrap_or_default(),
    );
    let statement = Statement::new(sql).bind_some("table", tables.table());
    let loads: Vec<LoadRecord> = database.query(statement).await?;
    Ok(loads.into_iter().map(LoadRecord::with_warnings_of_figures).collect())
}

/// Records that the event of a load has been sent. A load that was abandoned, and has ended again
/// since it was read, has another event to send.
///
/// # Errors
/// As [`Database::execute`].
pub async fn event_sent(database: &Database, sent: &LoadRecord) -> Result<(), Error> {
    let sql = "UPDATE rowgate_loads SET event_due = FALSE \
               WHERE load_id = :load AND status = :status AND attempts = :attempts";
    let update = Statement::new(sql)
        .bind("load", sent.load.as_str())
        .bind("status", sent.status.as_str())
        .bind("attempts", sent.attempts)
        .idempotent();
    database.execute(update).await.map(drop)
}
