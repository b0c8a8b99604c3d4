//! Inserting a batch of rows: in one round trip where nothing is wrong, else with a verdict for each row.

use std::collections::{BTreeMap, BTreeSet};

use domain::batch::{Answer, Batch, Facts, TableAnswer, TableBatch, Verdict};
use domain::dictionary::{Dictionary, Table};
use domain::sql::{GUARD_FAILED, InsertStatement, InsertWriter, MAX_SQL_CHARS, select_present};
use domain::value::Value;
use serde::Deserialize;

use crate::rejects::keep_rejected;
use crate::{Database, Error, Statement, Tx};

/// How often a batch is judged anew because another writer took one of its ids between the question and the insert.
const ATTEMPTS: u32 = 5;

/// Inserts the rows of a batch that are good and keeps the others with their reasons; all of that in one transaction.
///
/// A batch for one table without a fault is one statement and one call: the statement itself demands that the
/// references are there ([`domain::sql::ReferenceGuard`]) and a taken id makes it fail as a whole. Only then, or where
/// the rows alone show a fault, does a transaction ask which ids are taken and which references are there.
///
/// # Errors
/// Any [`Error`]; nothing is in then, but for [`Error::UnknownOutcome`], after which the rows may be in.
pub async fn insert_batch<'a>(
    database: &Database,
    dictionary: &Dictionary,
    batch: &Batch<'a>,
    request_id: &str,
) -> Result<Answer<'a>, Error> {
    // One deadline over the direct way and the long one.
    let database = &database.with_deadline(database.deadline());
    if let Some((table, statement)) = direct_insert(dictionary, batch) {
        match database.execute(Statement::new(statement.sql)).await {
            Ok(_) => {
                let outcome = TableAnswer { inserted: statement.rows, rejected: Vec::new() };
                return Ok(Answer::new([(table, outcome)]));
            }
            Err(error) if is_fault_of_rows(&error) => {}
            Err(error) => return Err(error),
        }
    }
    let mut attempt = 1;
    loop {
        let judged = database
            .transaction(|tx| async move {
                let mut outcomes = Vec::with_capacity(batch.tables.len());
                for rows in &batch.tables {
                    outcomes
                        .push((rows.table.name(), insert_judged(&tx, dictionary, rows, request_id).await?));
                }
                Ok::<_, Error>(Answer::new(outcomes))
            })
            .await;
        match judged {
            Err(error) if error.is_duplicate_key() && attempt < ATTEMPTS => attempt += 1,
            other => return other,
        }
    }
}

/// The one statement that inserts the whole batch, where there is one.
fn direct_insert<'a>(dictionary: &Dictionary, batch: &Batch<'a>) -> Option<(&'a str, InsertStatement)> {
    let [rows] = &batch.tables[..] else { return None };
    if !rows.is_flawless() {
        return None;
    }
    let mut writer = InsertWriter::guarded(rows.table, rows.guard(dictionary));
    for row in &rows.rows {
        if writer.push(&row.checked.values).is_some() {
            return None;
        }
    }
    let statement = writer.finish().filter(|statement| statement.sql.len() <= MAX_SQL_CHARS)?;
    Some((rows.table.name(), statement))
}

/// Whether the direct insert may have failed because of an id that is taken or a reference that names no row: the
/// database says so, or gives no error number, and then it is asked.
fn is_fault_of_rows(error: &Error) -> bool {
    match error {
        Error::DuplicateKey { .. } | Error::Sql { code: None, .. } => true,
        Error::Sql { code: Some(code), .. } => u32::from(*code) == GUARD_FAILED,
        _ => false,
    }
}

async fn insert_judged<'a>(
    tx: &Tx,
    dictionary: &Dictionary,
    rows: &TableBatch<'a>,
    request_id: &str,
) -> Result<TableAnswer<'a>, Error> {
    let facts = ask(tx, dictionary, rows).await?;
    let Verdict { accepted, rejected } = rows.judge(&facts);
    insert_rows(tx, rows.table, &accepted).await?;
    keep_rejected(tx, rows.table, &rejected, request_id).await?;
    Ok(TableAnswer { inserted: accepted.len(), rejected })
}

/// Asks which ids of the rows are taken, and which of the referenced rows are there; the latter stay until the end of
/// the transaction.
async fn ask(tx: &Tx, dictionary: &Dictionary, rows: &TableBatch<'_>) -> Result<Facts, Error> {
    let taken = present(tx, rows.table, &rows.ids(), false).await?;
    let mut there = BTreeMap::new();
    for (target, ids) in rows.referred_ids() {
        if let Some(table) = dictionary.table(target) {
            there.insert(target.to_owned(), present(tx, table, &ids, true).await?);
        }
    }
    Ok(Facts { taken, present: there })
}

async fn present(tx: &Tx, table: &Table, ids: &BTreeSet<i64>, lock: bool) -> Result<BTreeSet<i64>, Error> {
    #[derive(Deserialize)]
    struct Present {
        id: i64,
    }
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows: Vec<Present> = tx.query(Statement::new(select_present(table, ids, lock))).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

async fn insert_rows(tx: &Tx, table: &Table, rows: &[&[Value<'_>]]) -> Result<(), Error> {
    let mut writer = InsertWriter::new(table);
    for row in rows {
        if let Some(full) = writer.push(row) {
            tx.execute(Statement::new(full.sql)).await?;
        }
    }
    if let Some(last) = writer.finish() {
        tx.execute(Statement::new(last.sql)).await?;
    }
    Ok(())
}
