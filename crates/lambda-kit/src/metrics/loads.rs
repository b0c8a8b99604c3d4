//! The metrics of loads.

use std::time::Duration;

use domain::load::LoadStatus;

use super::document::Document;

/// The figures of a load that has ended.
#[derive(Debug, Clone, Copy)]
pub struct LoadFigures<'a> {
    /// Its id.
    pub load: &'a str,
    /// The dictionary's table; `None` for a key that names none, since every name ever misspelled would be a metric of
    /// its own, for which AWS charges.
    pub table: Option<&'a str>,
    /// How it ended. One that still runs makes no metrics.
    pub status: LoadStatus,
    /// Records read.
    pub rows_read: u64,
    /// Rows loaded.
    pub rows_loaded: u64,
    /// Records rejected.
    pub rows_rejected: u64,
    /// The object's size.
    pub bytes: u64,
    /// From its beginning, through all of its deliveries.
    pub time: Duration,
}

/// Writes the metrics of a load that has ended.
pub fn load_ended(figures: &LoadFigures<'_>) {
    if let Some(document) = of_load(figures) {
        document.write();
    }
}

fn of_load<'a>(figures: &LoadFigures<'a>) -> Option<Document<'a>> {
    let ended = match figures.status {
        LoadStatus::Running => return None,
        LoadStatus::Completed => "LoadsCompleted",
        LoadStatus::Failed => "LoadsFailed",
        LoadStatus::Skipped => "LoadsSkipped",
    };
    let document = Document::new(figures.table)
        .property("load.id", figures.load)
        .count(ended, 1)
        .count("RowsRead", figures.rows_read)
        .count("RowsLoaded", figures.rows_loaded)
        .count("RowsRejected", figures.rows_rejected)
        .bytes("LoadBytes", figures.bytes)
        .seconds("LoadSeconds", figures.time);
    Some(document)
}

/// Writes the metrics of an audit of the ledger; noughts too, because an audit that writes nothing raises an alarm.
pub fn audited(ledger_faults: u64, loads_stalled: u64) {
    of_audit(ledger_faults, loads_stalled).write();
}

fn of_audit(ledger_faults: u64, loads_stalled: u64) -> Document<'static> {
    Document::new(None).count("LedgerFaults", ledger_faults).count("LoadsStalled", loads_stalled)
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::read;
    use super::*;

    fn figures(status: LoadStatus) -> LoadFigures<'static> {
        LoadFigures {
            load: "00ab",
            table: Some("jobs"),
            status,
            rows_read: 12,
            rows_loaded: 10,
            rows_rejected: 2,
            bytes: 99,
            time: Duration::from_millis(2500),
        }
    }

    #[test]
    fn a_load_counts_once_for_how_it_ended() {
        let endings = ["LoadsCompleted", "LoadsFailed", "LoadsSkipped"];
        for (status, name) in
            [LoadStatus::Completed, LoadStatus::Failed, LoadStatus::Skipped].into_iter().zip(endings)
        {
            let read = read(&of_load(&figures(status)).unwrap().line(7).unwrap());
            assert_eq!(
                endings.map(|ending| read.get(ending).is_some()),
                endings.map(|ending| ending == name)
            );
            assert_eq!(read[name], 1);
        }
        assert!(of_load(&figures(LoadStatus::Running)).is_none());
    }

    #[test]
    fn a_load_tells_its_figures_and_its_id() {
        let read = read(&of_load(&figures(LoadStatus::Completed)).unwrap().line(7).unwrap());
        for (name, value) in [("RowsRead", 12.0), ("RowsLoaded", 10.0), ("RowsRejected", 2.0)] {
            assert_eq!(read[name].as_f64(), Some(value), "{name}");
        }
        assert_eq!((read["LoadBytes"].as_u64(), read["LoadSeconds"].as_f64()), (Some(99), Some(2.5)));
        assert_eq!((&read["load.id"], &read["Table"]), (&"00ab".into(), &"jobs".into()));
        let metrics = read["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
        assert!(metrics.iter().all(|metric| metric["Name"] != "load.id"), "an id is no metric");
    }

    #[test]
    fn an_audit_without_a_finding_still_writes() {
        let read = read(&of_audit(0, 0).line(7).unwrap());
        assert_eq!((read["LedgerFaults"].as_u64(), read["LoadsStalled"].as_u64()), (Some(0), Some(0)));
    }
}
