//! The events of loads: `Load Completed` and `Load Failed`.
//!
//! The ledger is a transactional outbox: the very statement that ends a load notes that its event
//! is to be sent, and the note is cleared after it is sent. The function that ends the load sends
//! it; if it cannot, the load's message comes back and its next delivery does, and so does the
//! audit.

use aurora::Database;
use aurora::loads::{self, TableFilter};
use domain::dictionary::{Dictionary, Table};
use domain::load::{LoadId, LoadRecord, LoadStatus};
use event_bus::{DetailType, Event, EventBus};
use serde_json::json;

use crate::error::LoadError;

/// Returns the event of a load; `None` while it runs.
fn of_load(load: &LoadRecord) -> Option<Event> {
    let detail_type = match load.status {
        LoadStatus::Running => return None,
        LoadStatus::Completed | LoadStatus::Skipped => DetailType::LoadCompleted,
        LoadStatus::Failed => DetailType::LoadFailed,
    };
    let mut detail = json!(load);
    detail["error"] = json!(load.error.as_deref().map(without_quotations));
    detail["warnings"] = load.warnings.iter().map(|warning| without_quotations(warning)).collect();
    Some(Event { detail_type, detail, grows: "warnings" })
}

/// Replaces what stands within quotation marks. It may be from the file: where the first record is
/// neither a header nor a row, the reason quotes it, and it may be a row of another table.
fn without_quotations(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let (mut is_quoted, mut is_escaped) = (false, false);
    for character in text.chars() {
        match character {
            _ if is_quoted && is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => {
                is_quoted = !is_quoted;
                kept.push_str(if is_quoted { "\"…" } else { "\"" });
            }
            _ if is_quoted => {}
            character => kept.push(character),
        }
    }
    kept
}

/// Sends the event of a load, unless it was sent before or the load has not ended. Loads of hidden
/// tables, which are Rowgate's own, have none.
///
/// # Errors
/// [`LoadError`]: the event is still to be sent.
pub(crate) async fn send(
    events: &EventBus,
    database: &Database,
    dictionary: &Dictionary,
    id: &LoadId,
) -> Result<(), LoadError> {
    if !events.is_on() {
        return Ok(());
    }
    match loads::event_due(database, id).await? {
        Some(load) if !dictionary.table(&load.table).is_some_and(Table::is_hidden) => {
            send_one(events, database, &load).await
        }
        _ => Ok(()),
    }
}

/// Sends the events that are still to be sent of the last day's loads, some at a time. Returns true
/// if all of them are sent now.
///
/// # Errors
/// Those of the ledger.
pub(crate) async fn send_due(
    events: &EventBus,
    database: &Database,
    hidden: &[&Table],
) -> Result<bool, aurora::Error> {
    if !events.is_on() {
        return Ok(true);
    }
    let hidden: Vec<&str> = hidden.iter().map(|table| table.name()).collect();
    loop {
        let due = loads::events_due(database, TableFilter::AllBut(&hidden)).await?;
        if due.is_empty() {
            return Ok(true);
        }
        for load in due {
            if let Err(error) = send_one(events, database, &load).await {
                tracing::error!(
                    load.id = load.load.as_str(),
                    error.class = error.class(),
                    error.causes = error.causes(),
                    "the events of loads could not be sent"
                );
                return Ok(false);
            }
        }
    }
}

async fn send_one(events: &EventBus, database: &Database, load: &LoadRecord) -> Result<(), LoadError> {
    let Some(event) = of_load(load) else { return Ok(()) };
    events.send(&event, database.deadline()).await?;
    // If this fails, it is sent once more, which receivers expect.
    Ok(loads::event_sent(database, load).await?)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn load(example: Value) -> LoadRecord {
        serde_json::from_value(example).unwrap()
    }

    #[test]
    fn the_page_shows_the_events() {
        for detail_type in [DetailType::LoadCompleted, DetailType::LoadFailed] {
            let example = testkit::events::example(detail_type.as_str());
            let event = of_load(&load(example.clone())).unwrap();
            assert_eq!((event.detail_type, event.detail), (detail_type, example));
        }
    }

    #[test]
    fn the_status_decides_and_nothing_is_said_of_a_load_that_runs() {
        let example = testkit::events::example("Load Completed");
        for (status, expected) in [
            (LoadStatus::Running, None),
            (LoadStatus::Completed, Some(DetailType::LoadCompleted)),
            (LoadStatus::Skipped, Some(DetailType::LoadCompleted)),
            (LoadStatus::Failed, Some(DetailType::LoadFailed)),
        ] {
            let event = of_load(&LoadRecord { status, ..load(example.clone()) });
            assert_eq!(event.map(|event| event.detail_type), expected);
        }
    }

    #[test]
    fn what_may_be_from_the_file_is_left_out() {
        let error = r#"line 1: it has "Ann", "a \"b\" c\\", ""; the columns are id"#.to_owned();
        let warnings = vec![r#"the sheet "Ann" was not read"#.to_owned()];
        let record =
            LoadRecord { error: Some(error), warnings, ..load(testkit::events::example("Load Failed")) };
        let detail = of_load(&record).unwrap().detail;
        assert_eq!(detail["error"], r#"line 1: it has "…", "…", "…"; the columns are id"#);
        assert_eq!(detail["warnings"], json!([r#"the sheet "…" was not read"#]));
    }
}
