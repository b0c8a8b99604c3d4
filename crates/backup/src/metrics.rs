//! The metrics of backups.

use std::time::Duration;

use lambda_kit::metrics::Document;

/// Returns the metrics of a backup whose manifest is written. `time` is from its beginning, through
/// all invocations.
pub(crate) fn completed(backup: &str, rows: u64, bytes: u64, time: Duration) -> Document<'static> {
    Document::new()
        .property("backup.id", backup)
        .count("BackupsCompleted", 1)
        .count("BackupRows", rows)
        .bytes("BackupBytes", bytes)
        .seconds("BackupSeconds", time)
}

/// Returns the metric of a backup that has failed for good. It has no figures: half a backup says
/// nothing of its tables.
pub(crate) fn failed(backup: &str) -> Document<'static> {
    Document::new().property("backup.id", backup).count("BackupsFailed", 1)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(document: &Document<'_>) -> Value {
        serde_json::from_str(&document.line(7).unwrap()).unwrap()
    }

    #[test]
    fn a_complete_backup_has_its_figures_and_its_id() {
        let read = read(&completed("b1", 12, 345, Duration::from_millis(2500)));
        assert_eq!((&read["BackupsCompleted"], &read["BackupRows"]), (&1.into(), &12.into()));
        assert_eq!((&read["BackupBytes"], &read["BackupSeconds"]), (&345.into(), &2.5.into()));
        assert_eq!((&read["backup.id"], read.get("BackupsFailed")), (&"b1".into(), None));
    }

    #[test]
    fn a_failed_backup_counts_as_nothing_else() {
        let read = read(&failed("b1"));
        assert_eq!((&read["BackupsFailed"], &read["backup.id"]), (&1.into(), &"b1".into()));
        assert_eq!((read.get("BackupsCompleted"), read.get("BackupRows")), (None, None));
    }
}
