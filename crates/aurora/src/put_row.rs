//! Upserts one row (PUT semantics), or only creates it.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::Action;
use domain::batch::{Facts, RejectedRow, TableBatch, Verdict};
use domain::dictionary::{Dictionary, Table};
use domain::sql::{InsertWriter, select_for_update, select_present, update_row};
use domain::value::Value;

use crate::audit::{self, Actor};
use crate::client::Aborted;
use crate::rejects::keep_rejected;
use crate::rows::Executor;
use crate::{Database, Error, Statement, Tx, ids};

/// The number of attempts when another writer creates or deletes the row between the check and the
/// write.
const ATTEMPTS: u32 = 5;

/// The outcome of a put.
#[derive(Debug, PartialEq, Eq)]
pub enum Put<'a> {
    /// There was no row with its id.
    Created,
    /// It has taken the place of the one with its id.
    Replaced,
    /// There is a row with its id, which is unchanged.
    Taken,
    /// It breaks rules, and is kept with the reasons; what was there is as it was.
    Rejected(RejectedRow<'a>),
}

/// Upserts the one row of `rows` in a transaction; with `only_create`, a row that is there already
/// is kept. What the row refers to is there, and stays until the commit.
///
/// With `only_create` the database's duplicate key alone says that an id is taken: of several calls
/// at once, one creates the row.
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
                    let row = rows.ids().first().copied();
                    audit::log(actor, Action::PutRow, Some(rows.table.name()), row, None);
                }
                return Ok(put);
            }
            Err(Aborted::Work(Stop::Taken)) => return Ok(Put::Taken),
            Err(Aborted::Work(Stop::Overtaken)) => {}
            Err(Aborted::Database(error)) => return Err(error),
        }
    }
    let message = "others kept creating and deleting the row".to_owned();
    Err(Error::Unavailable { message, may_have_run: false, source: None })
}

/// Why work on a row stops.
enum Stop {
    /// The row has come or gone since it was asked for.
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
    let present = Executor::Transaction(tx).referred_rows(dictionary, rows, &BTreeMap::new()).await?;
    let facts = Facts { taken: BTreeSet::new(), present };
    let Verdict { accepted, mut rejected, .. } = rows.judge(&facts);
    if !rejected.is_empty() {
        keep_rejected(tx, table, &rejected, request_id).await?;
        return rejected.pop().map(Put::Rejected).ok_or(Aborted::Work(Stop::Overtaken));
    }
    let row = accepted.first().and_then(|values| Some((*values, values[table.key_index()].as_integer()?)));
    let (values, id) = row.ok_or(Aborted::Work(Stop::Overtaken))?;
    if only_create {
        return create(tx, table, values, actor, Stop::Taken).await;
    }
    // Not locked: a lock on a row that does not exist locks the gap in which others create theirs.
    if ids::read_in(tx, select_present(table, &BTreeSet::from([id]), false)).await?.is_empty() {
        // If it exists by now, the next transaction finds it.
        return create(tx, table, values, actor, Stop::Overtaken).await;
    }
    if ids::read_in(tx, select_for_update(table, id)).await?.is_empty() {
        return Err(Aborted::Work(Stop::Overtaken));
    }
    if let Some(actor) = actor {
        audit::replaced(tx, actor, table, id, values).await?;
    }
    if let Some(sql) = update_row(table, values) {
        tx.execute(Statement::new(sql)).await?;
    }
    Ok(Put::Replaced)
}

/// Inserts the row; `taken` where its id is taken.
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
    match tx.execute(Statement::new(insert.sql)).await {
        Ok(_) => {}
        Err(error) if error.is_duplicate_key() => return Err(Aborted::Work(taken)),
        Err(error) => return Err(error.into()),
    }
    if let (Some(actor), Some(id)) = (actor, values[table.key_index()].as_integer()) {
        audit::inserted(tx, actor, Action::PutRow, table, &[id]).await?;
    }
    Ok(Put::Created)
}
