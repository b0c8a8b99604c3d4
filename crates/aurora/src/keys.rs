//! Finds rows by their keys, or by values that are unique.

use std::collections::{HashMap, HashSet};

use domain::dictionary::Table;
use domain::row_text::RowTextError;
use domain::sql::{read_columns, read_key, select_holders, select_present};
use domain::value::Key;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};

use crate::{Database, Error, Statement, Tx};

/// Where rows are read.
#[derive(Debug, Clone, Copy)]
pub enum Reader<'d> {
    /// In a transaction.
    Tx(&'d Tx),
    /// Outside of one.
    Database(&'d Database),
}

impl<'d> From<&'d Tx> for Reader<'d> {
    fn from(tx: &'d Tx) -> Self {
        Self::Tx(tx)
    }
}

impl<'d> From<&'d Database> for Reader<'d> {
    fn from(database: &'d Database) -> Self {
        Self::Database(database)
    }
}

impl Reader<'_> {
    async fn query<T: DeserializeOwned>(self, sql: String) -> Result<Vec<T>, Error> {
        match self {
            Self::Tx(tx) => tx.query(Statement::new(sql)).await,
            Self::Database(database) => database.query(Statement::new(sql)).await,
        }
    }
}

/// Returns those of `keys` that are keys of rows in `target`, a table with the columns of `table`.
/// With `lock`, those rows stay until the end of the transaction.
///
/// # Errors
/// As [`Database::query`].
pub async fn present(
    reader: impl Into<Reader<'_>>,
    table: &Table,
    target: &str,
    keys: impl IntoIterator<Item = &Key>,
    lock: bool,
) -> Result<HashSet<Key>, Error> {
    #[derive(Deserialize)]
    struct Row {
        k: String,
    }
    let reader = reader.into();
    let mut present = HashSet::new();
    for sql in select_present(table, target, keys, lock) {
        for Row { k } in reader.query(sql).await? {
            present.insert(read_key(table, &k).map_err(unreadable)?);
        }
    }
    Ok(present)
}

/// Returns those of `values` that rows of `target`, a table with the columns of `table`, have in
/// `columns`, which are unique; with the key of the row that has them. With `lock`, those rows stay
/// as they are until the end of the transaction.
///
/// # Errors
/// As [`Database::query`].
pub async fn holders(
    reader: impl Into<Reader<'_>>,
    table: &Table,
    target: &str,
    columns: &[usize],
    values: impl IntoIterator<Item = &Key>,
    lock: bool,
) -> Result<HashMap<Key, Key>, Error> {
    #[derive(Deserialize)]
    struct Row {
        k: String,
        u: String,
    }
    let reader = reader.into();
    let mut holders = HashMap::new();
    for sql in select_holders(table, target, columns, values, lock) {
        for Row { k, u } in reader.query(sql).await? {
            let value = read_columns(table, columns, &u).map_err(unreadable)?;
            holders.insert(value, read_key(table, &k).map_err(unreadable)?);
        }
    }
    Ok(holders)
}

pub(crate) fn unreadable(error: RowTextError) -> Error {
    serde_json::Error::custom(error).into()
}
