//! Reads tables as they were at one time, page by page, while writes continue.
//!
//! A snapshot is one transaction of the Data API at REPEATABLE READ (snapshot isolation): its first
//! read fixes what all later ones see. It is known by an id, so another invocation can continue it
//! ([`Snapshot::release`], [`Snapshot::resume`]); the service ends it after three idle minutes or
//! 24 hours.
//!
//! After every page the transaction goes back to a savepoint, as
//! `mariadb-dump --single-transaction` does: that releases the page's metadata lock and keeps the
//! snapshot. Otherwise a RENAME (a load or a restore that swaps a table in) or an ALTER TABLE would
//! wait for the whole backup, and every insert behind it. If a table has been altered since, or
//! replaced by one that was made since (MySQL 1412), the snapshot is lost:
//! [`Error::TransactionLost`], take another one. If a table was made before the snapshot and
//! swapped in after it, MySQL returns the rows that it had then without an error: so a reader must
//! call [`Snapshot::check`] after a table.
//!
//! A statement that fails may end the transaction, and the snapshot with it. Pages are made to fit
//! an answer, so that none fails for its size.

mod isolation;
mod loads;
mod pages;
mod sum;
mod swaps;

use domain::dictionary::Table;
use domain::value::Key;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use self::pages::{MAX_HALVINGS, Page, Pages};
pub use self::sum::content_sum;
use self::swaps::Swaps;
use crate::client::{
    NO_SUCH_COLUMN, NO_SUCH_TABLE, Repeat, Texts, TextsBody, in_background, rollback_or_leave,
};
use crate::ledger::pause_before;
use crate::{Database, Error, Statement, swap};

/// The tables of a database as they were at one time.
///
/// Dropped without [`end`](Self::end) or [`release`](Self::release), its transaction is ended in
/// the background.
#[derive(Debug)]
pub struct Snapshot {
    database: Database,
    id: String,
    time: String,
    /// One statement at a time: the service refuses a second one.
    turn: tokio::sync::Mutex<()>,
    /// True if the transaction was released, or has ended.
    released: bool,
}

impl Snapshot {
    /// Takes a snapshot of a migrated database, at a time when none of these tables is being
    /// swapped. Waits for a swap that is under way; settles a swap that was left half done.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where the database would show each page as of another time, or lock
    /// what it reads, because transactions do not run at REPEATABLE READ; any other [`Error`].
    pub async fn take(database: &Database, tables: &[&str]) -> Result<Self, Error> {
        let database = &database.with_deadline(database.deadline());
        loop {
            let snapshot = Self::begin(database).await?;
            let mut swapping = Vec::new();
            for table in tables {
                if snapshot.swaps_then(table).await?.is_under_way() {
                    swapping.push(table);
                }
            }
            if swapping.is_empty() {
                return Ok(snapshot);
            }
            snapshot.end().await;
            for table in swapping {
                swap::recover(database, table).await?;
            }
            pause_before(database.deadline()).await?;
        }
    }

    async fn begin(database: &Database) -> Result<Self, Error> {
        let id = database.send_begin().await?;
        let mut snapshot = Self::resume(database, id, String::new());
        isolation::check(&snapshot.show(isolation::ISOLATION_LEVEL).await?)?;
        // The first read of a table takes the snapshot. This one keeps its metadata lock until the
        // end, since it has to be before the savepoint: so it is a table that is never altered or
        // swapped.
        #[derive(Deserialize)]
        struct Row {
            time: String,
        }
        let sql = "SELECT DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.%f') AS `time`, \
                   (SELECT COUNT(*) FROM rowgate_migrations) AS `migrations`";
        let row = snapshot.rows::<Row>(sql).await?.into_iter().next();
        // DATE_FORMAT knows microseconds alone.
        let time = row.map(|row| row.time).unwrap_or_default();
        snapshot.time = format!("{}Z", time.get(..TIME_CHARS).unwrap_or(&time));
        snapshot.run("SAVEPOINT rowgate_snapshot").await?;
        Ok(snapshot)
    }

    /// Continues a snapshot that was [released](Self::release). Nothing is asked: if the
    /// transaction is gone, the next page is [`Error::TransactionLost`].
    pub fn resume(database: &Database, id: String, time: String) -> Self {
        let database = database.with_deadline(database.deadline());
        Self { database, id, time, turn: tokio::sync::Mutex::default(), released: false }
    }

    /// Returns the service's id of the transaction.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the snapshot time, by the database's clock: `2026-11-21T10:51:28.123Z`.
    pub fn time(&self) -> &str {
        &self.time
    }

    /// Checks that all pages of a table so far are of the table that existed at the snapshot's
    /// time. Must be called when its last page has been read, and before pages are relied upon. It
    /// detects swaps of loads and restores; a `RENAME TABLE` by others is detected only if the
    /// table was made after the snapshot, by the next page.
    ///
    /// # Errors
    ///
    /// [`Error::TransactionLost`] where another one may have taken its place since;
    /// [`Error::OutOfTime`] also where the deadline cut a call off; any other but
    /// [`Error::UnknownOutcome`].
    pub async fn check(&self, table: &str) -> Result<(), Error> {
        match self.compare(table).await {
            Err(error) if error.is_cut_off(self.database.deadline()) => Err(Error::OutOfTime),
            compared => compared,
        }
    }

    async fn compare(&self, table: &str) -> Result<(), Error> {
        let then = self.swaps_then(table).await?;
        let now: Vec<Swaps> = self.database.query(swaps::select(table, &self.time)).await?;
        if then.is_under_way() || now.first() != Some(&then) {
            let message = format!("the table {table} has been swapped since the snapshot was taken");
            return Err(Error::TransactionLost { message });
        }
        Ok(())
    }

