//! Inserting a batch of rows: in one round trip where nothing is wrong, else with a verdict for
//! each row.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use domain::audit::Action;
use domain::batch::{Answer, Batch, Facts, TableAnswer, TableBatch, Verdict};
use domain::dictionary::{Dictionary, Table};
use domain::prefer::TxPreference;
use domain::sql::{GUARD_FAILED, InsertStatement, InsertWriter, MAX_SQL_CHARS};
use domain::value::{Key, Value};

use crate::audit::{self, Actor};
use crate::idempotency::{Claim, ClaimError, StoredAnswer};
use crate::keys::{self, Reader};
use crate::rejects::keep_rejected;
use crate::{Database, Error, MaybeDatabase, Tx};

/// The number of times that a batch is judged when other writers take its keys or unique values
/// between the check and the insert.
const ATTEMPTS: u32 = 5;

/// Inserts a batch: the good rows are inserted, the others kept with their reasons; all in one
/// transaction.
///
/// A batch for one table without a fault is one statement and one call: the statement itself
/// demands that the references are there ([`domain::sql::ReferenceGuard`]) and a taken key or
/// unique value makes it fail as a whole. Only then, or where the rows alone show a fault, does a
/// transaction ask what is taken and which references are there. The price of the one call: if the
/// database is stuck for longer than a request may take, the Data API may still execute the
/// statement after the answer 503. To use a transaction, which could be rolled back, would cost
/// every insert two more calls; a client that needs to know sends an `Idempotency-Key`, which makes
/// a transaction.
///
/// Rows from a person always go through a transaction, which writes an entry of the audit trail for
/// each inserted row.
#[derive(Debug, Clone, Copy)]
pub struct Insert<'i, 'a> {
    /// The dictionary that the rows were checked against.
    pub dictionary: &'i Dictionary,
    /// The rows.
    pub batch: &'i Batch<'a>,
    /// The client's preference for the transaction.
    pub preference: Option<TxPreference>,
    /// The request that rejected rows are kept under.
    pub request_id: &'i str,
    /// The person who sent them; `None` for a script.
    pub actor: Option<Actor<'i>>,
}

