//! What clients were told: the rows that there must be.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use testkit::TestDatabase;

use crate::ask::{Ask, Reply};

/// The tables, and their columns after the key.
pub(crate) const TABLES: [(&str, &[&str]); 3] = [
    ("departments", &["department_name"]),
    ("jobs", &["job_name"]),
    ("employees", &["name", "datetime", "department_id", "job_id"]),
];

/// The values of a row after its id, as text.
pub(crate) type Cells = Vec<String>;
/// Rows by id, of each table.
pub(crate) type Tables = BTreeMap<&'static str, BTreeMap<i64, Cells>>;

/// What one client was told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Its rows.
    pub(crate) tables: Tables,
    /// How many rows were rejected, each of which is kept.
    pub(crate) rejected: u64,
    /// Its requests with a key, and their answers.
    pub(crate) keyed: Vec<(Ask, Reply)>,
    /// Answers by status.
    pub(crate) statuses: BTreeMap<u16, u64>,
}

impl Told {
    /// Takes in what another client was told.
    pub(crate) fn add(&mut self, other: Self) {
        for (table, rows) in other.tables {
            self.tables.entry(table).or_default().extend(rows);
        }
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.rejected += other.rejected;
        self.keyed.extend(other.keyed);
    }
}

/// A row of JSON as its values after the id.
pub(crate) fn cells(table: &str, row: &Value) -> Cells {
    let columns = TABLES.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, columns)| columns);
    columns.iter().map(|column| cell(&row[*column])).collect()
}

fn cell(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Holds the database against what was told.
///
/// # Errors
/// Where they differ.
pub(crate) async fn hold(database: &TestDatabase, told: &Told) -> Result<()> {
    for (table, columns) in TABLES {
        let select: Vec<_> = columns
            .iter()
            .map(|column| match *column {
                "datetime" => "DATE_FORMAT(datetime, '%Y-%m-%dT%H:%i:%sZ')",
                other => other,
            })
            .collect();
        let rows =
            database.sql(&format!("SELECT id, {} FROM {table} ORDER BY id", select.join(", "))).await?;
        let count = rows.len();
        let mut found = BTreeMap::new();
        for row in rows {
            let mut cells = row.into_iter().map(Option::unwrap_or_default);
            let id: i64 = cells.next().context("an id")?.parse()?;
            found.insert(id, cells.collect::<Cells>());
        }
        ensure!(found.len() == count, "{table}: an id is there twice");
        let empty = BTreeMap::new();
        same(&found, told.tables.get(table).unwrap_or(&empty)).context(table)?;
    }
    // Whoever was told that a row is in was told that what it refers to is there, and it may not have gone since.
    for (column, target) in [("department_id", "departments"), ("job_id", "jobs")] {
        let sql = format!("SELECT COUNT(*) FROM employees WHERE {column} NOT IN (SELECT id FROM {target})");
        let lost = database.value(&sql).await?;
        ensure!(lost == "0", "{lost} employees refer to {target} that are gone");
    }
    let kept: u64 = database.value("SELECT COUNT(*) FROM rowgate_rejected_rows").await?.parse()?;
    ensure!(kept == told.rejected, "{kept} rejected rows are kept instead of {}", told.rejected);
    let keys = database
        .sql("SELECT COUNT(*), COUNT(status) FROM rowgate_idempotency_keys")
        .await?
        .pop()
        .context("a row")?;
    let all = Some(told.keyed.len().to_string());
    ensure!(keys == [all.clone(), all.clone()], "keys and answers: {keys:?} instead of {all:?}");
    Ok(())
}

/// Holds rows against those that there must be.
fn same(found: &BTreeMap<i64, Cells>, expected: &BTreeMap<i64, Cells>) -> Result<()> {
    let missing: Vec<_> = expected.keys().filter(|id| !found.contains_key(id)).collect();
    let surplus: Vec<_> = found.keys().filter(|id| !expected.contains_key(id)).collect();
    let other: Vec<_> =
        expected.iter().filter(|(id, cells)| found.get(id).is_some_and(|found| found != *cells)).collect();
    ensure!(
        missing.is_empty() && surplus.is_empty() && other.is_empty(),
        "{} rows instead of {}: {} missing {:?}, {} that nobody was told of {:?}, {} with other values {:?}",
        found.len(),
        expected.len(),
        missing.len(),
        &missing[..missing.len().min(5)],
        surplus.len(),
        &surplus[..surplus.len().min(5)],
        other.len(),
        &other[..other.len().min(2)],
    );
    Ok(())
}
