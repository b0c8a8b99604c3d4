//! Rows in files.

use domain::csv;
use domain::dictionary::{Column, Table};
use domain::folder::TableFolder;
use domain::json_row::value_text;

use super::{SampleRow, content_of, is_referred};
use crate::support::{Cloud, assert_counts};

/// Returns rows as CSV with a header.
fn csv_of(table: &Table, rows: &[SampleRow]) -> String {
    let names: Vec<&str> = table.columns().iter().map(Column::name).collect();
    let mut text = names.join(",") + "\n";
    for row in rows {
        let fields = row.values.iter().map(|value| match value_text(value) {
            Some(text) => csv::field(text.as_str()).into_owned(),
            None => String::new(),
        });
        text.push_str(&(fields.collect::<Vec<_>>().join(",") + "\n"));
    }
    text
}

/// Appends rows that are all there: each is rejected, with its record.
pub(super) async fn say_which_rows_are_there(cloud: &Cloud, tables: &[(&Table, Vec<SampleRow>)]) {
    for (table, rows) in tables {
        let load = cloud.load(&cloud.key(table.name(), "again.csv"), csv_of(table, rows)).await;
        let count = rows.len() as u64;
        assert_counts(&load, "completed", count, 0, count);
        let rejects = cloud.rejects(&load).await;
        assert_eq!(rejects.len(), rows.len() + 1, "{rejects:?}");
        assert!(rejects[1..].iter().all(|line| line.contains(",duplicate_id,")), "{rejects:?}");
    }
}

/// Upserts every row, and replaces the tables that no other refers to by half of theirs.
pub(super) async fn change_rows_and_replace_tables(
    cloud: &Cloud,
    folder: &TableFolder,
    tables: &[(&Table, Vec<SampleRow>)],
) {
    for (table, rows) in tables {
        let key = format!("incoming/{}/upsert/{}-all.csv", table.name(), cloud.ids.number);
        let load = cloud.load(&key, csv_of(table, rows)).await;
        assert_counts(&load, "completed", rows.len() as u64, rows.len() as u64, 0);
        if is_referred(folder, table) {
            continue;
        }
        let half = &rows[..rows.len() / 2];
        let key = format!("incoming/{}/replace/{}-half.csv", table.name(), cloud.ids.number);
        let load = cloud.load(&key, csv_of(table, half)).await;
        assert_counts(&load, "completed", half.len() as u64, half.len() as u64, 0);
        assert_eq!(content_of(cloud, table).await.len(), half.len(), "{}", table.name());
        let rest = &rows[rows.len() / 2..];
        let load = cloud.load(&cloud.key(table.name(), "rest.csv"), csv_of(table, rest)).await;
        assert_counts(&load, "completed", rest.len() as u64, rest.len() as u64, 0);
    }
}
