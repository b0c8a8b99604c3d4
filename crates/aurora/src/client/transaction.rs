use std::ops::Deref;
use std::sync::Arc;

use deadline::Deadline;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::classify::classify;
use super::database::{Database, Executed, Target};
use super::error::{Error, MaybeDatabase, Write};
use super::limits::FINISH_GRACE;
use super::retry::{Backoff, Repeat, call};
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
        let result = database.send_execute(&statement, Some(id), Repeat::InTransaction).await;
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
        let result = database.send_query(&statement, Some(id), Repeat::InTransaction).await;
        note(&mut state, result)
    }

    /// Sends a statement that resets a setting of the session, even if a statement before it
    /// failed. Its outcome is not reported: the transaction, and the session with it, may be gone.
    pub async fn restore_session(&self, statement: Statement) {
        let _state = self.0.state.lock().await;
        let Shared { database, id, .. } = &*self.0;
        let sent = database.send_execute(&statement, Some(id), Repeat::InTransaction).await;
        if let Err(error) = sent {
            tracing::info!(error.class = error.class(), "the session is left to the service");
        }
    }

    /// Returns the service's id of the transaction, for logs.
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

/// The number of times that a lost transaction is started over. Other retries are bounded by the
/// deadline alone; this one may also be caused by a statement that always ends its own transaction
/// (DDL does). A login that is refused within a transaction counts as well: BEGIN, which waits for
/// a rotation, has succeeded.
const MAX_LOST_TRANSACTIONS: u32 = 3;

impl Database {
    /// Starts a transaction. Nothing of it is in before [`Transaction::commit`]; dropped, it is
    /// rolled back. [`Database::transaction`] is the better way where the work can simply be done
    /// again.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::UnknownOutcome`].
    pub async fn begin(&self) -> Result<Transaction, Error> {
        let database = self.with_deadline(self.deadline());
        let id = database.send_begin().await?;
        Ok(Transaction::new(database, id))
    }

    /// Runs `work` in a transaction and commits it. When the transaction fails in a way that a
    /// retry may solve (a deadlock, a lock wait, a lost transaction, a database that is away), all
    /// of it is rolled back and `work` runs again from its start, until the deadline. So `work`
    /// must not leave anything behind but through the transaction.
    ///
    /// Capture references, so that each run can copy them into its future:
    ///
    /// ```
    /// # use aurora::{Database, Error, Statement};
    /// # async fn rename(database: &Database, id: i64, name: String) -> Result<u64, Error> {
    /// let name = &name;
    /// database
    ///     .transaction(|tx| async move {
    ///         let sql = "UPDATE collections SET collection_name = :name WHERE id = :id";
    ///         let done = tx.execute(Statement::new(sql).bind("name", name).bind("id", id)).await?;
    ///         Ok(done.updated)
    ///     })
    ///     .await
    /// # }
    /// ```
    ///
    /// (An `AsyncFn(&mut Transaction)` would read a little better, but its futures cannot be shown
    /// to be `Send` today, and so neither spawned nor used in an HTTP handler.)
    ///
    /// # Errors
    ///
    /// The error of `work`, after a rollback; or the transaction's own [`Error`], which is
    /// [`Error::UnknownOutcome`] when the answer of the COMMIT was lost: `work` does not run again
    /// then, the caller settles it.
    pub async fn transaction<T, E, F>(&self, work: impl Fn(Tx) -> F) -> Result<T, E>
    where
        E: MaybeDatabase,
        F: Future<Output = Result<T, E>>,
    {
        let deadline = self.deadline();
        let database = self.with_deadline(deadline);
        let mut backoff = Backoff::default();
        loop {
            let transaction = database.begin().await?;
            let failure = match work(transaction.handle()).await {
                Ok(value) => match transaction.commit().await {
                    Ok(()) => return Ok(value),
                    Err(error) => E::from(error),
                },
                Err(failure) => {
                    transaction.rollback().await;
                    failure
                }
            };
            let Some(error) = failure.database().filter(|error| error.is_retryable()) else {
                return Err(failure);
            };
            let lost = matches!(error, Error::TransactionLost { .. } | Error::LoginRefused { .. });
            if lost && backoff.tries() >= MAX_LOST_TRANSACTIONS || !backoff.wait(error, deadline).await {
                return Err(failure);
            }
        }
    }
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

    /// Returns a handle for the statements.
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
                // its locks, which block the caller that settles the outcome or retries. It is
                // ended now, so that later reads are final; a background task would be frozen with
                // the function once the answer is sent.
                if result.is_err() {
                    self.tx.0.rollback_or_leave().await;
                }
                self.finished = true;
                return result;
            }
            Err(error) => error,
        };
        self.rollback().await;
        Err(refusal)
    }

    /// Rolls it back. If the service does not answer in time, only its locks stay until the service
    /// ends it.
    pub async fn rollback(mut self) {
        *self.tx.0.state.lock().await = State::Ended;
        self.finished = true;
        self.tx.0.rollback_or_leave().await;
    }
}

impl Deref for Transaction {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl Shared {
    async fn rollback_or_leave(&self) {
        rollback_or_leave(&self.database, &self.id).await;
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let shared = Arc::clone(&self.tx.0);
        in_background(async move {
            *shared.state.lock().await = State::Ended;
            shared.rollback_or_leave().await;
        });
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

/// Rolls back in the background. Without a runtime it cannot be sent; the service ends the
/// transaction by itself.
pub(crate) fn in_background(rollback: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(rollback);
    }
}

/// Rolls a transaction back, or leaves it to the service, which ends it after three idle minutes.
pub(crate) async fn rollback_or_leave(database: &Database, id: &str) {
    if let Err(error) = rollback(database, id).await {
        tracing::warn!(error.class = error.class(), "rollback failed, left to the idle timeout");
    }
}

/// Rolls a transaction back. That may be repeated, and a transaction that is gone is rolled back.
async fn rollback(database: &Database, id: &str) -> Result<(), Error> {
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
