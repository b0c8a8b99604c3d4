//! The steps of a run, from the history of its execution.

use std::time::Duration;

use aws_sdk_sfn::types::HistoryEvent;

/// The steps of the pipeline in their order. Each is a state of this name, and helper states named
/// `<step>: ...`.
const STEPS: [&str; 7] = ["Backup", "Verify", "Bronze", "Silver", "Gold", "Maintenance", "Announce"];

/// News from the history.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    Started(&'static str),
    /// The step's work failed with this error, and may be retried.
    Failed(&'static str, String),
    Ended(&'static str, Duration),
}

/// The progress of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// The step that is under way, and when it began, in seconds of Unix time.
    current: Option<(&'static str, f64)>,
    /// The newest event that was read.
    seen: i64,
}

impl Progress {
    /// Returns the id of the newest event that was read; events are numbered from 1.
    pub(crate) fn seen(&self) -> i64 {
        self.seen
    }

    /// Returns the step that is under way.
    pub(crate) fn current(&self) -> Option<&'static str> {
        self.current.map(|(step, _)| step)
    }

    /// Reads events, in any order and also those that were read before.
    pub(crate) fn read(&mut self, events: &[HistoryEvent]) -> Vec<Change> {
        let mut fresh: Vec<_> = events.iter().filter(|event| event.id > self.seen).collect();
        fresh.sort_by_key(|event| event.id);
        let mut changes = Vec::new();
        for event in fresh {
            self.seen = event.id;
            let at = event.timestamp.as_secs_f64();
            if let Some(entered) = event.state_entered_event_details() {
                // Other states, such as those that report a failure, are not steps.
                let Some(step) = step(entered.name()) else { continue };
                if self.current() != Some(step) {
                    changes.extend(self.end(at));
                    self.current = Some((step, at));
                    changes.push(Change::Started(step));
                }
            } else if let Some(failed) = event.task_failed_event_details()
                && let Some(step) = self.current()
            {
                changes.push(Change::Failed(step, failed.error().unwrap_or("failed").to_owned()));
            }
        }
        changes
    }

    /// Ends the step that is under way, if there is one, at this second of Unix time.
    pub(crate) fn end(&mut self, at: f64) -> Option<Change> {
        let (step, began) = self.current.take()?;
        Some(Change::Ended(step, Duration::from_secs_f64((at - began).max(0.0))))
    }
}

/// Returns the step that a state belongs to.
fn step(state: &str) -> Option<&'static str> {
    let name = state.split_once(": ").map_or(state, |(step, _)| step);
    STEPS.into_iter().find(|step| *step == name)
}

/// Returns the step that an error of the pipeline names, as in `SilverFailed`.
pub(crate) fn failed_step(error: &str) -> Option<&'static str> {
    step(error.strip_suffix("Failed")?)
}

#[cfg(test)]
mod tests {
    use aws_sdk_sfn::primitives::DateTime;
    use aws_sdk_sfn::types::{HistoryEventType, StateEnteredEventDetails, TaskFailedEventDetails};

    use super::*;

    fn event(id: i64, at: f64) -> aws_sdk_sfn::types::builders::HistoryEventBuilder {
        HistoryEvent::builder()
            .id(id)
            .timestamp(DateTime::from_secs_f64(at))
            .r#type(HistoryEventType::TaskStateEntered)
    }

    fn entered(id: i64, at: f64, name: &str) -> HistoryEvent {
        let details = StateEnteredEventDetails::builder().name(name).build().unwrap();
        event(id, at).state_entered_event_details(details).build().unwrap()
    }

    #[test]
    fn a_step_lasts_until_the_next_one_begins() {
        let mut progress = Progress::default();
        let first = [
            event(1, 100.0).build().unwrap(),
            entered(2, 100.0, "Backup"),
            entered(5, 101.0, "Backup: wait"),
            entered(7, 102.0, "Backup: status"),
        ];
        assert_eq!(progress.read(&first), [Change::Started("Backup")]);
        assert_eq!((progress.current(), progress.seen()), (Some("Backup"), 7));
        let second = [
            entered(9, 102.5, "Verify"),
            entered(12, 104.0, "Bronze"),
            entered(15, 105.0, "Failed: say so"),
            entered(17, 106.0, "Bronze"),
        ];
        let ended = |step, seconds| Change::Ended(step, Duration::from_secs_f64(seconds));
        assert_eq!(
            progress.read(&second),
            [
                ended("Backup", 2.5),
                Change::Started("Verify"),
                ended("Verify", 1.5),
                Change::Started("Bronze")
            ]
        );
        assert_eq!(progress.end(110.0), Some(ended("Bronze", 6.0)));
        assert_eq!(progress.end(111.0), None);
    }

    #[test]
    fn events_come_newest_first_and_more_than_once() {
        let mut progress = Progress::default();
        let events = [entered(4, 3.0, "Verify"), entered(2, 1.0, "Backup")];
        assert_eq!(
            progress.read(&events),
            [
                Change::Started("Backup"),
                Change::Ended("Backup", Duration::from_secs(2)),
                Change::Started("Verify")
            ]
        );
        assert_eq!(progress.read(&events), []);
    }

    #[test]
    fn a_failed_attempt_is_shown_with_its_error() {
        let mut progress = Progress::default();
        let failed = TaskFailedEventDetails::builder()
            .resource_type("aws-sdk:glue")
            .resource("startJobRun")
            .error("Glue.ConcurrentRunsExceededException")
            .build()
            .unwrap();
        let failed = event(4, 2.0).task_failed_event_details(failed).build().unwrap();
        assert_eq!(
            progress.read(&[entered(2, 1.0, "Bronze"), failed]),
            [
                Change::Started("Bronze"),
                Change::Failed("Bronze", "Glue.ConcurrentRunsExceededException".to_owned())
            ]
        );
    }

    #[test]
    fn the_failed_step_is_read_from_the_error() {
        assert_eq!(failed_step("SilverFailed"), Some("Silver"));
        assert_eq!(failed_step("States.Runtime"), None);
    }
}
