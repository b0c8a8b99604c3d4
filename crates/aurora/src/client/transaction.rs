use std::ops::Deref;
use std::sync::Arc;

use deadline::Deadline;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::classify::classify;
use super::database::{Database, Executed, Target};
use super::error::{Error, Write};
use super::limits::FINISH_GRACE;
use super::retry::{Repeat, call};
use super::statement::Statement;

/// The inside of an open transaction: runs statements, cannot end it. A handle, cheap to clone.
///
/// The service runs one statement at a time in a transaction, so calls made at once run one after
/// the other.
#[derive(Debug, Clone)]
pub struct Tx(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    database: Database,
    id: String,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// A statement failed. The service may have ended the transaction for it ("Transaction has been
    /// aborted due to an error from a previous call"), so it can only be rolled back, whatever the
    /// service did.
    Broken(&'static str),
    Ended,
}

impl Tx {
    /// Runs a statement in the transaction. Only a throttled call is tried again here: everything
    /// else that another try may mend needs the transaction from its start
    /// ([`Database::transaction`]).
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::UnknownOutcome`]. After any of them the transaction can only be
    /// rolled back, be it an error of the statement alone, as a duplicate key is: AWS documents
    /// that an error may abort the transaction, but not which errors do.
    pub async fn execute(&self, statement: Statement) -> Result<Executed, Error> {
        let mut state = self.open().await?;
        let Shared { database, id, .. } = &*self.0;
        let result =
            database.send_execute(&statement, Some(id), database.deadline(), Repeat::InTransaction).await;
        note(&mut state, result)
    }

    /// Runs a read in the transaction; see [`Database::query`].
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub async fn query<T: DeserializeOwned>(&self, statement: Statement) -> Result<Vec<T>, Error> {
        let mut state = self.open().await?;
        let Shared { database, id, .. } = &*self.0;
        let result =
            database.send_query(&statement, Some(id), database.deadline(), Repeat::InTransaction).await;
        note(&mut state, result)
    }

    /// Sends a statement that resets a setting of the session, even if a statement before it
    /// failed. Its outcome is not reported: the transaction, and the session with it, may be gone.
    pub async fn restore_session(&self, statement: Statement) {
        let _state = self.0.state.lock().await;
        let Shared { database, id, .. } = &*self.0;
        let sent =
            database.send_execute(&statement, Some(id), database.deadline(), Repeat::InTransaction).await;
        if let Err(error) = sent {
            tracing::info!(error.class = error.class(), "the session is left to the service");
        }
    }

    /// The service's id of the transaction, for logs.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    async fn open(&self) -> Result<tokio::sync::MutexGuard<'_, State>, Error> {
        let state = self.0.state.lock().await;
        let why = match *state {
            State::Open => return Ok(state),
            State::Broken(class) => format!("an earlier statement of it failed ({class})"),
            State::Ended => "it has ended".to_owned(),
        };
        Err(Error::TransactionLost { message: why })
    }
}

fn note<T>(state: &mut State, result: Result<T, Error>) -> Result<T, Error> {
    if let Err(error) = &result {
        *state = State::Broken(error.class());
    }
    result
}

/// An open transaction and the right to end it. Statements run through the [`Tx`] it dereferences
/// to.
///
/// Dropped without [`commit`](Self::commit), it is rolled back in the background.
#[derive(Debug)]
pub struct Transaction {
    tx: Tx,
    finished: bool,
}

impl Transaction {
    pub(crate) fn new(database: Database, id: String) -> Self {
        let shared = Shared { database, id, state: Mutex::new(State::Open) };
        Self { tx: Tx(Arc::new(shared)), finished: false }
    }

    /// A handle for the statements.
    pub fn handle(&self) -> Tx {
        self.tx.clone()
    }

    /// Commits it. When its time is already up, or a statement of it failed, it is rolled back
    /// instead and that is the error.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownOutcome`] when the answer was lost: a read then shows if it is committed,
    /// since the rest of it has been rolled back. After every other error nothing is committed.
    pub async fn commit(mut self) -> Result<(), Error> {
        let deadline = self.tx.0.database.deadline();
        let refusal = match self.tx.open().await {
            Ok(_) if deadline.is_over() => Error::OutOfTime,
            Ok(mut state) => {
                *state = State::Ended;
                drop(state);
                let result = commit(&self.tx.0.database, &self.tx.0.id, deadline).await;
                // If the COMMIT never arrived or did not happen, the transaction may still hold all
                // its locks, which block whoever settles the outcome or retries. It is ended now,
                // so that later reads are final; a background task would be frozen with the
                // function once the answer is sent.
                if result.is_err()
                    && let Err(error) = self.tx.0.rollback().await
                {
                    tracing::warn!(error.class = error.class(), "rollback after a failed commit failed");
                }
                self.finished = true;
                return result;
            }
            Err(error) => error,
        };
        if let Err(error) = self.rollback().await {
            tracing::warn!(error.class = error.class(), "rollback failed, left to the idle timeout");
        }
        Err(refusal)
    }

    /// Rolls it back.
    ///
    /// # Errors
    ///
    /// An [`Error`] if the service does not answer in time. Nothing of the transaction is in
    /// all the same; its locks stay until the service ends it (3 minutes).
    pub async fn rollback(mut self) -> Result<(), Error> {
        *self.tx.0.state.lock().await = State::Ended;
        self.finished = true;
        self.tx.0.rollback().await
    }
}

impl Deref for Transaction {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl Shared {
    async fn rollback(&self) -> Result<(), Error> {
        rollback(&self.database, &self.id).await
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        // Without a runtime it cannot be sent; the service ends the transaction by itself.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let shared = Arc::clone(&self.tx.0);
            runtime.spawn(async move {
                *shared.state.lock().await = State::Ended;
                if let Err(error) = shared.rollback().await {
                    tracing::warn!(error.class = error.class(), "rollback failed, left to the idle timeout");
                }
            });
        }
    }
}

async fn commit(database: &Database, id: &str, deadline: Deadline) -> Result<(), Error> {
    let Target { cluster_arn, secret_arn, .. } = database.target();
    call(deadline, Repeat::Unless(Write::Commit), || async {
        let request = database.client().commit_transaction();
        let sent = request.resource_arn(cluster_arn).secret_arn(secret_arn).transaction_id(id).send().await;
        sent.map(drop).map_err(classify)
    })
    .await
}

/// ROLLBACK may be repeated, and a transaction that is gone is rolled back.
pub(crate) async fn rollback(database: &Database, id: &str) -> Result<(), Error> {
    let Target { cluster_arn, secret_arn, .. } = database.target();
    let deadline = database.deadline().max(Deadline::after(FINISH_GRACE));
    let result = call(deadline, Repeat::Safe, || async {
        let request = database.client().rollback_transaction();
        let sent = request.resource_arn(cluster_arn).secret_arn(secret_arn).transaction_id(id).send().await;
        sent.map(drop).map_err(classify)
    })
    .await;
    match result {
        Err(Error::TransactionLost { .. }) => Ok(()),
        result => result,
    }
}
