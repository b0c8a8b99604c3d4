//! The checks of a run, one after the other.

use std::time::Duration;

use deadline::Deadline;
use lambda_kit::metrics::Document;
use tokio::time::Instant;

use crate::answer::{Answer, Checked, Status};
use crate::fault::Fault;

/// Time beyond the deadline of a check, so that its own error about a late call comes first.
const GRACE: Duration = Duration::from_secs(1);

/// The checks of a run so far.
#[derive(Debug)]
pub(crate) struct Round {
    deadline: Deadline,
    checks: Vec<Checked>,
}

impl Round {
    /// Begins a run that ends before `deadline`.
    pub(crate) fn new(deadline: Deadline) -> Self {
        Self { deadline, checks: Vec::new() }
    }

    /// Runs a check with its deadline, and returns its value if it succeeds.
    pub(crate) async fn check<T>(
        &mut self,
        name: &str,
        limit: Duration,
        work: impl AsyncFnOnce(Deadline) -> Result<T, Fault>,
    ) -> Option<T> {
        let begun = Instant::now();
        let deadline = self.deadline.min(Deadline::after(limit));
        let ended = match deadline.is_over() {
            false => deadline.extend(GRACE).bound(work(deadline)).await.unwrap_or(Err(Fault::NoTime)),
            true => Err(Fault::NoTime),
        };
        let time = begun.elapsed();
        metrics(name, ended.is_ok(), time).write();
        let (status, detail, value) = match ended {
            Ok(value) => (Status::Ok, None, Some(value)),
            Err(fault) => (Status::Failed, Some(fault.to_string()), None),
        };
        let checked = Checked::new(name, status, time, detail);
        match &checked.detail {
            None => tracing::info!(canary.check = name, duration_ms = checked.duration_ms, "check is ok"),
            Some(detail) => tracing::error!(
                canary.check = name,
                duration_ms = checked.duration_ms,
                canary.detail = detail,
                "check failed"
            ),
        }
        self.checks.push(checked);
        value
    }

    /// Records a check that cannot be tried. It has no metric: the check that it depends on has
    /// failed, and has one.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        tracing::warn!(canary.check = name, canary.detail = why, "check skipped");
        self.checks.push(Checked::new(name, Status::Skipped, Duration::ZERO, Some(why.to_owned())));
    }

    pub(crate) fn end(self) -> Answer {
        Answer::of(self.checks)
    }
}

/// Returns the metrics of a check.
fn metrics(check: &str, is_ok: bool, time: Duration) -> Document<'_> {
    Document::by("Check", check).count("CanaryOk", is_ok.into()).seconds("CanarySeconds", time)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_check_is_kept_by_its_name_and_among_all() {
        let line = metrics("status", false, Duration::from_millis(250)).line(7).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&line["CanaryOk"], &line["CanarySeconds"]), (&0.into(), &0.25.into()));
        assert_eq!(line["Check"], "status");
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Check"], []]));
    }
}
