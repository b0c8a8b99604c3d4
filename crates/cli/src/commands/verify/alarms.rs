//! The checks of CloudWatch: the alarms of the environment, and the metrics that the run has made.

use std::time::Duration;

use anyhow::Result;

use super::cloud::{Cloud, ensure_sentence};
use super::report::{Outcome, passed, skipped};
use crate::cloudwatch::{Alarm, CloudWatch};
use crate::wait::{growing, poll};

/// The alarms that every deployment has; a test of the repository holds them against the stack.
/// Others depend on its settings, or are of one function.
const ALARMS: [&str; 15] = [
    "ApiErrors",
    "AuditMissing",
    "BackupTooOld",
    "BackupsFailed",
    "DatabaseAtCapacity",
    "DeadLettersNotEmpty",
    "DrillFailed",
    "DrillMissing",
    "FilesWaiting",
    "InvocationsFailed",
    "LedgerFaults",
    "LoadsFailed",
    "LoadsStalled",
    "PeopleErrors",
    "RestoresFailed",
];

/// The alarm that says where the metrics of the environment are.
const GUIDE: &str = "LoadsFailed";

/// Metrics of what the checks before have done.
const METRICS: [&str; 6] =
    ["Requests", "LoadsCompleted", "RowsLoaded", "RowsRejected", "BackupsCompleted", "RestoresCompleted"];

/// CloudWatch shows a figure some minutes after the line with it was written.
const SHOWN_AFTER: Duration = Duration::from_secs(5 * 60);
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LAST_PAUSE: Duration = Duration::from_secs(15);

/// Looks for the alarms of the environment.
pub(super) async fn alarms(cloud: &Cloud) -> Result<Outcome> {
    let prefix = cloud.aws.environment().alarm_prefix();
    let found = CloudWatch::new(&cloud.aws).alarms(&prefix).await?;
    let names: Vec<&str> = found.iter().map(|alarm| name(alarm, &prefix)).collect();
    let missing: Vec<_> = ALARMS.iter().filter(|name| !names.contains(*name)).copied().collect();
    ensure_sentence(missing.is_empty(), || {
        format!(
            "CloudWatch has {} alarms {prefix}…, and lacks {}; ROWGATE_ENVIRONMENT names the environment",
            names.len(),
            missing.join(", ")
        )
    })?;
    let in_state = |state: &str| {
        let alarms = found.iter().filter(|alarm| alarm.state == state);
        alarms.map(|alarm| name(alarm, &prefix)).collect::<Vec<_>>()
    };
    let waiting = in_state("INSUFFICIENT_DATA").len();
    let ringing = in_state("ALARM");
    let mut seen = format!("{} alarms {prefix}…", names.len());
    if waiting > 0 {
        seen.push_str(&format!(", {waiting} of them without data yet"));
    }
    if !ringing.is_empty() {
        seen.push_str(&format!(
            "; in ALARM: {}. docs/operations.md#alarms says what each means",
            ringing.join(", ")
        ));
    }
    passed(seen)
}

/// Looks for the metrics that the run must have made.
pub(super) async fn metrics(cloud: &Cloud) -> Result<Outcome> {
    let prefix = cloud.aws.environment().alarm_prefix();
    let cloudwatch = CloudWatch::new(&cloud.aws);
    let alarms = cloudwatch.alarms(&format!("{prefix}{GUIDE}")).await?;
    let Some(guide) = alarms.iter().find(|alarm| name(alarm, &prefix) == GUIDE) else {
        return skipped(format!("the alarm {prefix}{GUIDE} is missing, which says where the metrics are"));
    };
    // A cloud of one's own has them at once, or never.
    let limit = if cloud.aws.is_elsewhere() { Duration::ZERO } else { SHOWN_AFTER };
    let mut missing: Vec<&str> = Vec::new();
    let found = poll(growing(FIRST_PAUSE, LAST_PAUSE), limit, async || {
        let sums = cloudwatch.sums(guide, &METRICS, cloud.began.as_second()).await?;
        missing =
            METRICS.into_iter().zip(sums).filter(|(_, sum)| *sum <= 0.0).map(|(name, _)| name).collect();
        Ok(missing.is_empty().then_some(()))
    });
    let is_whole = found.await?.is_some();
    if !is_whole && cloud.aws.is_elsewhere() && missing.len() == METRICS.len() {
        return skipped("this cloud, which is not AWS, makes no metrics of the functions' log lines");
    }
    ensure_sentence(is_whole, || {
        format!(
            "CloudWatch shows no data of this run for {} in {} after {} s",
            missing.join(", "),
            guide.namespace.as_deref().unwrap_or_default(),
            limit.as_secs()
        )
    })?;
    passed(format!("this run is seen in {}", METRICS.join(", ")))
}

/// Returns the name of an alarm within its environment.
fn name<'a>(alarm: &'a Alarm, prefix: &str) -> &'a str {
    alarm.name.strip_prefix(prefix).unwrap_or_default()
}
