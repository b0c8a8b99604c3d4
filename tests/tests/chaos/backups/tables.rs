//! The tables, and their rows.

use std::collections::BTreeMap;

use anyhow::Result;
use sha2::{Digest, Sha256};
use testkit::TestDatabase;

use crate::rows::{self, Rows};

/// The tables; rows refer to those of earlier ones.
pub(super) const TABLES: [&str; 3] = ["departments", "jobs", "employees"];

/// Returns the columns of a table in the dictionary's order, the key first.
pub(super) fn columns(table: &str) -> &'static [&'static str] {
    match table {
        "departments" => &["id", "department_name"],
        "jobs" => &["id", "job_name"],
        _ => &["id", "name", "datetime", "department_id", "job_id"],
    }
}

/// Returns true if a column holds text.
fn is_text(column: &str) -> bool {
    column.ends_with("name")
}

/// Tables by name.
pub(super) type Tables = BTreeMap<&'static str, Rows>;

/// Reads the rows of a table, which may be renamed to `name`.
pub(super) async fn read(database: &TestDatabase, table: &str, name: &str) -> Result<Rows> {
    rows::read(database, &format!("SELECT {} FROM `{name}`", columns(table).join(", "))).await
}

/// Reads the rows of all tables.
pub(super) async fn read_all(database: &TestDatabase) -> Result<Tables> {
    let mut all = Tables::new();
    for table in TABLES {
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
