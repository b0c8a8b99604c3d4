//! The metrics of restores.

use std::time::Duration;

use lambda_kit::metrics::Document;

/// Returns the metrics of a completed restore, including restores that only verify. `time` is from
/// its beginning, through all invocations.
pub(crate) fn completed(
    restore: &str,
    rows_restored: u64,
    rows_rejected: u64,
    time: Duration,
) -> Document<'static> {
    Document::new()
        .property("restore.id", restore)
        .count("RestoresCompleted", 1)
        .count("RestoreRows", rows_restored)
        .count("RestoreRowsRejected", rows_rejected)
        .seconds("RestoreSeconds", time)
}

/// Returns the metric of a restore that has failed for good.
pub(crate) fn failed(restore: &str) -> Document<'static> {
    Document::new().property("restore.id", restore).count("RestoresFailed", 1)
}

/// Returns the outcome of a drill. Zero is written as well, because drills that write nothing raise
/// an alarm.
pub(crate) fn drilled(succeeded: bool) -> Document<'static> {
    Document::new().count("DrillsFailed", u64::from(!succeeded))
}

/// Returns the age of the newest good backup, in hours. If there is none yet, the age counts from
/// the first check for one, so that a backup that never comes is noticed like one that no longer
/// comes.
pub(crate) fn backup_age(age: Duration) -> Document<'static> {
    Document::new().number("BackupAgeHours", age.as_secs_f64() / 3600.0)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(document: &Document<'_>) -> Value {
        serde_json::from_str(&document.line(7).unwrap()).unwrap()
    }

    #[test]
    fn a_restore_has_its_figures_and_its_id() {
        let read = read(&completed("r1", 10, 2, Duration::from_millis(2500)));
        assert_eq!((&read["RestoresCompleted"], &read["RestoreRows"]), (&1.into(), &10.into()));
        assert_eq!((&read["RestoreRowsRejected"], &read["RestoreSeconds"]), (&2.into(), &2.5.into()));
        assert_eq!((&read["restore.id"], read.get("RestoresFailed")), (&"r1".into(), None));
    }

    #[test]
    fn a_failed_restore_counts_as_nothing_else() {
        let read = read(&failed("r1"));
        assert_eq!((&read["RestoresFailed"], &read["restore.id"]), (&1.into(), &"r1".into()));
        assert_eq!(read.get("RestoresCompleted"), None);
    }

    #[test]
    fn a_drill_writes_its_outcome_whatever_it_is() {
        for (succeeded, count) in [(true, 0), (false, 1)] {
            assert_eq!(read(&drilled(succeeded))["DrillsFailed"], count);
        }
    }

    #[test]
    fn an_age_is_in_hours() {
        let read = read(&backup_age(Duration::from_secs(26 * 3600 + 1800)));
        assert_eq!(read["BackupAgeHours"], 26.5);
    }
}
