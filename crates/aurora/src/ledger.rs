//! Helpers that the ledgers of loads and restores share.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::Error as _;

use crate::{Database, Deadline, Error, Executed, Statement, Tx};

/// Runs work that may be done twice in a transaction; again if its COMMIT was not answered, or if
/// it waited for a lock longer than the service lets a statement run.
pub(crate) async fn settled<T, F>(database: &Database, work: impl Fn(Tx) -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let database = &database.with_deadline(database.deadline());
    until_settled(database.deadline(), || database.transaction(&work)).await
}

/// Runs a statement that may be run twice outside a transaction; again if it waited for a lock
/// longer than the service lets a statement run.
pub(crate) async fn execute_settled(database: &Database, statement: Statement) -> Result<Executed, Error> {
    let database = &database.with_deadline(database.deadline());
    let statement = &statement.idempotent();
    until_settled(database.deadline(), || database.execute(statement.clone())).await
}

async fn until_settled<T, F>(deadline: Deadline, attempt: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    loop {
        match attempt().await {
            Err(Error::UnknownOutcome { .. } | Error::StatementTimeout { .. }) if !deadline.is_over() => {
                pause().await;
            }
            result => return result,
        }
    }
}

/// Reads at most `limit` rows; half as many as long as the service says that it is too much.
pub(crate) async fn halving<T, F>(limit: &mut u32, read: impl Fn(u32) -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    loop {
        match read(*limit).await {
            Err(error) if error.wants_smaller() && *limit > 1 => *limit /= 2,
            rows => return rows,
        }
    }
}

/// Waits a short time before checking again for a change by another function.
pub(crate) async fn pause() {
    tokio::time::sleep(Duration::from_millis(fastrand::u64(100..300))).await;
}

/// Waits like [`pause`].
///
/// # Errors
/// [`Error::OutOfTime`] if there is no time left after it.
pub(crate) async fn pause_before(deadline: Deadline) -> Result<(), Error> {
    pause().await;
    if deadline.is_over() { Err(Error::OutOfTime) } else { Ok(()) }
}

/// Reads the value of a comparison, which is a number to the database.
pub(crate) fn truth<'de, D: serde::Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    i64::deserialize(value).map(|number| number != 0)
}

/// Writes the SQL for a time as ISO 8601 in UTC with milliseconds.
pub(crate) fn iso(column: &str) -> String {
    format!("CONCAT(SUBSTRING(DATE_FORMAT({column}, '%Y-%m-%dT%H:%i:%s.%f'), 1, 23), 'Z')")
}

/// A row of one column, whatever its label.
#[derive(Debug)]
pub(crate) struct Only<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Only<T> {
    fn deserialize<D: serde::Deserializer<'de>>(row: D) -> Result<Self, D::Error> {
        let column = BTreeMap::<String, T>::deserialize(row)?.into_values().next();
        column.map(Self).ok_or_else(|| D::Error::custom("a row without a column"))
    }
}
