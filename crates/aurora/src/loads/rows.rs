//! The rows of a chunk, into their table.

use std::collections::BTreeSet;
use std::ops::Range;

use domain::dictionary::Table;
use domain::load::CheckedChunk;
use domain::sql::{InsertStatement, InsertWriter, select_present, select_present_in};
use domain::value::Value;
use serde::Deserialize;

use crate::{Database, Error, Statement, Tx};

/// Ids in one question at most: their digits and commas stay far below the service's 65,536 characters.
const IDS_PER_QUESTION: usize = 2_500;

/// How often the rows of a statement are sorted out anew because another writer took one of their ids meanwhile.
const ATTEMPTS: u32 = 5;

/// Runs an insert; false, and nothing is inserted, when an id of its rows is taken. Nothing is asked beforehand: only a
/// statement that meets a taken id is sorted out, by [`append_free_rows`].
///
/// # Errors
/// As [`Tx::execute`].
pub async fn insert_rows(tx: &Tx, statement: &InsertStatement) -> Result<bool, Error> {
    match tx.execute(Statement::new(statement.sql.clone())).await {
        Ok(_) => Ok(true),
        Err(error) if error.is_duplicate_key() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Inserts those of a chunk's rows at `positions` whose ids are free in the table that `writer` writes to, called
/// `target`; gives back the positions of the others. The rows must fit one statement.
///
/// # Errors
/// As [`Tx::execute`]; [`Error::DuplicateKey`] when other writers keep taking ids.
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
    let mut attempt = 1;
    loop {
        // Locked, because a plain read would answer from the transaction's snapshot, which the id may be newer than.
        let present: BTreeSet<i64> = tx
            .query::<Present>(Statement::new(select_present_in(table, target, &ids, true)))
            .await?
            .into_iter()
            .map(|row| row.id)
            .collect();
        let is_taken = |row: &[Value<'_>]| id_of(row).is_some_and(|id| present.contains(&id));
        let mut free = writer();
        for (_, row) in rows().filter(|(_, row)| !is_taken(row)) {
            // A part of rows that fitted one statement fits one.
            free.push(row);
        }
        let Some(rest) = free.finish() else { return Ok(positions.collect()) };
        match tx.execute(Statement::new(rest.sql)).await {
            Ok(_) => {
                let taken = rows().filter(|(_, row)| is_taken(row)).map(|(position, _)| position);
                return Ok(taken.collect());
            }
            Err(error) if error.is_duplicate_key() && attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Which of `ids` are keys of `table`.
///
/// # Errors
/// As [`Database::query`].
pub async fn present_ids(
    database: &Database,
    table: &Table,
    ids: &BTreeSet<i64>,
) -> Result<BTreeSet<i64>, Error> {
    let ids: Vec<i64> = ids.iter().copied().collect();
    let mut present = BTreeSet::new();
    for group in ids.chunks(IDS_PER_QUESTION) {
        let group = group.iter().copied().collect();
        let rows: Vec<Present> = database.query(Statement::new(select_present(table, &group, false))).await?;
        present.extend(rows.into_iter().map(|row| row.id));
    }
    Ok(present)
}

#[derive(Deserialize)]
struct Present {
    id: i64,
}
