//! The metrics of loads.

use std::time::Duration;

use domain::load::{LoadRecord, LoadStatus};
use lambda_kit::metrics::Document;

/// Returns the metrics of a load that has ended. `table` is the dictionary's table, and `None` for
/// a key that names none: every name ever misspelled would be a metric of its own, for which AWS
/// charges.
pub(crate) fn ended<'a>(record: &LoadRecord, table: Option<&'a str>) -> Option<Document<'a>> {
    let ended = match record.status {
        LoadStatus::Running => return None,
        LoadStatus::Completed => "LoadsCompleted",
        LoadStatus::Failed => "LoadsFailed",
        LoadStatus::Skipped => "LoadsSkipped",
    };
    let document = Document::by("Table", table.unwrap_or_default())
        .property("load.id", record.load.as_str())
        .count(ended, 1)
        .count("RowsRead", record.rows_read)
        .count("RowsLoaded", record.rows_loaded)
        .count("RowsRejected", record.rows_rejected)
        .bytes("LoadBytes", record.bytes)
        .seconds("LoadSeconds", Duration::from_millis(record.milliseconds));
    Some(document)
}

/// Returns the metrics of an audit of the ledger. Zeros are written as well, because an audit that
/// writes nothing raises an alarm.
pub(crate) fn audited(ledger_faults: usize, loads_stalled: usize) -> Document<'static> {
    Document::new().count("LedgerFaults", ledger_faults as u64).count("LoadsStalled", loads_stalled as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(document: &Document<'_>) -> Value {
        serde_json::from_str(&document.line(7).unwrap()).unwrap()
    }

    fn record(status: LoadStatus) -> LoadRecord {
        serde_json::from_value(json!({
            "load": "00ab00ab00ab00ab00ab00ab00ab00ab", "table": "tags", "key": "incoming/tags/1.csv", "mode": "append",
            "format": "csv", "status": status, "rows_read": 12, "rows_loaded": 10, "rows_rejected": 2,
            "unknown_references": 0, "bytes": 99, "started_at": "2026-11-29T00:00:00.000Z", "finished_at": null,
            "milliseconds": 2500, "attempts": 1, "error": null
        }))
        .unwrap()
    }

    #[test]
    fn a_load_counts_once_for_how_it_ended() {
        let endings = ["LoadsCompleted", "LoadsFailed", "LoadsSkipped"];
        for (status, name) in
            [LoadStatus::Completed, LoadStatus::Failed, LoadStatus::Skipped].into_iter().zip(endings)
        {
            let read = read(&ended(&record(status), Some("tags")).unwrap());
            assert_eq!(
                endings.map(|ending| read.get(ending).is_some()),
                endings.map(|ending| ending == name)
            );
            assert_eq!(read[name], 1);
        }
        assert!(ended(&record(LoadStatus::Running), Some("tags")).is_none());
    }

    #[test]
    fn a_load_has_its_figures_and_its_id() {
        let read = read(&ended(&record(LoadStatus::Completed), Some("tags")).unwrap());
        for (name, value) in [("RowsRead", 12.0), ("RowsLoaded", 10.0), ("RowsRejected", 2.0)] {
            assert_eq!(read[name].as_f64(), Some(value), "{name}");
        }
        assert_eq!((read["LoadBytes"].as_u64(), read["LoadSeconds"].as_f64()), (Some(99), Some(2.5)));
        let id = "00ab00ab00ab00ab00ab00ab00ab00ab";
        assert_eq!((&read["load.id"], &read["Table"]), (&id.into(), &"tags".into()));
        let metrics = read["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
        assert!(metrics.iter().all(|metric| metric["Name"] != "load.id"), "an id is no metric");
    }

    #[test]
    fn an_audit_without_a_finding_still_writes() {
        let read = read(&audited(0, 0));
        assert_eq!((read["LedgerFaults"].as_u64(), read["LoadsStalled"].as_u64()), (Some(0), Some(0)));
    }
}
