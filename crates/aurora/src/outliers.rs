//! Rows of a table that look wrong.

use domain::dictionary::{Column, Reference, Table};
use domain::outliers::{self, MAX_SHOWN};
use domain::sql::read_key;
use domain::value::Key;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::keys::unreadable;
use crate::ledger::{Only, halving};
use crate::{Database, Error, Statement};

/// Rows that a check found: how many, and the texts of some of them, as
/// [`domain::row_text::parse_row_text`] reads them where every column may be NULL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Their number.
    pub count: u64,
    /// The first ones.
    pub rows: Vec<String>,
}

/// Dates that are far from the rest of their column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FarDates {
    /// The first value that is not far, as the database prints it: `2021-07-27 16:02:08`, of a day
    /// `2021-07-27`.
    pub from: String,
    /// The last one.
    pub to: String,
    /// The rows outside.
    pub found: Found,
}

/// Keys that unusually many or few rows name.
#[derive(Debug, Clone, PartialEq)]
pub struct UnusualCounts {
    /// Their number.
    pub count: u64,
    /// The rows that name a key, on average over all keys that are named.
    pub mean: f64,
    /// The first ones, with the rows that name each: those with most rows first.
    pub groups: Vec<(Key, u64)>,
}

/// Finds the rows whose reference names none.
///
/// # Errors
/// As [`Database::query`].
pub async fn unknown_references(
    database: &Database,
    table: &Table,
    reference: &Reference,
    references: &Table,
) -> Result<Found, Error> {
    #[derive(Deserialize)]
    struct Row {
        count: u64,
        r: String,
    }
    let rows: Vec<Row> = shown(database, |limit| {
        Statement::new(outliers::unknown_references(table, reference, references, limit))
    })
    .await?;
    let count = rows.first().map_or(0, |row| row.count);
    Ok(Found { count, rows: rows.into_iter().map(|row| row.r).collect() })
}

/// Finds the rows whose day or time is far from the rest; `None` where no row has one.
///
/// # Errors
/// As [`Database::query`].
pub async fn far_dates(
    database: &Database,
    table: &Table,
    column: &Column,
) -> Result<Option<FarDates>, Error> {
    #[derive(Deserialize)]
    struct Bounds {
        from: Option<String>,
        to: Option<String>,
        count: u64,
    }
    let bounds: Vec<Bounds> = database.query(Statement::new(outliers::date_bounds(table, column))).await?;
    let Some(Bounds { from: Some(from), to: Some(to), count }) = bounds.into_iter().next() else {
        return Ok(None);
    };
    let rows: Vec<Only<String>> = match count {
        0 => Vec::new(),
        _ => {
            let statement = |limit| {
                let sql = outliers::far_dates(table, column, limit);
                Statement::new(sql).bind("from", from.as_str()).bind("to", to.as_str())
            };
            shown(database, statement).await?
        }
    };
    let found = Found { count, rows: rows.into_iter().map(|Only(row)| row).collect() };
    Ok(Some(FarDates { from, to, found }))
}

/// Finds the keys that unusually many or few rows name; `None` where no key of the other table is
/// named.
///
/// # Errors
/// As [`Database::query`]; also for a key that was written past Rowgate and makes no sense.
pub async fn unusual_counts(
    database: &Database,
    table: &Table,
    reference: &Reference,
    references: &Table,
) -> Result<Option<UnusualCounts>, Error> {
    #[derive(Deserialize)]
    struct Row {
        k: String,
        rows: u64,
        unusual: u8,
        count: u64,
        mean: String,
    }
    let sql = outliers::unusual_counts(table, reference, references, MAX_SHOWN);
    let rows: Vec<Row> = database.query(Statement::new(sql)).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let (count, mean) = (first.count, first.mean.parse().unwrap_or_default());
    let mut groups = Vec::with_capacity(rows.len());
    for row in rows.iter().filter(|row| row.unusual == 1) {
        groups.push((read_key(references, &row.k).map_err(unreadable)?, row.rows));
    }
    Ok(Some(UnusualCounts { count, mean, groups }))
}

/// Asks for as many rows as are shown; for fewer where these are too much for one answer of the
/// service.
async fn shown<T: DeserializeOwned>(
    database: &Database,
    statement: impl Fn(u32) -> Statement,
) -> Result<Vec<T>, Error> {
    let mut limit = MAX_SHOWN;
    halving(&mut limit, |limit| database.query(statement(limit))).await
}
