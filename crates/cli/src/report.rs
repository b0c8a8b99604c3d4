//! A report as a table for people.

use serde_json::Value;

use crate::api::Report;
use crate::table::{Align, Table};

/// The table, and how many rows were left out of it. A column stands right when all its values are numbers.
pub(crate) fn render(report: &Report, most: Option<usize>) -> (String, usize) {
    let columns = report.columns.iter().map(|column| {
        let numeric = !report.rows.is_empty()
            && report
                .rows
                .iter()
                .all(|row| row.get(column).is_none_or(|value| value.is_number() || value.is_null()));
        (column.as_str(), if numeric { Align::Right } else { Align::Left })
    });
    let mut table = Table::new(columns);
    let shown = most.unwrap_or(usize::MAX).min(report.rows.len());
    for row in &report.rows[..shown] {
        table.push(report.columns.iter().map(|column| cell(row.get(column))).collect());
    }
    (table.render(), report.rows.len() - shown)
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report() -> Report {
        serde_json::from_value(json!({
            "report": "departments-above-mean", "parameters": {"year": 2021}, "columns": ["id", "department", "hired"],
            "rows": [
                {"id": 8, "department": "Support", "hired": 221},
                {"id": 5, "department": "Engineering", "hired": 208},
                {"id": 6, "department": null, "hired": 7}
            ]
        }))
        .unwrap()
    }

    #[test]
    fn a_long_report_is_cut_and_says_by_how_much() {
        let (text, more) = render(&report(), Some(2));
        assert_eq!(more, 1);
        insta::assert_snapshot!(text, @r"
          id  department   hired
          --  -----------  -----
           8  Support        221
           5  Engineering    208
        ");
    }

    #[test]
    fn a_whole_report_leaves_nothing_out() {
        let (text, more) = render(&report(), None);
        assert_eq!((text.lines().count(), more), (5, 0));
    }
}
