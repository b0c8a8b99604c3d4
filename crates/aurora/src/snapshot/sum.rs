//! Sums up a table's content, in the database itself.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::dictionary::Table;
use domain::row_text::{ContentSum, key_behind_sql, sum_sql};
use domain::sql::read_key;
use domain::value::Key;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::ledger::Only;
use crate::{Database, Error, Statement};

/// The number of rows that one statement sums up: with 1.3 s for a million rows on one core of a
/// laptop, a statement takes a third of a second there, and ten on a database that is thirty times
/// slower; the service allows 45.
const RANGE_ROWS: u64 = 250_000;

/// The number of statements in parallel.
const LANES: usize = 2;

/// Computes the checksum over all rows of `target`, a table with the columns of the dictionary's
/// `table`; `nullable` says which of them take NULL. It reads ranges of the key, each in a
/// statement of its own, so the table must not be written to meanwhile.
///
/// # Errors
///
/// Any [`Error`] but [`Error::UnknownOutcome`]; [`Error::StatementTimeout`] only where a single row
/// takes too long, and [`Error::OutOfTime`] also where the deadline cut a statement off, of a
/// database that had answered others.
pub async fn content_sum(
    database: &Database,
    target: &str,
    table: &Table,
    nullable: &[bool],
) -> Result<ContentSum, Error> {
    let database = &database.with_deadline(database.deadline());
    let has_answered = &AtomicBool::new(false);
    let summing = &Summing { database, target, table, nullable, has_answered };
    let cursor = &Mutex::new(Cursor { after: None, rows: RANGE_ROWS, ended: false });
    let lane = || async move {
        let mut sum = ContentSum::default();
        while let Some(range) = summing.next_range(cursor).await? {
            sum.merge(&summing.sum(range).await?);
        }
        Ok::<_, Error>(sum)
    };
    let lanes: [_; LANES] = [lane(), lane()];
    let [first, second] = lanes;
    match tokio::try_join!(first, second) {
        Ok((mut sum, other)) => {
            sum.merge(&other);
            Ok(sum)
        }
        Err(error) if error.is_cut_off(database.deadline()) && has_answered.load(Ordering::Relaxed) => {
            Err(Error::OutOfTime)
        }
        Err(error) => Err(error),
    }
}

/// Rows behind one key and not behind another.
#[derive(Debug, Clone)]
struct Range {
    after: Option<Key>,
    through: Option<Key>,
    /// The most rows that it has.
    rows: u64,
}

/// The ranges that no lane has taken yet.
#[derive(Debug)]
struct Cursor {
    after: Option<Key>,
    rows: u64,
    ended: bool,
}

struct Summing<'a> {
    database: &'a Database,
    target: &'a str,
    table: &'a Table,
    nullable: &'a [bool],
    has_answered: &'a AtomicBool,
}

impl Summing<'_> {
    async fn next_range(&self, cursor: &Mutex<Cursor>) -> Result<Option<Range>, Error> {
        let mut cursor = cursor.lock().await;
        while !cursor.ended {
            let rows = cursor.rows;
            match self.key_behind(cursor.after.as_ref(), None, rows).await {
                Ok(through) => {
                    cursor.ended = through.is_none();
                    let after = std::mem::replace(&mut cursor.after, through.clone());
                    return Ok(Some(Range { after, through, rows }));
                }
                Err(Error::StatementTimeout { .. }) if rows > 1 => cursor.rows = rows / 2,
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Returns the key of the row `rows` rows behind `after`; `None` if there are not so many up to
    /// `through`.
    async fn key_behind(
        &self,
        after: Option<&Key>,
        through: Option<&Key>,
        rows: u64,
    ) -> Result<Option<Key>, Error> {
        let sql = key_behind_sql(self.target, self.table, after, through, rows);
        let found: Vec<Only<String>> = self.database.query(Statement::new(sql)).await?;
        self.has_answered.store(true, Ordering::Relaxed);
        let Some(Only(text)) = found.first() else { return Ok(None) };
        read_key(self.table, text).map(Some).map_err(|error| Error::Sql {
            code: None,
            message: format!("the key of a row of {} cannot be read: {error}", self.target),
        })
    }

    /// Sums up a range; halves of it, where it takes too long.
    async fn sum(&self, range: Range) -> Result<ContentSum, Error> {
        let mut sum = ContentSum::default();
        let mut left = vec![range];
        while let Some(range) = left.pop() {
            match self.sum_at_once(&range).await {
                Ok(part) => sum.merge(&part),
                Err(timeout @ Error::StatementTimeout { .. }) => {
                    let Some((rows, middle)) = self.middle(&range).await? else { return Err(timeout) };
                    let Range { after, through, rows: all } = range;
                    left.push(Range { after: Some(middle.clone()), through, rows: all - rows });
                    left.push(Range { after, through: Some(middle), rows });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(sum)
    }

    /// Finds a key that divides a range, and how many rows it has up to there; `None` if it has
    /// only one.
    async fn middle(&self, range: &Range) -> Result<Option<(u64, Key)>, Error> {
        let Range { after, through, rows } = range;
        let mut rows = rows / 2;
        while rows > 0 {
            match self.key_behind(after.as_ref(), through.as_ref(), rows).await? {
                Some(key) if Some(&key) != through.as_ref() => return Ok(Some((rows, key))),
                _ => rows /= 2,
            }
        }
        Ok(None)
    }

    async fn sum_at_once(&self, Range { after, through, .. }: &Range) -> Result<ContentSum, Error> {
        #[derive(Deserialize)]
        struct Row {
            rows: String,
            sum: String,
        }
        let sql = sum_sql(self.target, self.table, self.nullable, after.as_ref(), through.as_ref());
        let found: Vec<Row> = self.database.query(Statement::new(sql)).await?;
        let sum = found.first().and_then(|row| ContentSum::from_sql(&row.rows, &row.sum));
        sum.ok_or_else(|| Error::Sql {
            code: None,
            message: format!(
                "the sum of {} is answered with {} rows, or no numbers",
                self.target,
                found.len()
            ),
        })
    }
}
