//! The logs of functions.

use std::time::{Duration, Instant};

use aws_sdk_lambda::primitives::Blob;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Cloud;

const PATIENCE: Duration = Duration::from_secs(120);
/// The most concurrent invocations.
const MOST_AT_ONCE: usize = 64;

impl Cloud {
    /// Returns the lines that a function has logged since a time, for the requests of every test,
    /// once they are `enough`.
    ///
    /// The local cloud keeps what a process writes more than some milliseconds after its answer for
    /// the log of the next invocation of this process. So the function is invoked with the event
    /// `idle` until all lines are there: more and more at once, because each invocation takes the
    /// first process that is free.
    pub(crate) async fn logged(
        &self,
        function: &str,
        since: Timestamp,
        idle: &Value,
        enough: impl Fn(&[Value]) -> bool,
    ) -> (String, Vec<Value>) {
        let started = Instant::now();
        let mut at_once = 1;
        let call =
            json!({"logGroupName": format!("/aws/lambda/{function}"), "startTime": since.as_millisecond()});
        loop {
            let found = self.aws_json("logs", "Logs_20140328.FilterLogEvents", &call).await.unwrap();
            let events = found["events"].as_array().unwrap().iter();
            let log: Vec<_> = events.map(|event| event["message"].as_str().unwrap()).collect();
            let lines: Vec<_> = log.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
            if enough(&lines) {
                return (log.join("\n"), lines);
            }
            assert!(started.elapsed() < PATIENCE, "{function} has not written it: {log:#?}");
            let mut others = JoinSet::new();
            for _ in 0..at_once {
                let call = self.lambda.invoke().function_name(function);
                others.spawn(call.payload(Blob::new(idle.to_string())).send());
            }
            for other in others.join_all().await {
                other.unwrap();
            }
            at_once = (at_once * 2).min(MOST_AT_ONCE);
        }
    }
}
