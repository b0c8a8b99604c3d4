//! Generated employees: valid, deterministic, and about as long as real ones.

use std::fmt::Write;

use fastrand::Rng;
use jiff::Timestamp;

/// The table that they are loaded into.
pub(crate) const EMPLOYEES: &str = "employees";
/// The number of departments and of jobs that the employees refer to; they exist before the first
/// employee.
pub(crate) const DEPARTMENTS: u64 = 12;
/// See [`DEPARTMENTS`].
pub(crate) const JOBS: u64 = 180;

/// 2021-01-01T00:00:00Z, in seconds since 1970, and the seconds of the two years that follow.
const FROM: i64 = 1_609_459_200;
const SPAN: i64 = 730 * 86_400;

/// With a family name, 14 bytes on average: as long as the names in real files.
const GIVEN: [&str; 12] = [
    "Adalyn", "Alana", "Benjamin", "Carla", "Dmitri", "Elena", "Fatou", "Hannah", "Ingrid", "João", "Lwazi",
    "Zoë",
];
const FAMILY: [&str; 11] = [
    "Abbott",
    "Berg",
    "Castellanos",
    "Dlamini",
    "Eriksen",
    "Fujimoto",
    "García",
    "Haraldsson",
    "Iyer",
    "Jankowski",
    "O'Sullivan",
];

/// The length of the employees' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// 14 bytes on average: 1000 employees fit one statement.
    Usual,
    /// 25 bytes on average, with a second family name: 1000 employees take two statements.
    Long,
}

/// One employee.
#[derive(Debug)]
pub(crate) struct Employee {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// ISO 8601, UTC.
    pub(crate) datetime: String,
    pub(crate) department: u64,
    pub(crate) job: u64,
}

impl Employee {
    /// Returns its line in a CSV file.
    pub(crate) fn csv(&self) -> String {
        let Self { id, name, datetime, department, job } = self;
        format!("{id},{name},{datetime},{department},{job}\n")
    }
}

/// Generates the employee of this id, always the same.
pub(crate) fn employee(id: u64, names: Names) -> Employee {
    let mut random = Rng::with_seed(id);
    let mut choose = |list: &[&'static str]| list[random.usize(..list.len())];
    let mut name = format!("{} {}", choose(&GIVEN), choose(&FAMILY));
    if names == Names::Long {
        name = format!("{name} y {}", choose(&FAMILY));
    }
    let hired = FROM + random.i64(0..SPAN);
    Employee {
        id,
        name,
        datetime: Timestamp::from_second(hired).unwrap_or_default().to_string(),
        department: random.u64(1..=DEPARTMENTS),
        job: random.u64(1..=JOBS),
    }
}

/// Returns employees as the rows of a request.
pub(crate) fn rows(ids: impl Iterator<Item = u64>, names: Names) -> Vec<serde_json::Value> {
    ids.map(|id| employee(id, names))
        .map(|row| {
            serde_json::json!({
                "id": row.id, "name": row.name, "datetime": row.datetime,
                "department_id": row.department, "job_id": row.job,
            })
        })
        .collect()
}

/// Returns the body of a request that inserts employees.
pub(crate) fn json(ids: impl Iterator<Item = u64>, names: Names) -> String {
    serde_json::json!({ "employees": rows(ids, names) }).to_string()
}

/// Returns one INSERT of employees on one line, with quoted text, as a dump writes it.
pub(crate) fn sql(ids: impl Iterator<Item = u64>, names: Names) -> String {
    let mut text = "INSERT INTO employees (id, name, datetime, department_id, job_id) VALUES ".to_owned();
    for (index, row) in ids.map(|id| employee(id, names)).enumerate() {
        let Employee { id, name, datetime, department, job } = row;
        let comma = if index > 0 { ", " } else { "" };
        let name = name.replace('\'', "''");
        let datetime = datetime.replace('T', " ").replace('Z', "");
        let _ = write!(text, "{comma}({id}, '{name}', '{datetime}', {department}, {job})");
    }
    text.push_str(";\n");
    text
}

/// Returns the statements that insert the departments and jobs.
pub(crate) fn references() -> [String; 2] {
    let numbered = |table: &str, column: &str, count: u64| {
        let rows: Vec<String> = (1..=count).map(|id| format!("({id}, '{table} {id}')")).collect();
        format!("INSERT INTO {table} (id, {column}) VALUES {}", rows.join(", "))
    };
    [numbered("departments", "department_name", DEPARTMENTS), numbered("jobs", "job_name", JOBS)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_long_as_they_say() {
        for (names, expected) in [(Names::Usual, 14), (Names::Long, 25)] {
            let bytes: usize = (0..100_000).map(|id| employee(id, names).name.len()).sum();
            assert_eq!((bytes + 50_000) / 100_000, expected, "{names:?}");
        }
    }

    #[test]
    fn employees_are_always_the_same() {
        let text = |id| format!("{:?}", employee(id, Names::Usual));
        assert_eq!(text(1), text(1));
        assert_ne!(employee(1, Names::Usual).datetime, employee(2, Names::Usual).datetime);
    }
}
