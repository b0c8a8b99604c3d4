//! Inserts the rows of a chunk.

use std::collections::BTreeSet;
use std::ops::Range;

use domain::dictionary::Table;
use domain::load::CheckedChunk;
use domain::sql::{InsertWriter, select_present_in};
use domain::value::Value;

use crate::{Database, Error, Statement, Tx, ids};

/// Ids in one query at most: their digits and commas stay far below the service's 65,536
/// characters.
const IDS_PER_QUERY: usize = 2_500;

/// Inserts those of a chunk's rows at `positions` whose ids are free in the table that `writer`
/// writes to, called `target`; returns the positions of the others. The rows must fit one
/// statement.
///
/// For a transaction that takes the place of one in which their insert met a taken id: that one
/// failed, and its transaction is gone.
///
/// # Errors
/// As [`Tx::execute`]; [`Error::DuplicateKey`] where another writer takes an id meanwhile, or
/// something else is taken than an id.
pub async fn append_free_rows<'t>(
    tx: &Tx,
    target: &str,
    writer: impl Fn() -> InsertWriter<'t>,
    chunk: &CheckedChunk<'_>,
    positions: Range<usize>,
) -> Result<BTreeSet<usize>, Error> {
    let table = chunk.table;
    let rows = || chunk.rows().enumerate().skip(positions.start).take(positions.len());
    let id_of = |row: &[Value<'_>]| row[table.key_index()].as_integer();
    let ids: BTreeSet<i64> = rows().filter_map(|(_, row)| id_of(row)).collect();
    // Not locked: two loads that lock the gap in which both insert are a deadlock. An id that is
    // taken after this read makes the insert fail.
    let present = ids::read_in(tx, select_present_in(table, target, &ids, false)).await?;
    let is_taken = |row: &[Value<'_>]| id_of(row).is_some_and(|id| present.contains(&id));
    let mut free = writer();
    for (_, row) in rows().filter(|(_, row)| !is_taken(row)) {
        // A part of rows that fitted one statement fits one.
        free.push(row);
    }
    if let Some(free) = free.finish() {
        tx.execute(Statement::new(free.sql)).await?;
    }
    Ok(rows().filter(|(_, row)| is_taken(row)).map(|(position, _)| position).collect())
}

/// Returns those of `ids` that are keys of `table`, or of another table of its shape, called
/// `target`.
///
/// # Errors
/// As [`Database::query`].
pub async fn present_ids(
    database: &Database,
    table: &Table,
    target: &str,
    ids: impl IntoIterator<Item = i64>,
) -> Result<BTreeSet<i64>, Error> {
    let ids: Vec<i64> = ids.into_iter().collect();
    let mut present = BTreeSet::new();
    for group in ids.chunks(IDS_PER_QUERY) {
        let group = group.iter().copied().collect();
        present.extend(ids::read(database, select_present_in(table, target, &group, false)).await?);
    }
    Ok(present)
}
