//! The calls: each as the request of a client, and as the SQL statements that do the same.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::people::{self, DEPARTMENTS, JOBS, Names};

const BATCH: u64 = 1000;
/// The rejected rows of a batch: one of each hundred.
const REJECTED: u64 = 10;
const PAGE: u64 = 100;
/// A department that does not exist.
const NOWHERE: u64 = 999;

/// A call of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    FirstPage,
    LastPage,
    HiresByQuarter,
    DepartmentsAboveMean,
    OneRow,
    Batch,
    FlawedBatch,
}

/// A request, and the status of its answer.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<String>,
    pub(super) status: u16,
}

/// Hands out fresh ids; the table grows by them.
#[derive(Debug)]
pub(super) struct Next {
    filled: u64,
    id: AtomicU64,
    inserted: AtomicU64,
}

impl Next {
    pub(super) fn after(filled: u64) -> Self {
        Self { filled, id: AtomicU64::new(filled + 1), inserted: AtomicU64::new(0) }
    }

    /// Returns how many rows have been inserted.
    pub(super) fn inserted(&self) -> u64 {
        self.inserted.load(Ordering::Relaxed)
    }

    fn ids(&self, count: u64, rejected: u64) -> std::ops::Range<u64> {
        self.inserted.fetch_add(count - rejected, Ordering::Relaxed);
        let first = self.id.fetch_add(count, Ordering::Relaxed);
        first..first + count
    }
}

impl Call {
    /// All calls, those that only read first.
    pub(super) const ALL: [Self; 7] = [
        Self::FirstPage,
        Self::LastPage,
        Self::HiresByQuarter,
        Self::DepartmentsAboveMean,
        Self::OneRow,
        Self::Batch,
        Self::FlawedBatch,
    ];

    pub(super) fn title(self, rows: &str) -> String {
        match self {
            Self::FirstPage => format!("first {PAGE} of {rows} rows"),
            Self::LastPage => format!("last {PAGE} of {rows} rows"),
            Self::HiresByQuarter => format!("hires-by-quarter of {rows} employees"),
            Self::DepartmentsAboveMean => format!("departments-above-mean of {rows} employees"),
            Self::OneRow => "insert of 1 row".to_owned(),
            Self::Batch => format!("insert of {BATCH} rows"),
            Self::FlawedBatch => format!("insert of {BATCH} rows, {REJECTED} of them rejected"),
        }
    }

    /// Returns how many requests each of so many clients sends in a turn: enough for a 99th
    /// percentile if they are quick.
    pub(super) fn requests(self, clients: usize) -> usize {
        match (self, clients) {
            (Self::FirstPage | Self::LastPage | Self::OneRow, 1) => 200,
            (Self::FirstPage | Self::LastPage | Self::OneRow, _) => 50,
            (Self::Batch | Self::FlawedBatch, 1) => 20,
            (Self::Batch | Self::FlawedBatch, _) => 5,
            (_, 1) => 4,
            (_, _) => 1,
        }
    }

    /// Returns true if issue 5 names a bar.
    pub(super) fn has_bar(self) -> bool {
        !matches!(self, Self::FirstPage | Self::LastPage | Self::OneRow)
    }

    pub(super) fn request(self, next: &Next) -> Request {
        let get = |path, query| Request { method: "GET", path, query, body: None, status: 200 };
        let post = |body, status| Request {
            method: "POST",
            path: "/insert_data",
            query: Vec::new(),
            body: Some(body),
            status,
        };
        let limit = ("limit", PAGE.to_string());
        match self {
            Self::FirstPage => get("/tables/employees/rows", vec![limit]),
            Self::LastPage => {
                get("/tables/employees/rows", vec![limit, ("after", (next.filled - PAGE).to_string())])
            }
            Self::HiresByQuarter => get("/reports/hires-by-quarter", vec![("year", "2021".to_owned())]),
            Self::DepartmentsAboveMean => {
                get("/reports/departments-above-mean", vec![("year", "2021".to_owned())])
            }
            Self::OneRow => post(people::json(next.ids(1, 0), Names::Usual), 201),
            Self::Batch => post(people::json(next.ids(BATCH, 0), Names::Usual), 201),
            Self::FlawedBatch => post(flawed(next.ids(BATCH, REJECTED)), 207),
        }
    }

