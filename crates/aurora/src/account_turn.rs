//! Whose turn it is to change accounts.
//!
//! Accounts are in a user pool, which has neither transactions nor conditional writes. Whoever
//! changes one holds the lock on the one row of `rowgate_account_lock` meanwhile, so changes are
//! made one after the other, by however many functions.

use std::time::Duration;

use serde::Deserialize;

use crate::{Database, Deadline, Error, Statement, Transaction};

/// Says at once whether the lock is free. A statement that waits for it could not be taken back:
/// given up by its caller, it would get the lock later, for nobody.
const LOCK: &str = "SELECT id FROM rowgate_account_lock WHERE id = 1 FOR UPDATE SKIP LOCKED";

/// How long to wait before asking again, in milliseconds; at random, so that several do not ask at
/// once. A change takes some hundred.
const WAIT_MS: std::ops::Range<u64> = 50..150;

/// How long to wait for one's turn: some twenty changes. Whoever waits longer asks again, with all
/// of the time that a change may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The turn to change accounts, until [`end`](Self::end). Dropped, it ends in the background; if
/// its function is killed, within the three minutes after which the service gives up an idle
/// transaction.
#[derive(Debug)]
pub struct AccountTurn(Transaction);

#[derive(Debug, Deserialize)]
struct Row {
    #[serde(rename = "id")]
    _id: i64,
}

impl AccountTurn {
    /// Waits for its turn, five seconds at most, and not beyond the database's deadline.
    ///
    /// # Errors
    /// As [`Database::begin`]; also [`Error::OutOfTime`] where others take too long.
    pub async fn take(database: &Database) -> Result<Self, Error> {
        let deadline = database.deadline();
        let transaction = database.with_deadline(deadline).begin().await?;
        // From here on: a database that resumes may take longer than others who change accounts.
        let deadline = deadline.min(Deadline::after(PATIENCE));
        let failure = loop {
            match transaction.query::<Row>(Statement::new(LOCK)).await {
                Ok(rows) if !rows.is_empty() => return Ok(Self(transaction)),
                Ok(_) if deadline.is_over() => break Error::OutOfTime,
                Ok(_) => tokio::time::sleep(Duration::from_millis(fastrand::u64(WAIT_MS))).await,
                Err(error) => break error,
            }
        };
        // Not in the background: a function is frozen once it has answered.
        if let Err(error) = transaction.rollback().await {
            tracing::warn!(error.class = error.class(), "rollback failed, left to the idle timeout");
        }
        Err(failure)
    }

    /// Ends it. What was changed is changed, whatever becomes of the call.
    pub async fn end(self) {
        if let Err(error) = self.0.rollback().await {
            tracing::warn!(
                error.class = error.class(),
                "the turn to change accounts ends by its idle timeout"
            );
        }
    }
}
