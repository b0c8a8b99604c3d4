//! The event `Backup Completed`.
//!
//! The state of a backup is a transactional outbox: from its beginning it notes that an event is to
//! be sent once there is a manifest, and the note is cleared after it is sent. The function that
//! writes the manifest sends it; if it cannot, or is killed in between, the retention of the same
//! hour does.

use aurora::Deadline;
use bucket::Store;
use domain::backup::{BackupId, Manifest, read_time};
use domain::dictionary::{Dictionary, Table};
use event_bus::{DetailType, Event, EventBus, SendError};
use serde_json::{Map, Value, json};

use crate::error::BackupError;
use crate::state::{Status, VersionedState};

/// Returns true if the event of a backup of these tables is to be sent: there is a bus, and not all
/// of them are hidden, Rowgate's own.
pub(crate) fn is_wanted(events: &EventBus, tables: &[&Table]) -> bool {
    events.is_on() && tables.iter().any(|table| !table.is_hidden())
}

/// Returns the event of a backup.
fn of_backup(manifest: &Manifest, dictionary: &Dictionary) -> Event {
    let is_shown = |name: &str| !dictionary.table(name).is_some_and(Table::is_hidden);
    let shown: Vec<_> = manifest.tables.iter().filter(|(name, _)| is_shown(name)).collect();
    let rows: u64 = shown.iter().map(|(_, table)| table.rows).sum();
    let bytes: u64 = shown.iter().map(|(_, table)| table.bytes).sum();
    let tables: Map<String, Value> = shown
        .into_iter()
        .map(|(name, table)| (name.clone(), json!({ "rows": table.rows, "bytes": table.bytes })))
        .collect();
    let time = read_time(&manifest.finished_at).duration_since(read_time(&manifest.started_at));
    let detail = json!({
        "backup": manifest.backup,
        "started_at": manifest.started_at,
        "finished_at": manifest.finished_at,
        "moment": manifest.snapshot_time,
        "duration_ms": u64::try_from(time.as_millis()).unwrap_or_default(),
        "rows": rows,
        "bytes": bytes,
        "tables": tables,
    });
    Event { detail_type: DetailType::BackupCompleted, detail, grows: "tables" }
}

/// Sends the event of a backup whose manifest is written. Returns true if nothing is left to be
/// sent.
pub(crate) async fn send(
    events: &EventBus,
    dictionary: &Dictionary,
    manifest: &Manifest,
    deadline: Deadline,
) -> bool {
    match events.send(&of_backup(manifest, dictionary), deadline).await {
        Ok(()) => true,
        Err(error) => {
            log(&manifest.backup, &error);
            false
        }
    }
}

/// Sends the event of a backup that notes that it is still to be sent, and clears the note.
///
/// # Errors
/// Those of the store; nothing is wrong with the backup.
pub(crate) async fn send_due<S: Store>(
    events: &EventBus,
    store: &S,
    dictionary: &Dictionary,
    manifest: &Manifest,
    deadline: Deadline,
) -> Result<(), BackupError> {
    let Some(mut versioned) = VersionedState::read(store, &manifest.backup).await? else { return Ok(()) };
    if !versioned.state.event_due || !send(events, dictionary, manifest, deadline).await {
        return Ok(());
    }
    versioned.state.event_due = false;
    if versioned.state.status == Status::Running {
        // The function was killed right after it had written the manifest.
        versioned.state.status = Status::Completed;
        versioned.state.finished_at = Some(manifest.finished_at.clone());
    }
    match versioned.save().await {
        // Another function has sent it as well.
        Err(BackupError::Ended) => Ok(()),
        saved => saved,
    }
}

fn log(backup: &BackupId, error: &SendError) {
    tracing::error!(
        backup.id = %backup,
        error.causes = lambda_kit::causes(error),
        "the event of the backup could not be sent; the next retention sends it"
    );
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn manifest(tables: impl IntoIterator<Item = (String, u64)>) -> Manifest {
        let table = |rows: u64| {
            json!({
                "rows": rows, "bytes": 10 * rows, "checksum": "0".repeat(16), "schema_fingerprint": "0".repeat(64),
                "columns": ["id"], "files": [],
            })
        };
        let tables: BTreeMap<String, Value> =
            tables.into_iter().map(|(name, rows)| (name, table(rows))).collect();
        serde_json::from_value(json!({
            "format": 1, "backup": "20261130-020000-1a2b3c4d", "rowgate": "0.1.0", "dictionary": "0".repeat(16),
            "moment": "2026-11-30T02:00:01.250Z", "started_at": "2026-11-30T02:00:00.000Z",
            "finished_at": "2026-11-30T02:00:41.500Z", "codec": "deflate", "tables": tables,
        }))
        .unwrap()
    }

    #[test]
    fn the_page_shows_the_event() {
        let tables = [("departments", 12), ("employees", 1999), ("jobs", 183), ("rowgate_canary", 1)];
        let manifest = manifest(tables.map(|(name, rows)| (name.to_owned(), rows)));
        let event = of_backup(&manifest, testkit::dictionary());
        assert_eq!(event.detail, testkit::events::example(event.detail_type.as_str()));
    }
}
