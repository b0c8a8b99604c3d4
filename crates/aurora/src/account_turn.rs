//! Whose turn it is to change accounts.
//!
//! Accounts are in a user pool, which has neither transactions nor conditional writes. Whoever changes one holds the lock on
//! the one row of `rowgate_account_lock` meanwhile, so changes are made one after the other, by however many functions.

use serde::Deserialize;

use crate::{Database, Error, Statement, Transaction};

const LOCK: &str = "SELECT id FROM rowgate_account_lock WHERE id = 1 FOR UPDATE";

/// The turn to change accounts, until [`end`](Self::end). Dropped, it ends in the background; if its function is killed,
/// within the three minutes after which the service gives up an idle transaction.
#[derive(Debug)]
pub struct AccountTurn(Transaction);

#[derive(Debug, Deserialize)]
struct Row {
    #[serde(rename = "id")]
    _id: i64,
}

impl AccountTurn {
    /// Waits for its turn, as long as the database's deadline allows.
    ///
    /// # Errors
    /// As [`Database::begin`]; also where others take too long.
    pub async fn take(database: &Database) -> Result<Self, Error> {
        let transaction = database.begin().await?;
        let locked = transaction.query::<Row>(Statement::new(LOCK)).await;
        match locked {
            Ok(_) => Ok(Self(transaction)),
            Err(error) => {
                // Not in the background: a function is frozen once it has answered.
                let _ = transaction.rollback().await;
                Err(error)
            }
        }
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
