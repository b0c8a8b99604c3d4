//! A bus for events whose answers a test gives, and the examples of `docs/events.md`.

use event_bus::EventBus;
use serde_json::{Value, json};

use crate::replay::{Exchange, Replay, answer};

/// Returns a bus of this account.
pub fn bus(account: &Replay) -> EventBus {
    EventBus::read(&account.config(), |name| (name == "ROWGATE_EVENT_BUS").then(|| "default".to_owned()))
}

/// Returns a call that takes an event.
pub fn taken() -> Exchange {
    answer("PutEvents", json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "e" }] }))
}

/// Returns a call that succeeds, and does not take its event.
pub fn refused() -> Exchange {
    let entry = json!({ "ErrorCode": "InternalFailure", "ErrorMessage": "Internal Service Failure" });
    answer("PutEvents", json!({ "FailedEntryCount": 1, "Entries": [entry] }))
}

/// Returns the events that an account was sent: detail type and detail.
///
/// # Panics
/// If one of them is not from Rowgate, or has no JSON.
#[expect(clippy::expect_used, reason = "a call that is no event fails the test")]
pub fn sent(account: &Replay) -> Vec<(String, Value)> {
    let entries = account.sent().into_iter().map(|call| {
        let entry = &call["Entries"][0];
        assert_eq!((&entry["Source"], &entry["EventBusName"]), (&json!("rowgate"), &json!("default")));
        let detail = entry["Detail"].as_str().expect("an event has a detail");
        let detail = serde_json::from_str(detail).expect("a detail is JSON");
        (entry["DetailType"].as_str().unwrap_or_default().to_owned(), detail)
    });
    entries.collect()
}

/// Returns the detail of the example that `docs/events.md` has of an event, without the
/// environment.
///
/// # Panics
/// If there is none, or one that is no JSON.
#[expect(clippy::expect_used, reason = "a page without the example fails the test")]
pub fn example(detail_type: &str) -> Value {
    let page = include_str!("../../../docs/events.md");
    let examples = page.split("```json\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let events = examples.map(|text| serde_json::from_str::<Value>(text).expect("every example is JSON"));
    let mut events = events.filter(|event| event["detail-type"] == detail_type);
    let event = events.next().expect("every event has an example");
    assert_eq!(event["source"], "rowgate");
    let mut detail = event["detail"].clone();
    // The bus adds it.
    assert_eq!(detail["environment"], "staging");
    detail.as_object_mut().map(|members| members.shift_remove("environment"));
    detail
}