impl<'a> Insert<'_, 'a> {
    /// Inserts the batch, or checks it only where that is preferred.
    ///
    /// # Errors
    /// Any [`Error`]; nothing is in then, but for [`Error::UnknownOutcome`], after which the rows
    /// may be in.
    pub async fn run(&self, database: &Database) -> Result<Answer<'a>, Error> {
        // One deadline over the direct way and the long one.
        let database = &database.with_deadline(database.deadline());
        if self.preference == Some(TxPreference::DryRun) {
            return self.check(database).await;
        }
        let mut direct = self.direct();
        if self.actor.is_none()
            && let Some(direct) = direct.take()
        {
            match database.execute(direct.into()).await {
                Ok(_) => return Ok(self.all_in()),
                Err(error) if is_fault_of_rows(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let inserted =
            settled(database, direct, |tx, direct| async move { self.insert(&tx, direct).await }).await;
        inserted.inspect(|answer| self.log(answer))
    }

    /// Inserts the batch for a request that has claimed its key, and writes the answer that
    /// `render` makes into the record of the key, in the same transaction. Where that fails, the
    /// claim is given back.
    ///
    /// # Errors
    /// [`ClaimError`]; nothing is in then, but for [`Error::UnknownOutcome`].
    pub async fn run_claimed(
        &self,
        database: &Database,
        claim: &Claim,
        render: impl Fn(&mut Answer<'a>) -> StoredAnswer,
    ) -> Result<(Answer<'a>, StoredAnswer), ClaimError> {
        let database = &database.with_deadline(database.deadline());
        // The answer that the last transaction was about to commit.
        let last = Mutex::new(None);
        let committed = settled(database, self.direct(), |tx, direct| {
            let (last, render) = (&last, &render);
            async move {
                let mut answer = self.insert(&tx, direct).await?;
                let stored = render(&mut answer);
                claim.answer(&tx, &stored).await?;
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some((answer, stored));
                Ok::<_, ClaimError>(())
            }
        });
        let committed = committed.await;
        let last = last.into_inner().unwrap_or_else(PoisonError::into_inner);
        let settled = match committed {
            Ok(()) => last.ok_or(ClaimError::Lost),
            Err(error) => match (claim.release(database).await, last) {
                // It was committed, and only the answer to the COMMIT was lost.
                (Ok(true), Some(answered)) => Ok(answered),
                (Ok(_), _) => Err(error.with_nothing_in()),
                (Err(_), _) => Err(error),
            },
        };
        settled.inspect(|(answer, _)| self.log(answer))
    }

    /// Returns the answer that the batch would get, without writing or locking anything.
    async fn check(&self, database: &Database) -> Result<Answer<'a>, Error> {
        let verdicts = self.judge(Reader::Database(database)).await?;
        Ok(self.answer(verdicts))
    }

    /// Inserts the batch in a transaction: by the one statement, or row by row as each is judged.
    async fn insert(&self, tx: &Tx, direct: Option<InsertStatement>) -> Result<Answer<'a>, Error> {
        let Some(direct) = direct else { return self.insert_judged(tx).await };
        tx.execute(direct.into()).await?;
        for rows in &self.batch.tables {
            let values = rows.rows.iter().map(|row| &*row.checked.values);
            self.audit(tx, rows.table, values).await?;
        }
        Ok(self.all_in())
    }

    /// Writes an entry of the audit trail for each of these inserted rows, if a person sent them.
    async fn audit<'v>(
        &self,
        tx: &Tx,
        table: &Table,
        rows: impl Iterator<Item = &'v [Value<'v>]>,
    ) -> Result<(), Error> {
        let Some(actor) = self.actor else { return Ok(()) };
        audit::inserted(tx, actor, Action::InsertRows, table, rows).await
    }

    /// Writes a log line for each table that got rows, if a person sent them.
    fn log(&self, answer: &Answer<'_>) {
        let Some(actor) = self.actor else { return };
        for (table, outcome) in answer.tables().filter(|(_, outcome)| outcome.inserted > 0) {
            audit::log(actor, Action::InsertRows, Some(table), Some(outcome.inserted));
        }
    }

    async fn insert_judged(&self, tx: &Tx) -> Result<Answer<'a>, Error> {
        let verdicts = self.judge(Reader::Tx(tx)).await?;
        let is_refused = self.preference == Some(TxPreference::Atomic)
            && verdicts.iter().any(|verdict| !verdict.rejected.is_empty());
        for (rows, verdict) in self.batch.tables.iter().zip(&verdicts) {
            if !is_refused {
                insert_rows(tx, rows.table, &verdict.accepted).await?;
                self.audit(tx, rows.table, verdict.accepted.iter().copied()).await?;
            }
            keep_rejected(tx, rows.table, &verdict.rejected, self.request_id).await?;
        }
        let answer = self.answer(verdicts);
        Ok(if is_refused { answer.none_in() } else { answer })
    }

    /// Judges every row of every table before any of them is inserted. A row may refer to another
    /// row of the same request.
    async fn judge(&self, reader: Reader<'_>) -> Result<Vec<Verdict<'a, '_>>, Error> {
        let mut coming: BTreeMap<&str, HashSet<Key>> = BTreeMap::new();
        let mut verdicts = Vec::with_capacity(self.batch.tables.len());
        for rows in &self.batch.tables {
            let TableBatch { table, .. } = *rows;
            // Not locked: what others take after this makes the insert fail, and the batch is
            // judged again.
            let taken = keys::present(reader, table, table.name(), &rows.keys(), false).await?;
            let facts = Facts { taken, ..facts(reader, self.dictionary, rows, &coming).await? };
            let verdict = rows.judge(&facts);
            coming.insert(table.name(), verdict.keys.clone());
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }

    fn answer(&self, verdicts: Vec<Verdict<'a, '_>>) -> Answer<'a> {
        let outcomes = self.batch.tables.iter().zip(verdicts).map(|(rows, verdict)| {
            let Verdict { accepted, rejected, .. } = verdict;
            (rows.table.name(), TableAnswer { inserted: accepted.len(), rejected })
        });
        Answer::new(outcomes)
    }

    /// Returns the answer for a batch whose rows are all inserted.
    fn all_in(&self) -> Answer<'a> {
        let outcomes =
            self.batch.tables.iter().map(|rows| {
                (rows.table.name(), TableAnswer { inserted: rows.rows.len(), rejected: Vec::new() })
            });
        Answer::new(outcomes)
    }

    /// Returns the one statement that inserts the whole batch; `None` if it must be judged row by
    /// row.
    fn direct(&self) -> Option<InsertStatement> {
        let [rows] = &self.batch.tables[..] else { return None };
        if !rows.is_flawless() {
            return None;
        }
        let mut writer = InsertWriter::guarded(rows.table, rows.guard(self.dictionary));
        for row in &rows.rows {
            if writer.push(&row.checked.values).is_some() {
                return None;
            }
        }
        writer.finish().filter(|statement| statement.sql.len() <= MAX_SQL_CHARS)
    }
}