    /// Returns the text statements that do the same.
    pub(super) fn statements(self, next: &Next) -> Result<Vec<String>> {
        let page = |after: u64| {
            format!(
                "SELECT id, name, datetime, department_id, job_id FROM employees WHERE id > {after} ORDER BY id LIMIT {PAGE}"
            )
        };
        Ok(match self {
            Self::FirstPage => vec![page(0)],
            Self::LastPage => vec![page(next.filled - PAGE)],
            Self::HiresByQuarter => vec![report("hires-by-quarter")?],
            Self::DepartmentsAboveMean => vec![report("departments-above-mean")?],
            Self::OneRow => vec![people::sql(next.ids(1, 0), Names::Usual)],
            Self::Batch => vec![people::sql(next.ids(BATCH, 0), Names::Usual)],
            Self::FlawedBatch => flawed_batch(next.ids(BATCH, REJECTED)),
        })
    }
}

/// Returns true if this row of a flawed batch is rejected.
fn is_flawed(id: u64) -> bool {
    id.is_multiple_of(BATCH / REJECTED)
}

/// Returns a batch in which one row of each hundred has no name or a dangling reference, in turns.
fn flawed(ids: std::ops::Range<u64>) -> String {
    let mut rows = people::rows(ids, Names::Usual);
    let broken = rows.iter_mut().filter(|row| row["id"].as_u64().is_some_and(is_flawed));
    for (number, row) in broken.enumerate() {
        if number % 2 == 0 {
            row["name"] = Value::from("");
        } else {
            row["department_id"] = NOWHERE.into();
        }
    }
    json!({ "employees": rows }).to_string()
}

/// Returns the statements that insert the valid rows of a flawed batch and keep the others: they
/// ask which ids and references exist, insert, and commit. They do not check the rows.
fn flawed_batch(ids: std::ops::Range<u64>) -> Vec<String> {
    let list = |ids: &mut dyn Iterator<Item = u64>| {
        let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
        ids.join(",")
    };
    let kept: Vec<String> = people::rows(ids.clone().filter(|id| is_flawed(*id)), Names::Usual)
        .iter()
        .map(|row| {
            let row = row.to_string().replace('\'', "''");
            format!("('bench', 'employees', 1, '{row}', '[]', UTC_TIMESTAMP(3))")
        })
        .collect();
    vec![
        "BEGIN".to_owned(),
        format!("SELECT id FROM employees WHERE id IN ({})", list(&mut ids.clone())),
        format!(
            "SELECT id FROM departments WHERE id IN ({}) LOCK IN SHARE MODE",
            list(&mut (1..=DEPARTMENTS))
        ),
        format!("SELECT id FROM jobs WHERE id IN ({}) LOCK IN SHARE MODE", list(&mut (1..=JOBS))),
        people::sql(ids.filter(|id| !is_flawed(*id)), Names::Usual),
        format!(
            "INSERT INTO rowgate_rejected_rows (request_id, table_name, row_index, row_json, errors_json, received_at) VALUES {}",
            kept.join(", ")
        ),
        "COMMIT".to_owned(),
    ]
}

/// Returns the report's statement with its parameters inserted.
fn report(name: &str) -> Result<String> {
    let report =
        testkit::hr::folder().reports.iter().find(|report| report.name == name).context("no such report")?;
    Ok(report.sql.replace(":year", "2021").replace(":scope", "'year'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flawed_batch_has_as_many_rejects_as_it_says() {
        for first in [1, 500, 1_000_001] {
            let rejected = (first..first + BATCH).filter(|id| is_flawed(*id)).count();
            assert_eq!(rejected as u64, REJECTED);
        }
    }

    #[test]
    fn no_parameter_is_left_in_a_report() {
        for name in ["hires-by-quarter", "departments-above-mean"] {
            let sql = report(name).unwrap();
            let code = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
            assert!(code.clone().any(|line| line.contains("CONCAT(2021, '-01-01 00:00:00')")), "{sql}");
            assert!(!code.clone().any(|line| line.contains(":year") || line.contains(":scope")), "{sql}");
        }
    }
}
