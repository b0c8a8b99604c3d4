//! The metrics of backups.

use std::time::Duration;

use super::document::Document;

/// The figures of a backup that is complete.
#[derive(Debug, Clone, Copy)]
pub struct BackupFigures<'a> {
    /// Its id.
    pub backup: &'a str,
    /// Rows of all of its tables.
    pub rows: u64,
    /// Bytes of all of its files.
    pub bytes: u64,
    /// From its beginning, through all of its invocations.
    pub time: Duration,
}

/// Writes the metrics of a backup whose manifest is written.
pub fn backup_completed(figures: &BackupFigures<'_>) {
    completed(figures).write();
}

fn completed(figures: &BackupFigures<'_>) -> Document<'static> {
    Document::new(None)
        .property("backup.id", figures.backup)
        .count("BackupsCompleted", 1)
        .count("BackupRows", figures.rows)
        .bytes("BackupBytes", figures.bytes)
        .seconds("BackupSeconds", figures.time)
}

/// Writes the metric of a backup that has failed for good. There are no figures: half a backup says nothing of its tables.
pub fn backup_failed(backup: &str) {
    failed(backup).write();
}

fn failed(backup: &str) -> Document<'static> {
    Document::new(None).property("backup.id", backup).count("BackupsFailed", 1)
}

/// Writes how long ago the moment of the newest good backup was, in hours. Where there is none yet, the time since somebody
/// first looked for one, so that a backup that never comes is missed like one that comes no more.
pub fn backup_age(age: Duration) {
    of_age(age).write();
}

fn of_age(age: Duration) -> Document<'static> {
    Document::new(None).number("BackupAgeHours", age.as_secs_f64() / 3600.0)
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::read;
    use super::*;

    #[test]
    fn a_complete_backup_tells_its_figures_and_its_id() {
        let figures = BackupFigures { backup: "b1", rows: 12, bytes: 345, time: Duration::from_millis(2500) };
        let read = read(&completed(&figures).line(7).unwrap());
        assert_eq!((&read["BackupsCompleted"], &read["BackupRows"]), (&1.into(), &12.into()));
        assert_eq!((&read["BackupBytes"], &read["BackupSeconds"]), (&345.into(), &2.5.into()));
        assert_eq!((&read["backup.id"], read.get("BackupsFailed")), (&"b1".into(), None));
    }

    #[test]
    fn a_failed_backup_counts_as_nothing_else() {
        let read = read(&failed("b1").line(7).unwrap());
        assert_eq!((&read["BackupsFailed"], &read["backup.id"]), (&1.into(), &"b1".into()));
        assert_eq!((read.get("BackupsCompleted"), read.get("BackupRows")), (None, None));
    }

    #[test]
    fn an_age_is_in_hours() {
        let read = read(&of_age(Duration::from_secs(26 * 3600 + 1800)).line(7).unwrap());
        assert_eq!(read["BackupAgeHours"], 26.5);
    }
}
