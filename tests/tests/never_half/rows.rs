//! Rows as the database gives them, and how they are told apart.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};
use testkit::TestDatabase;

/// The tables, in the order in which rows refer to each other.
pub(crate) const TABLES: [&str; 3] = ["departments", "jobs", "employees"];

/// The columns of a table in the dictionary's order, the first one the key, and which of them may be NULL.
pub(crate) fn columns(table: &str) -> &'static [&'static str] {
    match table {
        "departments" => &["id", "department_name"],
        "jobs" => &["id", "job_name"],
        _ => &["id", "name", "datetime", "department_id", "job_id"],
    }
}

/// Whether a column holds text.
pub(crate) fn is_text(column: &str) -> bool {
    column.ends_with("name")
}

/// The values of the columns after the key as text; `None` is NULL.
pub(crate) type Cells = Vec<Option<String>>;
/// A table.
pub(crate) type Rows = BTreeMap<i64, Cells>;
/// Tables by name, or by what they stand for.
pub(crate) type Tables = BTreeMap<&'static str, Rows>;

/// The rows of a table, under whatever name.
pub(crate) async fn read(database: &TestDatabase, table: &str, name: &str) -> Result<Rows> {
    let sql = format!("SELECT {} FROM `{name}` ORDER BY id", columns(table).join(", "));
    let rows = database.sql(&sql).await?.into_iter().map(|row| {
        let mut cells = row.into_iter();
        let id = cells.next().flatten().context("an id")?.parse()?;
        Ok((id, cells.collect()))
    });
    rows.collect()
}

/// The rows of all tables.
pub(crate) async fn read_all(database: &TestDatabase) -> Result<Tables> {
    let mut all = Tables::new();
    for table in TABLES {
        all.insert(table, read(database, table, table).await?);
    }
    Ok(all)
}

/// Holds rows against those that there must be.
pub(crate) fn same(found: &Rows, expected: &Rows) -> Result<()> {
    let missing: Vec<_> = expected.keys().filter(|id| !found.contains_key(id)).collect();
    let surplus: Vec<_> = found.keys().filter(|id| !expected.contains_key(id)).collect();
    let other: Vec<_> =
        expected.iter().filter(|(id, cells)| found.get(id).is_some_and(|found| found != *cells)).collect();
    ensure!(
        missing.is_empty() && surplus.is_empty() && other.is_empty(),
        "{} rows instead of {}: {} missing {:?}, {} too many {:?}, {} with other values {:?}",
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

/// The order-free checksum of rows, by its definition and by nothing that Rowgate has written.
pub(crate) fn checksum(table: &str, rows: &Rows) -> String {
    let mut sum = 0_u64;
    for (id, cells) in rows {
        let mut text = id.to_string();
        for (column, cell) in columns(table)[1..].iter().zip(cells) {
            text.push(',');
            match cell {
                None => text.push('N'),
                Some(cell) if is_text(column) => {
                    text.push_str(&format!("{}:{cell}", cell.chars().count()));
                }
                Some(cell) => text.push_str(cell),
            }
        }
        let digest = Sha256::digest(text.as_bytes());
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        sum = sum.wrapping_add(u64::from_str_radix(&digits[..16], 16).unwrap_or_default());
    }
    format!("{sum:016x}")
}
