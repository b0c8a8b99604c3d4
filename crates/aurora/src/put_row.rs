//! One row that is to be as a client sent it, whether there is one with its id or not.

use std::collections::{BTreeMap, BTreeSet};

use domain::batch::{Facts, RejectedRow, TableBatch, Verdict};
use domain::dictionary::{Dictionary, Table};
use domain::sql::{InsertWriter, select_for_update, select_present, update_row};
use domain::value::Value;
use serde::Deserialize;

use crate::rejects::keep_rejected;
use crate::{Database, Error, Statement, Tx};

/// How often it is tried anew because another writer created or deleted the row between the question and the write.
const ATTEMPTS: u32 = 5;

/// What became of the row.
#[derive(Debug, PartialEq, Eq)]
pub enum Put<'a> {
    /// There was none with its id.
    Created,
    /// It has taken the place of the one with its id.
    Replaced,
    /// It breaks rules, and is kept with the reasons; what was there is as it was.
    Rejected(RejectedRow<'a>),
}

/// Creates or replaces the row of `rows`, which has the one, in a transaction. What it refers to is there, and stays until the
/// commit.
///
/// # Errors
/// Any [`Error`]; the row is as it was then, but for [`Error::UnknownOutcome`].
pub async fn put_row<'a>(
    database: &Database,
    dictionary: &Dictionary,
    rows: &TableBatch<'a>,
    request_id: &str,
) -> Result<Put<'a>, Error> {
    let database = &database.with_deadline(database.deadline());
    for _ in 0..ATTEMPTS {
        let put =
            database.transaction(|tx| async move { put(&tx, dictionary, rows, request_id).await }).await?;
        if let Some(put) = put {
            return Ok(put);
        }
    }
    let message = "others kept creating and deleting the row".to_owned();
    Err(Error::Unavailable { message, may_have_run: false, source: None })
}

/// `None` where the row has come or gone since it was asked for; nothing is written then.
async fn put<'a>(
    tx: &Tx,
    dictionary: &Dictionary,
    rows: &TableBatch<'a>,
    request_id: &str,
) -> Result<Option<Put<'a>>, Error> {
    let table = rows.table;
    let facts = Facts { taken: BTreeSet::new(), present: referred_rows(tx, dictionary, rows).await? };
    let Verdict { accepted, mut rejected, .. } = rows.judge(&facts);
    if !rejected.is_empty() {
        keep_rejected(tx, table, &rejected, request_id).await?;
        return Ok(rejected.pop().map(Put::Rejected));
    }
    let Some((values, id)) =
        accepted.first().and_then(|values| Some((*values, values[table.key_index()].as_integer()?)))
    else {
        return Ok(None);
    };
    // Not locked: a lock on a row that is not there is one on the gap in which others create theirs.
    if ids(tx, select_present(table, &BTreeSet::from([id]), false)).await?.is_empty() {
        return create(tx, table, values).await;
    }
    if ids(tx, select_for_update(table, id)).await?.is_empty() {
        return Ok(None);
    }
    if let Some(sql) = update_row(table, values) {
        tx.execute(Statement::new(sql)).await?;
    }
    Ok(Some(Put::Replaced))
}

async fn create<'a>(tx: &Tx, table: &Table, values: &[Value<'_>]) -> Result<Option<Put<'a>>, Error> {
    let mut writer = InsertWriter::new(table);
    // One row fits one statement: the dictionary refuses wider tables.
    writer.push(values);
    let Some(insert) = writer.finish() else { return Ok(None) };
    match tx.execute(Statement::new(insert.sql)).await {
        Ok(_) => Ok(Some(Put::Created)),
        Err(error) if error.is_duplicate_key() => Ok(None),
        Err(error) => Err(error),
    }
}

/// For each table that the row refers to, the rows of it that are there; they stay until the end of the transaction.
async fn referred_rows(
    tx: &Tx,
    dictionary: &Dictionary,
    rows: &TableBatch<'_>,
) -> Result<BTreeMap<String, BTreeSet<i64>>, Error> {
    let mut present = BTreeMap::new();
    for (target, wanted) in rows.referred_ids() {
        if let Some(table) = dictionary.table(target).filter(|_| !wanted.is_empty()) {
            present.insert(target.to_owned(), ids(tx, select_present(table, &wanted, true)).await?);
        }
    }
    Ok(present)
}

async fn ids(tx: &Tx, sql: String) -> Result<BTreeSet<i64>, Error> {
    #[derive(Deserialize)]
    struct Row {
        id: i64,
    }
    let rows: Vec<Row> = tx.query(Statement::new(sql)).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
