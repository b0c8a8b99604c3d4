//! The event `Restore Completed`.
//!
//! The ledger is a transactional outbox: the transaction that completes a restore notes that its
//! event is to be sent, and the note is cleared after it is sent. The function that completes the
//! restore sends it; if it cannot, the reaper of the same hour does. A restore that only verifies
//! changes nothing and has no event.

use aurora::Database;
use aurora::restores::{self, Kind, Mode, Restore, RestoredTable, Status};
use domain::backup::{RestoreId, read_time};
use domain::dictionary::{Dictionary, Table};
use event_bus::{DetailType, Event};
use serde_json::{Map, Value, json};

use crate::Restorer;
use crate::error::RestoreError;

/// Returns the event of a completed restore; `None` if all of its tables are hidden, Rowgate's own.
fn of_restore(restore: &Restore, dictionary: &Dictionary) -> Option<Event> {
    let is_shown = |name: &str| !dictionary.table(name).is_some_and(Table::is_hidden);
    let shown = restore.tables.iter().filter(|(name, _)| is_shown(name));
    let figures = |table: &RestoredTable| json!({ "rows_restored": table.rows_restored, "rows_rejected": table.rows_rejected });
    let tables: Map<String, Value> = shown.map(|(name, table)| (name.clone(), figures(table))).collect();
    if tables.is_empty() {
        return None;
    }
    // By the members that ask for such a restore.
    let source = match restore.kind {
        Kind::Backup => "backup",
        Kind::Files => "from",
        Kind::Undo => "put_back",
    };
    let finished_at = restore.finished_at.as_ref().unwrap_or(&restore.started_at);
    let time = read_time(finished_at).duration_since(read_time(&restore.started_at));
    let mut detail = json!({
        "restore": restore.restore,
        "mode": restore.mode,
        "started_at": restore.started_at,
        "finished_at": finished_at,
        "duration_ms": u64::try_from(time.as_millis()).unwrap_or_default(),
        "tables": tables,
    });
    detail[source] = json!(restore.source);
    Some(Event { detail_type: DetailType::RestoreCompleted, detail, grows: "tables" })
}

impl<S, G> Restorer<S, G> {
    /// Sends the event of a restore, unless it was sent before or there is none. A failure is
    /// logged, and left to the reaper.
    pub(crate) async fn send_event(&self, ledger: &Database, restore: &Restore) {
        let is_wanted = restore.status == Status::Completed && restore.mode == Mode::Replace;
        if !self.events.is_on() || !is_wanted {
            return;
        }
        let sent = match restores::event_due(ledger, &restore.restore).await {
            Ok(false) => return,
            Ok(true) => self.send_one(ledger, restore).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = sent {
            log(&restore.restore, &error);
        }
    }

    /// Sends the events that are still to be sent of the last day's restores. Returns true if all
    /// of them are sent now.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(crate) async fn send_events_due(&self, ledger: &Database) -> Result<bool, RestoreError> {
        if !self.events.is_on() {
            return Ok(true);
        }
        loop {
            let due = restores::events_due(ledger).await?;
            if due.is_empty() {
                return Ok(true);
            }
            for restore in due {
                if let Err(error) = self.send_one(ledger, &restore).await {
                    log(&restore.restore, &error);
                    return Ok(false);
                }
            }
        }
    }

    async fn send_one(&self, ledger: &Database, restore: &Restore) -> Result<(), RestoreError> {
        if let Some(event) = of_restore(restore, self.dictionary) {
            self.events.send(&event, ledger.deadline()).await?;
        }
        // If this fails, it is sent once more, which receivers expect.
        Ok(restores::event_sent(ledger, &restore.restore).await?)
    }
}

fn log(restore: &RestoreId, error: &RestoreError) {
    tracing::error!(
        restore.id = restore.as_str(),
        error.class = error.class(),
        error.causes = error.causes(),
        "the event of the restore could not be sent; the next reaping sends it"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restore(kind: &str, source: &str) -> Restore {
        let mut restore: Restore = serde_json::from_value(json!({
            "restore": "20261130-100200-5e6f7a8b", "status": "completed", "kind": kind, "source": source,
            "mode": "replace", "strict": 0, "started_at": "2026-11-30T10:02:00.000Z",
            "finished_at": "2026-11-30T10:02:05.125Z", "attempts": 1, "error": null,
        }))
        .unwrap();
        let table = |rows| RestoredTable {
            rows_read: rows,
            rows_restored: rows,
            rows_rejected: 0,
            checksum: None,
            kept: true,
        };
        restore.tables.insert("employees".to_owned(), table(1999));
        restore.tables.insert("rowgate_canary".to_owned(), table(1));
        restore
    }

    #[test]
    fn the_page_shows_the_event() {
        let event = of_restore(&restore("backup", "20261130-020000-1a2b3c4d"), testkit::dictionary());
        let event = event.unwrap();
        assert_eq!(event.detail, testkit::events::example(event.detail_type.as_str()));
    }

    #[test]
    fn the_source_has_the_name_that_the_request_gives_it() {
        for (kind, source, name) in
            [("files", "avro/x/?files=1&sum=0", "from"), ("put_back", "20261130-100100-00000001", "put_back")]
        {
            let detail = of_restore(&restore(kind, source), testkit::dictionary()).unwrap().detail;
            assert_eq!((detail[name].as_str(), detail.get("backup")), (Some(source), None));
        }
    }

    #[test]
    fn nothing_is_said_of_hidden_tables() {
        let mut restore = restore("backup", "20261130-020000-1a2b3c4d");
        restore.tables.remove("employees");
        assert_eq!(of_restore(&restore, testkit::dictionary()), None);
    }
}
