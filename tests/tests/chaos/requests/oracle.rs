//! The oracle: the rows that the answers acknowledge.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use testkit::TestDatabase;

use crate::gateway::{Reply, Request};
use crate::rows::{Cells, Rows, read, same};

/// The tables, and their columns after the key.
const TABLES: [(&str, &[&str]); 3] = [
    ("departments", &["department_name"]),
    ("jobs", &["job_name"]),
    ("employees", &["name", "datetime", "department_id", "job_id"]),
];

/// The facts that the answers to clients acknowledge.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// The rows of each table.
    pub(super) tables: BTreeMap<&'static str, Rows>,
    /// The number of rejected rows that are kept.
    pub(super) rejected: u64,
    /// The requests with a key, and their answers.
    pub(super) keyed: Vec<(Request, Reply)>,
}

impl Expected {
    /// Adds what another client expects.
    pub(super) fn add(&mut self, other: Self) {
        for (table, rows) in other.tables {
            self.tables.entry(table).or_default().extend(rows);
        }
        self.rejected += other.rejected;
        self.keyed.extend(other.keyed);
    }
}

/// Returns the values of a JSON row after its id.
pub(super) fn cells(table: &str, row: &Value) -> Cells {
    let columns = TABLES.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, columns)| columns);
    let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    columns.iter().map(|column| Some(cell(&row[*column]))).collect()
}

/// Checks that the database holds what was acknowledged, and nothing else.
pub(super) async fn check(database: &TestDatabase, expected: &Expected) -> Result<()> {
    for (table, columns) in TABLES {
        let columns = columns.join(", ").replace("datetime", "DATE_FORMAT(datetime, '%Y-%m-%dT%H:%i:%sZ')");
        let found = read(database, &format!("SELECT id, {columns} FROM {table}")).await?;
        same(&found, expected.tables.get(table).unwrap_or(&Rows::new())).context(table)?;
    }
    // A row is acknowledged only if the rows that it refers to are there, and they may not go
    // since.
    for (column, target) in [("department_id", "departments"), ("job_id", "jobs")] {
        let sql = format!("SELECT COUNT(*) FROM employees WHERE {column} NOT IN (SELECT id FROM {target})");
        let lost = database.value(&sql).await?;
        ensure!(lost == "0", "{lost} employees refer to {target} that are gone");
    }
    let kept: u64 = database.value("SELECT COUNT(*) FROM rowgate_rejected_rows").await?.parse()?;
    ensure!(kept == expected.rejected, "{kept} rejected rows are kept instead of {}", expected.rejected);
    let keys = database.sql("SELECT COUNT(*), COUNT(status) FROM rowgate_idempotency_keys").await?;
    let all = Some(expected.keyed.len().to_string());
    ensure!(keys == [[all.clone(), all.clone()]], "keys and answers: {keys:?} instead of {all:?}");
    Ok(())
}
