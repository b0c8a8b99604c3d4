//! The bus that events go to.

use std::error::Error;
use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::retry::RetryConfig;
use aws_sdk_eventbridge::config::timeout::TimeoutConfig;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_types::SdkConfig;
use deadline::Deadline;
use tokio::time::sleep;

use crate::event::{Event, SOURCE};

/// Calls for one event at most. The SDK would try failed calls again, but not entries that a
/// successful call refused.
const TRIES: u32 = 3;

/// The time of one call at most. A function reserves some ten seconds to end what it has done.
const CALL: Duration = Duration::from_secs(3);

/// The bus that events go to, or none.
#[derive(Debug, Clone, Default)]
pub struct EventBus(Option<Bus>);

#[derive(Debug, Clone)]
struct Bus {
    client: Client,
    /// Its name or ARN.
    name: String,
    environment: Option<String>,
}

/// Why an event could not be sent; it is still to be sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The call failed.
    #[error("EventBridge could not be called")]
    Call(#[source] Box<dyn Error + Send + Sync>),
    /// The call succeeded, but the event is not on the bus.
    #[error("EventBridge did not take the event: {code}")]
    Refused {
        /// EventBridge's code.
        code: String,
    },
    /// The time of the function is up.
    #[error("the function's time is up")]
    OutOfTime,
}

impl EventBus {
    /// Reads `ROWGATE_EVENT_BUS` and `ROWGATE_ENVIRONMENT`. Without the first, nothing is ever
    /// sent.
    pub fn read(config: &SdkConfig, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let Some(name) = set("ROWGATE_EVENT_BUS") else { return Self(None) };
        let config = aws_sdk_eventbridge::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(CALL).build())
            .build();
        let environment = set("ROWGATE_ENVIRONMENT");
        Self(Some(Bus { client: Client::from_conf(config), name, environment }))
    }

    /// Returns true if events are sent.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Sends an event, if there is a bus to send it to; again after a pause if that fails.
    ///
    /// # Errors
    /// [`SendError`] after the last try. The event may have been sent all the same, if only the
    /// answer was lost.
    pub async fn send(&self, event: &Event, deadline: Deadline) -> Result<(), SendError> {
        let Some(bus) = &self.0 else { return Ok(()) };
        deadline.bound(bus.send(event)).await.unwrap_or(Err(SendError::OutOfTime))
    }
}

impl Bus {
    async fn send(&self, event: &Event) -> Result<(), SendError> {
        let detail_type = event.detail_type.as_str();
        let entry = PutEventsRequestEntry::builder()
            .source(SOURCE)
            .detail_type(detail_type)
            .detail(event.text(self.environment.as_deref()))
            .event_bus_name(&self.name)
            .build();
        let mut tries = 1;
        loop {
            match self.put(entry.clone()).await {
                Err(error) if tries < TRIES => {
                    tracing::debug!(event.r#type = detail_type, %error, "the event is sent again");
                }
                sent => return sent,
            }
            tries += 1;
            sleep(Duration::from_millis(fastrand::u64(100..300))).await;
        }
    }

    async fn put(&self, entry: PutEventsRequestEntry) -> Result<(), SendError> {
        let put = self.client.put_events().entries(entry).send().await;
        let put = put.map_err(|error| SendError::Call(Box::new(error)))?;
        // A call succeeds even if it took none of its entries.
        let id = put.entries().first().and_then(|entry| entry.event_id());
        if put.failed_entry_count() == 0 && id.is_some() {
            return Ok(());
        }
        let code = put.entries().iter().find_map(|entry| entry.error_code()).unwrap_or("no code");
        Err(SendError::Refused { code: code.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use testkit::events::{refused, taken};
    use testkit::replay::{Replay, answer, cut, refusal};

    use super::*;
    use crate::event::DetailType;

    fn bus(replay: &Replay, environment: Option<&str>) -> EventBus {
        EventBus::read(&replay.config(), |name| match name {
            "ROWGATE_EVENT_BUS" => Some("default".to_owned()),
            "ROWGATE_ENVIRONMENT" => environment.map(str::to_owned),
            _ => None,
        })
    }

    async fn send(bus: &EventBus) -> Result<(), String> {
        let detail = json!({ "backup": "b" });
        let event = Event { detail_type: DetailType::BackupCompleted, detail, grows: "tables" };
        let sent = bus.send(&event, Deadline::after(Duration::from_secs(60))).await;
        sent.map_err(|error| error.to_string())
    }

    fn entry(detail: &Value) -> Value {
        json!({ "Entries": [{
            "Source": "rowgate", "DetailType": "Backup Completed", "Detail": detail.to_string(),
            "EventBusName": "default",
        }] })
    }

    #[tokio::test]
    async fn sends_one_entry_to_the_bus() {
        let replay = Replay::new([taken(), taken()]);
        assert_eq!(send(&bus(&replay, None)).await, Ok(()));
        assert_eq!(send(&bus(&replay, Some("staging"))).await, Ok(()));
        let staging = json!({ "backup": "b", "environment": "staging" });
        assert_eq!(replay.sent(), [entry(&json!({ "backup": "b" })), entry(&staging)]);
    }

    #[tokio::test]
    async fn tries_what_failed_again_a_refused_entry_too() {
        let throttled = || refusal("PutEvents", "ThrottlingException", "Rate exceeded");
        for failed in [refused(), cut(), throttled()] {
            let replay = Replay::new([failed.clone(), failed, taken()]);
            assert_eq!(send(&bus(&replay, None)).await, Ok(()));
            assert!(replay.is_exhausted());
        }
    }

    #[tokio::test]
    async fn says_why_after_the_last_try() {
        for (failed, reason) in [
            (refused(), "EventBridge did not take the event: InternalFailure"),
            (cut(), "EventBridge could not be called"),
            (answer("PutEvents", json!({})), "EventBridge did not take the event: no code"),
        ] {
            let replay = Replay::new(vec![failed; TRIES as usize]);
            assert_eq!(send(&bus(&replay, None)).await, Err(reason.to_owned()));
            assert!(replay.is_exhausted());
        }
    }

    #[tokio::test]
    async fn does_not_send_after_the_deadline() {
        let replay = Replay::always(refused());
        let event = Event { detail_type: DetailType::LoadFailed, detail: json!({}), grows: "" };
        let sent = bus(&replay, None).send(&event, Deadline::after(Duration::from_millis(50))).await;
        assert!(matches!(sent, Err(SendError::OutOfTime)), "{sent:?}");
    }

    #[tokio::test]
    async fn without_a_bus_nothing_is_sent() {
        let replay = Replay::new([]);
        for value in [None, Some(String::new())] {
            let bus = EventBus::read(&replay.config(), |_| value.clone());
            assert!(!bus.is_on());
            assert_eq!(send(&bus).await, Ok(()));
        }
        assert_eq!(replay.sent(), [] as [Value; 0]);
    }
}
