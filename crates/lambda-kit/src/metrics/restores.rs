//! The metrics of restores.

use std::time::Duration;

use super::document::Document;

/// The figures of a restore that is complete; one that only verified counts as a restore too.
#[derive(Debug, Clone, Copy)]
pub struct RestoreFigures<'a> {
    /// Its id.
    pub restore: &'a str,
    /// Rows restored into all of its tables.
    pub rows_restored: u64,
    /// Rows that broke a rule of the dictionary.
    pub rows_rejected: u64,
    /// From its beginning, through all of its invocations.
    pub time: Duration,
}

/// Writes the metrics of a restore that has completed.
pub fn restore_completed(figures: &RestoreFigures<'_>) {
    completed(figures).write();
}

fn completed(figures: &RestoreFigures<'_>) -> Document<'static> {
    Document::new(None)
        .property("restore.id", figures.restore)
        .count("RestoresCompleted", 1)
        .count("RestoreRows", figures.rows_restored)
        .count("RestoreRowsRejected", figures.rows_rejected)
        .seconds("RestoreSeconds", figures.time)
}

/// Writes the metric of a restore that has failed for good.
pub fn restore_failed(restore: &str) {
    failed(restore).write();
}

fn failed(restore: &str) -> Document<'static> {
    Document::new(None).property("restore.id", restore).count("RestoresFailed", 1)
}

/// Writes the outcome of a drill; a nought too, because drills that write nothing raise an alarm.
pub fn drilled(succeeded: bool) {
    of_drill(succeeded).write();
}

fn of_drill(succeeded: bool) -> Document<'static> {
    Document::new(None).count("DrillsFailed", u64::from(!succeeded))
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::read;
    use super::*;

    #[test]
    fn a_restore_tells_its_figures_and_its_id() {
        let time = Duration::from_millis(2500);
        let figures = RestoreFigures { restore: "r1", rows_restored: 10, rows_rejected: 2, time };
        let read = read(&completed(&figures).line(7).unwrap());
        assert_eq!((&read["RestoresCompleted"], &read["RestoreRows"]), (&1.into(), &10.into()));
        assert_eq!((&read["RestoreRowsRejected"], &read["RestoreSeconds"]), (&2.into(), &2.5.into()));
        assert_eq!((&read["restore.id"], read.get("RestoresFailed")), (&"r1".into(), None));
    }

    #[test]
    fn a_failed_restore_counts_as_nothing_else() {
        let read = read(&failed("r1").line(7).unwrap());
        assert_eq!((&read["RestoresFailed"], &read["restore.id"]), (&1.into(), &"r1".into()));
        assert_eq!(read.get("RestoresCompleted"), None);
    }

    #[test]
    fn a_drill_writes_its_outcome_whatever_it_is() {
        for (succeeded, count) in [(true, 0), (false, 1)] {
            assert_eq!(read(&of_drill(succeeded).line(7).unwrap())["DrillsFailed"], count);
        }
    }
}
