//! Reads the ids that a statement selects.

use std::collections::BTreeSet;

use crate::ledger::Only;
use crate::{Database, Error, Statement, Tx};

/// Reads ids outside of a transaction.
pub(crate) async fn read(database: &Database, sql: String) -> Result<BTreeSet<i64>, Error> {
    Ok(database.query(Statement::new(sql)).await?.into_iter().map(|Only(id)| id).collect())
}

/// Reads ids in a transaction.
pub(crate) async fn read_in(tx: &Tx, sql: String) -> Result<BTreeSet<i64>, Error> {
    Ok(tx.query(Statement::new(sql)).await?.into_iter().map(|Only(id)| id).collect())
}
