//! Deleting one row, unless other rows refer to it.

use domain::audit::Action;
use domain::dictionary::{Dictionary, Reference, Table};
use domain::sql::{delete_row as delete_sql, select_referring};
use domain::value::Key;
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
    /// The row still exists, because other rows refer to it: from these tables, by these
    /// references.
    Referenced(Vec<(&'d Table, &'d Reference)>),
}

/// Deletes a row, unless others refer to it. There are no foreign keys, so the order of locks
/// guarantees this: an insert of a row that refers to this one holds a shared lock on this one from
/// before the insert until the commit. So the DELETE, which locks it exclusively, either waits for
/// that commit and then finds the referring row, or comes first, and the insert waits and finds it
/// gone. A row whose reference may name none holds no lock: it may come while this one goes.
///
/// With an `actor` the transaction writes an entry of the audit trail, with the row that is gone.
///
/// # Errors
/// Any [`Error`]; the row is still there then, but for [`Error::UnknownOutcome`].
pub async fn delete_row<'d>(
    database: &Database,
    dictionary: &'d Dictionary,
    table: &Table,
    key: &Key,
    actor: Option<Actor<'_>>,
) -> Result<Delete<'d>, Error> {
    let referring = references_to(dictionary, table);
    if referring.is_empty() && actor.is_none() {
        let deleted = database.execute(Statement::new(delete_sql(table, key))).await?;
        return Ok(if deleted.updated == 0 { Delete::NotFound } else { Delete::Deleted });
    }
    let referring = &referring;
    let deleted = database
        .transaction(|tx| async move { delete_unreferenced(&tx, table, key, referring, actor).await });
    match deleted.await {
        Ok(true) => {
            if let Some(actor) = actor {
                audit::log_row(actor, Action::DeleteRow, table, Some(key));
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
    key: &Key,
    referring: &[(&'d Table, &'d Reference)],
    actor: Option<Actor<'_>>,
) -> Result<bool, Aborted<Vec<(&'d Table, &'d Reference)>>> {
    if let Some(actor) = actor
        && !audit::deleted(tx, actor, table, key).await?
    {
        return Ok(false);
    }
    // Its own references go with it, so those to itself are not in the way.
    if tx.execute(Statement::new(delete_sql(table, key))).await?.updated == 0 {
        return Ok(false);
    }
    let mut by = Vec::new();
    for &(other, reference) in referring {
        let select = Statement::new(select_referring(other, reference, key));
        if !tx.query::<IgnoredAny>(select).await?.is_empty() {
            by.push((other, reference));
        }
    }
    if by.is_empty() { Ok(true) } else { Err(Aborted::Work(by)) }
}

/// Returns the references of all tables to `table`, each with the table that has it.
fn references_to<'d>(dictionary: &'d Dictionary, table: &Table) -> Vec<(&'d Table, &'d Reference)> {
    let all = dictionary
        .tables()
        .iter()
        .flat_map(|other| other.references().iter().map(move |reference| (other, reference)));
    all.filter(|(_, reference)| reference.table() == table.name()).collect()
}
