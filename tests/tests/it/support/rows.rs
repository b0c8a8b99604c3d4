//! Rows to send, as JSON and as CSV.

use serde_json::{Value, json};

/// The number of ids that a test has for itself.
const BLOCK: i64 = 250_000;

/// The ids and the year that are this test's own.
#[derive(Clone, Copy)]
pub(crate) struct Ids {
    pub(crate) number: i64,
    /// The first id; also the id of the test's department and job.
    pub(crate) base: i64,
    /// A year in which no other test hires, nor in the years before and after it.
    pub(crate) year: i64,
}

impl Ids {
    /// Returns the block of a number. 4000 blocks fit below the ids of the demo, 2000 times three
    /// years below the year 9999.
    pub(crate) fn nth(number: i64) -> Self {
        Self { number, base: (1 + number % 3_999) * BLOCK, year: 3_001 + 3 * (number % 2_000) }
    }

    /// Returns the id after the last one.
    pub(crate) fn end(self) -> i64 {
        self.base + BLOCK
    }

    /// Returns the nth id, from 0.
    pub(crate) fn at(self, index: i64) -> i64 {
        assert!((0..BLOCK).contains(&index));
        self.base + index
    }

    /// Returns a good employee with the nth id, hired into the test's department and year.
    pub(crate) fn employee(self, index: i64) -> Value {
        employee(self.at(index), self.base, &format!("{}-07-27T16:02:08Z", self.year))
    }

    /// Returns good records of employees with the ids from the nth on.
    pub(crate) fn lines(self, first: i64, count: i64) -> String {
        (first..first + count).map(|index| self.line(index)).collect()
    }

    /// Returns one good record, with its line end.
    pub(crate) fn line(self, index: i64) -> String {
        csv_line(&self.employee(index))
    }
}

pub(crate) fn employee(id: i64, department_and_job: i64, datetime: &str) -> Value {
    json!({
        "id": id, "name": format!("Person {id}"), "datetime": datetime,
        "department_id": department_and_job, "job_id": department_and_job,
    })
}

/// Returns a row with one field changed.
pub(crate) fn with(mut row: Value, field: &str, value: impl Into<Value>) -> Value {
    row[field] = value.into();
    row
}

/// Returns the values of a row of plain words as a CSV record.
pub(crate) fn csv_line(row: &Value) -> String {
    let fields: Vec<String> = row
        .as_object()
        .unwrap()
        .values()
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect();
    fields.join(",") + "\n"
}

/// Returns records of fields that need no quotes.
pub(crate) fn csv<const N: usize>(records: &[[String; N]]) -> String {
    records.iter().map(|record| record.join(",") + "\n").collect()
}
