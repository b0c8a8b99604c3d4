//! Upserts one row (PUT semantics), or only creates it.

use std::collections::BTreeMap;

use domain::audit::Action;
use domain::batch::{RejectedRow, TableBatch, Verdict};
use domain::dictionary::{Dictionary, Table};
use domain::sql::{InsertWriter, select_for_update, update_row};
use domain::value::Value;
use serde::de::IgnoredAny;

use crate::audit::{self, Actor};
use crate::client::Aborted;
use crate::keys::{self, Reader};
use crate::rejects::keep_rejected;
use crate::rows::facts;
use crate::{Database, Error, Statement, Tx};

/// The number of attempts when another writer creates or deletes the row, or takes one of its
/// unique values, between the check and the write.
const ATTEMPTS: u32 = 5;

/// The outcome of a put.
#[derive(Debug, PartialEq, Eq)]
pub enum Put<'a> {
    /// There was no row with its key.
    Created,
    /// It has taken the place of the one with its key.
    Replaced,
    /// There is a row with its key, which is unchanged.
    Taken,
    /// It breaks rules, and is kept with the reasons; what was there is as it was.
    Rejected(RejectedRow<'a>),
}

/// Upserts the one row of `rows` in a transaction; with `only_create`, a row that is there already
/// is kept. What the row refers to is there, and stays until the commit.
///
/// With `only_create` the database's duplicate key alone says that a key is taken: of several calls
/// at once, one creates the row. In a table with unique columns, another transaction asks what it
/// was that is taken.
///
/// A row with a unique value that a row of another key has is rejected, never merged with that one:
/// an existing row is updated by its key, and the index refuses what another writer has taken since
/// the check.
///
/// With an `actor` the transaction writes an entry of the audit trail, with the row before and
/// after.
///
/// # Errors
/// Any [`Error`]; the row is as it was then, but for [`Error::UnknownOutcome`].
pub async fn put_row<'a>(
    database: &Database,
    dictionary: &Dictionary,
    rows: &TableBatch<'a>,
    only_create: bool,
    request_id: &str,
    actor: Option<Actor<'_>>,
) -> Result<Put<'a>, Error> {
    let database = &database.with_deadline(database.deadline());
    for _ in 0..ATTEMPTS {
        let done = database.transaction(|tx| async move {
            put(&tx, dictionary, rows, only_create, request_id, actor).await
        });
        match done.await {
            Ok(put) => {
                if let (Some(actor), Put::Created | Put::Replaced) = (actor, &put) {
                    audit::log_row(actor, Action::PutRow, rows.table, rows.keys().first());
                }
                return Ok(put);
            }
            Err(Aborted::Work(Stop::Taken)) => return Ok(Put::Taken),
            Err(Aborted::Work(Stop::Overtaken)) => {}
            Err(Aborted::Database(error)) => return Err(error),
        }
    }
    let message = "others kept creating and deleting the row, or taking its unique values".to_owned();
    Err(Error::Unavailable { message, may_have_run: false, source: None })
}

/// Why work on a row stops.
enum Stop {
    /// The row has come or gone, or a unique value of it is taken, since the database was asked.
    Overtaken,
    /// The row exists and must be kept.
    Taken,
}

async fn put<'a>(
    tx: &Tx,
    dictionary: &Dictionary,
    rows: &TableBatch<'a>,
    only_create: bool,
    request_id: &str,
    actor: Option<Actor<'_>>,
) -> Result<Put<'a>, Aborted<Stop>> {
    let table = rows.table;
    let facts = facts(Reader::Tx(tx), dictionary, rows, &BTreeMap::new()).await?;
    let Verdict { accepted, mut rejected, .. } = rows.judge(&facts);
    if !rejected.is_empty() {
        keep_rejected(tx, table, &rejected, request_id).await?;
        return rejected.pop().map(Put::Rejected).ok_or(Aborted::Work(Stop::Overtaken));
    }
    let row = accepted.first().and_then(|values| Some((*values, table.key_of(values)?)));
    let (values, key) = row.ok_or(Aborted::Work(Stop::Overtaken))?;
    if only_create && table.unique().is_empty() {
        return create(tx, table, values, actor, Stop::Taken).await;
    }
    // Not locked: a lock on a row that does not exist locks the gap in which others create theirs.
    if keys::present(tx, table, table.name(), [&key], false).await?.is_empty() {
        // If something is taken by now, the next transaction finds it.
        return create(tx, table, values, actor, Stop::Overtaken).await;
    }
    if only_create {
        return Err(Aborted::Work(Stop::Taken));
    }
    if tx.query::<IgnoredAny>(Statement::new(select_for_update(table, &key))).await?.is_empty() {
        return Err(Aborted::Work(Stop::Overtaken));
    }
    if let Some(actor) = actor {
        audit::replaced(tx, actor, table, &key, values).await?;
    }
    if let Some((sql, parameters)) = update_row(table, values) {
        let update = Statement::new(sql).bind_parameters(parameters);
        unless_taken(tx.execute(update).await, Stop::Overtaken)?;
    }
    Ok(Put::Replaced)
}

/// Inserts the row; `taken` where its key, or one of its unique values, is taken.
async fn create<'a>(
    tx: &Tx,
    table: &Table,
    values: &[Value<'_>],
    actor: Option<Actor<'_>>,
    taken: Stop,
) -> Result<Put<'a>, Aborted<Stop>> {
    let mut writer = InsertWriter::new(table);
    // One row fits one statement: the dictionary refuses wider tables.
    writer.push(values);
    let insert = writer.finish().ok_or(Aborted::Work(Stop::Overtaken))?;
    unless_taken(tx.execute(insert.into()).await, taken)?;
    if let Some(actor) = actor {
        audit::inserted(tx, actor, Action::PutRow, table, std::iter::once(values)).await?;
    }
    Ok(Put::Created)
}

/// Returns `taken` for the error that a key is taken.
fn unless_taken<T>(done: Result<T, Error>, taken: Stop) -> Result<(), Aborted<Stop>> {
    match done {
        Ok(_) => Ok(()),
        Err(error) if error.is_duplicate_key() => Err(Aborted::Work(taken)),
        Err(error) => Err(error.into()),
    }
}