/// Runs `work` in a transaction: with the direct statement, if there is one; without it if that
/// fails because of the rows; and again while other writers take what was free. After
/// [`ATTEMPTS`] it fails with a retryable error.
async fn settled<T, E: MaybeDatabase, F: Future<Output = Result<T, E>>>(
    database: &Database,
    mut direct: Option<InsertStatement>,
    work: impl Fn(Tx, Option<InsertStatement>) -> F,
) -> Result<T, E> {
    let mut attempt = 1;
    loop {
        let failure = match database.transaction(|tx| work(tx, direct.clone())).await {
            Ok(done) => return Ok(done),
            Err(failure) => failure,
        };
        match failure.database() {
            Some(error) if direct.is_some() && is_fault_of_rows(error) => direct = None,
            Some(error) if error.is_duplicate_key() && attempt == ATTEMPTS => return Err(overtaken().into()),
            Some(error) if error.is_duplicate_key() => attempt += 1,
            _ => return Err(failure),
        }
    }
}

fn overtaken() -> Error {
    let message = "others kept taking keys or unique values of the batch".to_owned();
    Error::Unavailable { message, may_have_run: false, source: None }
}

/// Returns true if the direct insert may have failed because of something that is taken or a
/// reference that names no row: the database says so, or gives no error number, and then it is
/// asked.
fn is_fault_of_rows(error: &Error) -> bool {
    match error {
        Error::DuplicateKey { .. } | Error::Sql { code: None, .. } => true,
        Error::Sql { code: Some(code), .. } => u32::from(*code) == GUARD_FAILED,
        _ => false,
    }
}

/// Reads what judges rows beside the keys that are taken: the rows that have their unique values,
/// and those that they refer to, or that are among `coming`. These are not looked up, because the
/// lookup would also lock the gap that they are inserted into. In a transaction, what rows refer to
/// stays until its end.
pub(crate) async fn facts(
    reader: Reader<'_>,
    dictionary: &Dictionary,
    rows: &TableBatch<'_>,
    coming: &BTreeMap<&str, HashSet<Key>>,
) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    let table = rows.table;
    for columns in table.unique() {
        let values = rows.unique_values(columns);
        facts.holders.push(keys::holders(reader, table, table.name(), columns, &values, false).await?);
    }
    let is_locked = matches!(reader, Reader::Tx(_));
    for (target, referred) in rows.referred_keys() {
        let Some(table) = dictionary.table(target) else { continue };
        let is_coming = |key: &Key| coming.get(target).is_some_and(|keys| keys.contains(key));
        let (with_them, others): (Vec<Key>, Vec<Key>) = referred.into_iter().partition(is_coming);
        let mut there = keys::present(reader, table, target, &others, is_locked).await?;
        there.extend(with_them);
        facts.present.insert(target.to_owned(), there);
    }
    Ok(facts)
}

async fn insert_rows(tx: &Tx, table: &Table, rows: &[&[Value<'_>]]) -> Result<(), Error> {
    let mut writer = InsertWriter::new(table);
    for row in rows {
        if let Some(full) = writer.push(row) {
            tx.execute(full.into()).await?;
        }
    }
    if let Some(last) = writer.finish() {
        tx.execute(last.into()).await?;
    }
    Ok(())
}
