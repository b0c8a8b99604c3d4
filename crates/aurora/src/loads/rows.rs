//! The rows of a chunk, into their table.

use std::collections::BTreeSet;

use domain::dictionary::Table;
use domain::load::CheckedChunk;
use domain::sql::{InsertWriter, select_present};
use serde::Deserialize;

use crate::{Database, Error, Statement, Tx};

/// Ids in one question at most: their digits and commas stay far below the service's 65,536 characters.
const IDS_PER_QUESTION: usize = 2_500;

/// How often the rows of a statement are sorted out anew because another writer took one of their ids meanwhile.
const ATTEMPTS: u32 = 5;

/// Inserts the accepted rows of a chunk whose ids are free; gives back the positions of those whose ids are taken.
///
/// Nothing is asked beforehand: only a statement that meets a taken id is sorted out and sent again without it.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn append_rows(tx: &Tx, chunk: &CheckedChunk<'_>) -> Result<BTreeSet<usize>, Error> {
    let mut taken = BTreeSet::new();
    let mut writer = InsertWriter::new(chunk.table);
    let mut first = 0;
    for row in chunk.rows() {
        if let Some(full) = writer.push(row) {
            append_statement(tx, chunk, first, full.sql, full.rows, &mut taken).await?;
            first += full.rows;
        }
    }
    if let Some(last) = writer.finish() {
        append_statement(tx, chunk, first, last.sql, last.rows, &mut taken).await?;
    }
    Ok(taken)
}

/// Sends the statement of `count` rows from position `first` on; without the rows whose ids are taken, if any are.
async fn append_statement(
    tx: &Tx,
    chunk: &CheckedChunk<'_>,
    first: usize,
    sql: String,
    count: usize,
    taken: &mut BTreeSet<usize>,
) -> Result<(), Error> {
    let key = chunk.table.key_index();
    let rows = || chunk.rows().enumerate().skip(first).take(count);
    let mut sql = Some(sql);
    let mut attempt = 1;
    while let Some(statement) = sql {
        match tx.execute(Statement::new(statement)).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is_duplicate_key() && attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
        let ids: BTreeSet<i64> = rows().filter_map(|(_, row)| row[key].as_integer()).collect();
        // Locked, because a plain read would answer from the transaction's snapshot, which the id may be newer than.
        let present: BTreeSet<i64> = tx
            .query::<Present>(Statement::new(select_present(chunk.table, &ids, true)))
            .await?
            .into_iter()
            .map(|row| row.id)
            .collect();
        let mut writer = InsertWriter::new(chunk.table);
        for (position, row) in rows() {
            if row[key].as_integer().is_some_and(|id| present.contains(&id)) {
                taken.insert(position);
            } else {
                // A part of rows that fitted one statement fits one.
                writer.push(row);
            }
        }
        sql = writer.finish().map(|rest| rest.sql);
    }
    Ok(())
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
