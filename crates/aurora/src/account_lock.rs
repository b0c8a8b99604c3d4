//! Serialises changes of accounts.
//!
//! Accounts are in a user pool, which has neither transactions nor conditional writes. Each change
//! holds the lock on the one row of `rowgate_account_lock`, so changes are made one after the
//! other, by any number of functions.

use std::time::Duration;

use serde::Deserialize;

use crate::{Database, Deadline, Error, Statement, Transaction};

/// Reports at once whether the lock is free. A statement that waits for the lock could not be
/// withdrawn: if its caller timed out, it would acquire the lock later, for nobody.
const LOCK: &str = "SELECT id FROM rowgate_account_lock WHERE id = 1 FOR UPDATE SKIP LOCKED";

/// The pause before the next attempt, in milliseconds; random, so that several callers do not retry
/// at the same time. A change takes some hundred.
const WAIT_MS: std::ops::Range<u64> = 50..150;

/// The longest wait for the lock: some twenty changes. A caller that has waited longer tries again,
/// with the whole time that a change may take.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// The exclusive lock on accounts, until [`release`](Self::release). If it is dropped, it ends in
/// the background; if its function is killed, it ends within the three minutes after which the
/// service ends an idle transaction.
#[derive(Debug)]
pub struct AccountLock(Transaction);

#[derive(Debug, Deserialize)]
struct Row {
    #[serde(rename = "id")]
    _id: i64,
}

impl AccountLock {
    /// Waits for the lock, five seconds at most, and not beyond the database's deadline.
    ///
    /// # Errors
    /// As [`Database::begin`]; also [`Error::OutOfTime`] where others take too long.
    pub async fn take(database: &Database) -> Result<Self, Error> {
        let deadline = database.deadline();
        let transaction = database.with_deadline(deadline).begin().await?;
        // From here on: a database that resumes may take longer than others who change accounts.
        let deadline = deadline.min(Deadline::after(MAX_WAIT));
        let failure = loop {
            match transaction.query::<Row>(Statement::new(LOCK)).await {
                Ok(rows) if !rows.is_empty() => return Ok(Self(transaction)),
                Ok(_) if deadline.is_over() => break Error::OutOfTime,
                Ok(_) => tokio::time::sleep(Duration::from_millis(fastrand::u64(WAIT_MS))).await,
                Err(error) => break error,
            }
        };
        // Not in the background: a function is frozen once it has answered.
        transaction.rollback().await;
        Err(failure)
    }

    /// Releases the lock. The change is made, even if this call fails.
    pub async fn release(self) {
        self.0.rollback().await;
    }
}