    /// Returns the swaps of a table, as of the snapshot's time.
    async fn swaps_then(&self, table: &str) -> Result<Swaps, Error> {
        let swaps = self.read(&swaps::select(table, &self.time)).await?;
        swaps.into_iter().next().ok_or_else(swaps::no_answer)
    }

    /// Returns which columns of the table, in the dictionary's order, take NULL in the database
    /// now, not at the snapshot's time: if the two differ, the table's first page is
    /// [`Error::TransactionLost`].
    ///
    /// # Errors
    ///
    /// See [`nullable`].
    pub async fn nullable(&self, table: &Table) -> Result<Vec<bool>, Error> {
        nullable(&self.database, table.name(), table).await
    }

    /// Reads the rows of a table in the order of its key, those behind `after` or all.
    pub fn pages<'a>(&'a self, table: &'a Table, nullable: &'a [bool], after: Option<Key>) -> Pages<'a> {
        Pages::new(self, table, nullable, after)
    }

    /// Runs a SELECT of one text column. What may pass is tried again within the transaction, until
    /// the deadline.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] where the answer is over the service's limits (1 MiB; 64 KB a row): take
    /// another snapshot and ask for fewer rows. [`Error::TransactionLost`] where the snapshot is
    /// gone, perhaps by an error before this one, or the table has been swapped or altered since.
    /// Any other but [`Error::UnknownOutcome`]; [`Error::Answer`] for a result of another form, a
    /// NULL in it for one.
    pub async fn page(&self, sql: String) -> Result<Texts, Error> {
        self.body(sql).await?.read()
    }

    /// Returns a [`page`](Self::page) that is not parsed yet.
    async fn body(&self, sql: String) -> Result<TextsBody, Error> {
        self.within(self.database.send_texts(&Statement::new(sql), &self.id)).await
    }

    async fn read<T: DeserializeOwned>(&self, select: &Statement) -> Result<Vec<T>, Error> {
        self.within(self.database.send_query(select, Some(&self.id), Repeat::Safe)).await
    }

    /// Reads within the transaction, and releases the metadata locks that this took.
    async fn within<T>(&self, read: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let _turn = self.turn.lock().await;
        let answer = read.await;
        match answer {
            Ok(_) => self.run(TO_SAVEPOINT).await?,
            Err(Error::TransactionLost { .. } | Error::OutOfTime) => {}
            // Either the transaction is gone, or the failed statement may have left its lock.
            Err(_) => drop(self.run(TO_SAVEPOINT).await),
        }
        answer
    }

    /// Returns the id of the transaction, for another invocation to [`resume`](Self::resume). The
    /// service keeps it for three minutes without a statement.
    pub fn release(mut self) -> String {
        self.released = true;
        self.id.clone()
    }

    /// Ends the transaction, in which nothing has been written. If the service does not answer in
    /// time, it ends the transaction by itself after three minutes.
    pub async fn end(mut self) {
        self.released = true;
        rollback_or_leave(&self.database, &self.id).await;
    }

    async fn run(&self, sql: &'static str) -> Result<(), Error> {
        // Twice is as good as once.
        match self.database.send_execute(&Statement::new(sql), Some(&self.id), Repeat::Safe).await {
            // The transaction was rolled back underneath, and the snapshot is gone with it.
            Err(Error::Sql { code: Some(NO_SUCH_SAVEPOINT), message }) => {
                Err(Error::TransactionLost { message })
            }
            answer => answer.map(drop),
        }
    }

    async fn show(&self, sql: &'static str) -> Result<Vec<Vec<String>>, Error> {
        self.database.send_show(&Statement::new(sql), Some(&self.id)).await
    }

    async fn rows<T: DeserializeOwned>(&self, sql: &'static str) -> Result<Vec<T>, Error> {
        self.database.send_query(&Statement::new(sql), Some(&self.id), Repeat::Safe).await
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        if !self.released {
            let (database, id) = (self.database.clone(), self.id.clone());
            in_background(async move { rollback_or_leave(&database, &id).await });
        }
    }
}

/// Releases the metadata locks that were taken since the snapshot.
const TO_SAVEPOINT: &str = "ROLLBACK TO SAVEPOINT rowgate_snapshot";

/// MySQL's ER_SP_DOES_NOT_EXIST, which is also its error for a missing savepoint.
const NO_SUCH_SAVEPOINT: u16 = 1305;

/// `2026-11-21T10:51:28.123`
const TIME_CHARS: usize = 23;

/// Returns for each column of the dictionary's `table`, in its order, if the column of `target`
/// takes NULL in the database.
///
/// # Errors
///
/// An [`Error::is_missing_table`] if there is no such table, an [`Error::is_missing_column`] if it
/// lacks one of the columns; any other but [`Error::UnknownOutcome`].
pub async fn nullable(database: &Database, target: &str, table: &Table) -> Result<Vec<bool>, Error> {
    #[derive(Deserialize)]
    struct Row {
        name: String,
        nullable: String,
    }
    let sql = "SELECT column_name AS `name`, is_nullable AS `nullable` FROM information_schema.columns \
               WHERE table_schema = DATABASE() AND table_name = :table";
    let rows: Vec<Row> = database.query(Statement::new(sql).bind("table", target)).await?;
    if rows.is_empty() {
        return Err(Error::Sql { code: Some(NO_SUCH_TABLE), message: format!("there is no table {target}") });
    }
    let of = |column: &domain::dictionary::Column| {
        let row = rows.iter().find(|row| row.name.eq_ignore_ascii_case(column.name()));
        let missing = || format!("the table {target} has no column {}", column.name());
        row.map(|row| row.nullable == "YES")
            .ok_or_else(|| Error::Sql { code: Some(NO_SUCH_COLUMN), message: missing() })
    };
    table.columns().iter().map(of).collect()
}
