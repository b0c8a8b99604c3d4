//! The tables, and their rows. Which tables and columns there are is the dictionary's to say.

use std::collections::BTreeMap;

use anyhow::Result;
use domain::dictionary::{Column, ColumnType, Table};
use sha2::{Digest, Sha256};
use testkit::TestDatabase;
use testkit::hr::tables;

use crate::rows::{self, Rows};

/// Returns the columns of a table as the dictionary declares them, the key first.
pub(super) fn columns(table: &str) -> &'static [Column] {
    let table = testkit::hr::dictionary().table(table);
    table.map_or(&[], Table::columns)
}

/// Returns the names of a table's columns.
pub(super) fn names(table: &str) -> Vec<&'static str> {
    columns(table).iter().map(Column::name).collect()
}

/// Returns the tables that `run.rs` has no statements of its own for.
pub(super) fn others() -> impl Iterator<Item = &'static str> {
    tables().into_iter().filter(|table| !["departments", "jobs", "employees"].contains(table))
}

/// Tables by name.
pub(super) type Tables = BTreeMap<&'static str, Rows>;

/// Reads the rows of a table, which may be renamed to `name`.
pub(super) async fn read(database: &TestDatabase, table: &str, name: &str) -> Result<Rows> {
    rows::read(database, &format!("SELECT {} FROM `{name}`", names(table).join(", "))).await
}

/// Reads the rows of all tables.
pub(super) async fn read_all(database: &TestDatabase) -> Result<Tables> {
    let mut all = Tables::new();
    for table in tables() {
        all.insert(table, read(database, table, table).await?);
    }
    Ok(all)
}

/// Computes the order-free checksum of rows from its definition, with nothing of Rowgate's code.
pub(super) fn checksum(table: &str, rows: &Rows) -> String {
    let mut sum = 0_u64;
    for (id, cells) in rows {
        let mut text = id.to_string();
        for (column, cell) in columns(table)[1..].iter().zip(cells) {
            text.push(',');
            match cell {
                None => text.push('N'),
                Some(cell) if matches!(column.column_type(), ColumnType::String { .. }) => {
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
