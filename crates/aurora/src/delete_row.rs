//! Deleting one row, unless other rows refer to it.

use domain::audit::Action;
use domain::dictionary::{Dictionary, Table};
use domain::sql::{delete_row as delete_sql, select_referring};
use serde::de::IgnoredAny;

use crate::audit::{self, Actor};
use crate::client::Aborted;
use crate::{Database, Error, Statement, Tx};

/// The outcome of a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delete<'d> {
    /// The row is deleted.
    Deleted,
    /// There is no such row.
    NotFound,
    /// The row still exists, because other rows refer to it: from these tables, by these columns.
    Referenced(Vec<(&'d str, &'d str)>),
}

/// Deletes a row, unless others refer to it. There are no foreign keys, so the order of locks
/// guarantees this: an insert of a row that refers to this one holds a shared lock on this one from
/// before the insert until the commit. So the DELETE, which locks it exclusively, either waits for
/// that commit and then finds the referring row, or comes first, and the insert waits and finds it
/// gone.
///
/// With an `actor` the transaction writes an entry of the audit trail, with the row that is gone.
///
/// # Errors
/// Any [`Error`]; the row is still there then, but for [`Error::UnknownOutcome`].
pub async fn delete_row<'d>(
    database: &Database,
    dictionary: &'d Dictionary,
    table: &Table,
    id: i64,
    actor: Option<Actor<'_>>,
) -> Result<Delete<'d>, Error> {
    let referring = referring_columns(dictionary, table);
    if referring.is_empty() && actor.is_none() {
        let deleted = database.execute(Statement::new(delete_sql(table, id))).await?;
        return Ok(if deleted.updated == 0 { Delete::NotFound } else { Delete::Deleted });
    }
    let referring = &referring;
    let deleted =
        database.transaction(|tx| async move { delete_unreferenced(&tx, table, id, referring, actor).await });
    match deleted.await {
        Ok(true) => {
            if let Some(actor) = actor {
                audit::log(actor, Action::DeleteRow, Some(table.name()), Some(id), None);
            }
            Ok(Delete::Deleted)
        }
        Ok(false) => Ok(Delete::NotFound),
        Err(Aborted::Work(by)) => Ok(Delete::Referenced(by)),
        Err(Aborted::Database(error)) => Err(error),
    }
}

/// Returns true if there was such a row.
async fn delete_unreferenced<'d>(
    tx: &Tx,
    table: &Table,
    id: i64,
    referring: &[(&'d Table, usize)],
    actor: Option<Actor<'_>>,
) -> Result<bool, Aborted<Vec<(&'d str, &'d str)>>> {
    if let Some(actor) = actor
        && !audit::deleted(tx, actor, table, id).await?
    {
        return Ok(false);
    }
    // Its own references go with it, so those to itself are not in the way.
    if tx.execute(Statement::new(delete_sql(table, id))).await?.updated == 0 {
        return Ok(false);
    }
    let mut by = Vec::new();
    for &(other, column) in referring {
        let Some(sql) = select_referring(other, column, id) else { continue };
        if !tx.query::<IgnoredAny>(Statement::new(sql)).await?.is_empty() {
            by.push((other.name(), other.columns()[column].name()));
        }
    }
    if by.is_empty() { Ok(true) } else { Err(Aborted::Work(by)) }
}

/// Returns the columns of all tables that refer to `table`.
fn referring_columns<'d>(dictionary: &'d Dictionary, table: &Table) -> Vec<(&'d Table, usize)> {
    let of = |other: &'d Table| {
        other
            .references()
            .filter(|(_, target)| *target == table.name())
            .map(move |(column, _)| (other, column))
            .collect::<Vec<_>>()
    };
    dictionary.tables().iter().flat_map(of).collect()
}
