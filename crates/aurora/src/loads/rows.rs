//! The rows of a chunk, as they meet those of the table.

use std::collections::HashSet;

use domain::dictionary::{LoadMode, Table};
use domain::load::{CheckedChunk, Facts};
use domain::value::Key;

use crate::{Error, Tx, keys};

/// Reads what the table called `target` has that a chunk's rows need for themselves: keys, but in
/// an upsert, and unique values.
///
/// Nothing is locked: two chunks that lock the gap in which both insert are a deadlock. What is
/// taken after this read makes an insert fail ([`Error::DuplicateKey`]), and [`check_written`]
/// finds the row that an upsert would have merged into another.
///
/// # Errors
/// As [`Tx::query`].
pub async fn taken(tx: &Tx, target: &str, chunk: &CheckedChunk<'_>, mode: LoadMode) -> Result<Facts, Error> {
    let table = chunk.table;
    let mut facts = Facts::default();
    if mode != LoadMode::Upsert {
        let keys: HashSet<Key> = chunk.keys().collect();
        facts.taken = keys::present(tx, table, target, &keys, false).await?;
    }
    for unique in table.unique() {
        let values = chunk.values_of(unique);
        facts.holders.push(keys::holders(tx, table, target, unique, &values, false).await?);
    }
    Ok(facts)
}

/// Checks that rows which an upsert of a table with unique columns has just written are there under
/// their keys, each of which they have once.
///
/// `INSERT … ON DUPLICATE KEY UPDATE` writes over the row that has a unique value of the new one,
/// whatever its key, where another writer has inserted that row since [`taken`]. The new row's key
/// is missing then. A key that is there is found first, because InnoDB inserts into the primary key
/// first; a unique value that its row cannot have makes the statement fail.
///
/// # Errors
/// [`Error::DuplicateKey`] if one is missing: the transaction is to be rolled back and begun again.
/// Else as [`Tx::query`].
pub async fn check_written(tx: &Tx, table: &Table, target: &str, keys: &HashSet<Key>) -> Result<(), Error> {
    if keys::present(tx, table, target, keys, true).await?.len() == keys.len() {
        return Ok(());
    }
    let message = "a unique value was taken by another writer since it was looked for".to_owned();
    Err(Error::DuplicateKey { message })
}
