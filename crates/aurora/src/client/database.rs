use std::sync::Arc;

use aws_sdk_rdsdata::Client;
use aws_sdk_rdsdata::config::StalledStreamProtectionConfig;
use aws_sdk_rdsdata::config::retry::RetryConfig;
use aws_sdk_rdsdata::config::timeout::TimeoutConfig;
use aws_sdk_rdsdata::types::{Field, RecordsFormatType};
use serde::de::DeserializeOwned;

use super::classify::classify;
use deadline::Deadline;

use super::budget::Budget;
use super::error::{Error, MaybeDatabase, Write};
use super::limits::{CALL_TIMEOUT, CONNECT_TIMEOUT};
use super::retry::{Backoff, Repeat, call};
use super::statement::Statement;
use super::texts::TakeBody;
use super::texts_body::TextsBody;
use super::transaction::{Transaction, Tx};

/// The number of times that a lost transaction is started over. Other retries are bounded by the
/// deadline alone; this one may also be caused by a statement that always ends its own transaction
/// (DDL does).
const MAX_LOST_TRANSACTIONS: u32 = 3;

/// The database, and the secret to log in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The cluster's ARN.
    pub cluster_arn: String,
    /// The ARN of the secret with user name and password.
    pub secret_arn: String,
    /// The database in the cluster.
    pub database: String,
}

impl Target {
    /// Asks `variable` for `ROWGATE_CLUSTER_ARN`, `ROWGATE_SECRET_ARN` and `ROWGATE_DATABASE`.
    ///
    /// # Errors
    /// Those of `variable`.
    pub fn read<E>(variable: impl Fn(&'static str) -> Result<String, E>) -> Result<Self, E> {
        Ok(Self {
            cluster_arn: variable("ROWGATE_CLUSTER_ARN")?,
            secret_arn: variable("ROWGATE_SECRET_ARN")?,
            database: variable("ROWGATE_DATABASE")?,
        })
    }
}

/// The answer to a statement without rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Executed {
    /// Rows inserted, changed or deleted, as the database counts them.
    pub updated: u64,
}

/// The database behind the RDS Data API. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    inner: Arc<Inner>,
    budget: Budget,
}

#[derive(Debug)]
struct Inner {
    client: Client,
    target: Target,
}

impl Database {
    /// A database reached through `client`. The SDK's own retries are switched off: it cannot know
    /// which statements may run twice. Its timeouts are set to what the service needs.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the client given is replaced by one with these settings"
    )]
    pub fn new(client: Client, target: Target) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .operation_attempt_timeout(CALL_TIMEOUT)
            .build();
        let config = client
            .config()
            .to_builder()
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            // A statement may be silent for 45 s; that is not a stalled stream.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let inner = Inner { client: Client::from_conf(config), target };
        Self { inner: Arc::new(inner), budget: Budget::default() }
    }

    /// Returns the same database, for work that has to be over by `deadline`: no try starts after
    /// it, none is waited for longer (a COMMIT that is under way and a ROLLBACK get two seconds
    /// more). Without one, every call chain has [`DEFAULT_BUDGET`](crate::limits::DEFAULT_BUDGET).
    #[must_use]
    pub fn with_deadline(&self, deadline: Deadline) -> Self {
        Self { inner: Arc::clone(&self.inner), budget: Budget::Until(deadline) }
    }

    /// Returns the same database, for work that has to be over by `deadline`, or by the deadline
    /// that it has already if that is earlier.
    #[must_use]
    pub fn within(&self, deadline: Deadline) -> Self {
        self.with_deadline(self.deadline().min(deadline))
    }

    /// Returns until when a call chain that starts now may keep trying.
    pub fn deadline(&self) -> Deadline {
        self.budget.deadline()
    }

    /// Returns which database this is.
    pub fn target(&self) -> &Target {
        &self.inner.target
    }

    /// Runs a write outside a transaction: it commits by itself. It is tried again only where the
    /// failure proves that it did not run, or when it is marked
    /// [`idempotent`](Statement::idempotent).
    ///
    /// # Errors
    ///
    /// Any [`Error`]; [`Error::UnknownOutcome`] when the write may be in all the same.
    pub async fn execute(&self, statement: Statement) -> Result<Executed, Error> {
        let repeat = if statement.is_idempotent() { Repeat::Safe } else { Repeat::Unless(Write::Statement) };
        self.send_execute(&statement, None, self.deadline(), repeat).await
    }

    /// Runs a `SELECT`. Its columns, by their labels, are the fields of `T`. Tried again as long as
    /// there is time.
    ///
    /// The statement must begin with `SELECT`: for any other one (`SHOW`, `WITH`), the service
    /// ignores that its rows are asked for as JSON.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::UnknownOutcome`]; [`Error::Answer`] for a statement that is no
    /// `SELECT`.
    pub async fn query<T: DeserializeOwned>(&self, statement: Statement) -> Result<Vec<T>, Error> {
        self.send_query(&statement, None, self.deadline(), Repeat::Safe).await
    }

    /// Starts a transaction. Nothing of it is in before [`Transaction::commit`]; dropped, it is
    /// rolled back. [`Database::transaction`] is the better way where the work can simply be done
    /// again.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::UnknownOutcome`].
    pub async fn begin(&self) -> Result<Transaction, Error> {
        let deadline = self.deadline();
        let id = self.send_begin(deadline).await?;
        Ok(Transaction::new(self.with_deadline(deadline), id))
    }

    /// Starts a transaction and gives its id.
    pub(crate) async fn send_begin(&self, deadline: Deadline) -> Result<String, Error> {
        let Target { cluster_arn, secret_arn, database } = self.target();
        // A BEGIN whose answer was lost leaves an unused transaction; the service ends it after
        // three minutes.
        call(deadline, Repeat::Safe, || async {
            let request = self.client().begin_transaction();
            let answer = request
                .resource_arn(cluster_arn)
                .secret_arn(secret_arn)
                .database(database)
                .send()
                .await
                .map_err(classify)?;
            answer.transaction_id.ok_or_else(|| Error::Unavailable {
                message: "BEGIN was answered without a transaction id".to_owned(),
                may_have_run: true,
                source: None,
            })
        })
        .await
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
    ///         let sql = "UPDATE departments SET department_name = :name WHERE id = :id";
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
                    if let Err(error) = transaction.rollback().await {
                        // Nothing is committed; only the locks stay until the service ends the
                        // transaction.
                        tracing::warn!(
                            error.class = error.class(),
                            "rollback failed, left to the idle timeout"
                        );
                    }
                    failure
                }
            };
            let Some(error) = failure.database().filter(|error| error.is_retryable()) else {
                return Err(failure);
            };
            let lost = matches!(error, Error::TransactionLost { .. });
            if lost && backoff.tries() >= MAX_LOST_TRANSACTIONS || !backoff.wait(error, deadline).await {
                return Err(failure);
            }
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }

    pub(crate) async fn send_execute(
        &self,
        statement: &Statement,
        transaction: Option<&str>,
        deadline: Deadline,
        repeat: Repeat,
    ) -> Result<Executed, Error> {
        statement.check_size()?;
        let answer = call(deadline, repeat, || async {
            self.request(statement, transaction).send().await.map_err(classify)
        })
        .await?;
        Ok(Executed { updated: u64::try_from(answer.number_of_records_updated).unwrap_or_default() })
    }

    pub(crate) async fn send_query<T: DeserializeOwned>(
        &self,
        statement: &Statement,
        transaction: Option<&str>,
        deadline: Deadline,
        repeat: Repeat,
    ) -> Result<Vec<T>, Error> {
        statement.check_size()?;
        let answer = call(deadline, repeat, || async {
            let request = self.request(statement, transaction).format_records_as(RecordsFormatType::Json);
            request.send().await.map_err(classify)
        })
        .await?;
        let formatted =
            answer.formatted_records.ok_or_else(|| Error::unreadable("rows that are not formatted"))?;
        Ok(serde_json::from_str(&formatted)?)
    }

    /// Runs a statement other than `SELECT` that returns rows of texts (`SHOW …`), in a transaction
    /// or outside of one. It is retried until the deadline. Such rows are not available as JSON.
    pub(crate) async fn send_show(
        &self,
        statement: &Statement,
        transaction: Option<&str>,
    ) -> Result<Vec<Vec<String>>, Error> {
        statement.check_size()?;
        let answer = call(self.deadline(), Repeat::Safe, || async {
            self.request(statement, transaction).send().await.map_err(classify)
        })
        .await?;
        texts(answer.records)
    }

    /// Runs a statement in a transaction that may be run again there, as reads may: it is tried
    /// until the deadline.
    pub(crate) async fn send_repeatable(
        &self,
        statement: &Statement,
        transaction: &str,
    ) -> Result<Executed, Error> {
        self.send_execute(statement, Some(transaction), self.deadline(), Repeat::Safe).await
    }

    /// Runs a read in a transaction: it is tried until the deadline.
    pub(crate) async fn send_repeatable_query<T: DeserializeOwned>(
        &self,
        statement: &Statement,
        transaction: &str,
    ) -> Result<Vec<T>, Error> {
        self.send_query(statement, Some(transaction), self.deadline(), Repeat::Safe).await
    }

    /// Runs a read of one text column in a transaction. It may be run again there: a read that
    /// failed has changed nothing.
    pub(crate) async fn send_texts(
        &self,
        statement: &Statement,
        transaction: &str,
    ) -> Result<TextsBody, Error> {
        statement.check_size()?;
        let body = call(self.deadline(), Repeat::Safe, || async {
            let body = TakeBody::default();
            let request = self.request(statement, Some(transaction)).customize().interceptor(body.clone());
            request.send().await.map_err(classify)?;
            body.read().await
        })
        .await?;
        TextsBody::new(body)
    }

    fn request(
        &self,
        statement: &Statement,
        transaction: Option<&str>,
    ) -> aws_sdk_rdsdata::operation::execute_statement::builders::ExecuteStatementFluentBuilder {
        let Target { cluster_arn, secret_arn, database } = self.target();
        self.client()
            .execute_statement()
            .resource_arn(cluster_arn)
            .secret_arn(secret_arn)
            .database(database)
            .sql(statement.sql())
            .set_parameters(statement.parameters())
            .set_transaction_id(transaction.map(str::to_owned))
            .set_continue_after_timeout(statement.continues_after_timeout().then_some(true))
    }
}

/// Reads records of texts. An answer without records is an error, and not one without rows.
fn texts(records: Option<Vec<Vec<Field>>>) -> Result<Vec<Vec<String>>, Error> {
    let text = |field: Field| match field {
        Field::StringValue(text) => Ok(text),
        _ => Err(Error::unreadable("a field that is no text")),
    };
    let row = |fields: Vec<Field>| fields.into_iter().map(text).collect();
    records.ok_or_else(|| Error::unreadable("no records"))?.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_are_missing_are_an_error_and_not_empty() {
        let field = |text: &str| Field::StringValue(text.to_owned());
        assert_eq!(texts(Some(vec![])).unwrap(), [] as [Vec<String>; 0]);
        assert_eq!(texts(Some(vec![vec![field("a"), field("b")]])).unwrap(), [["a", "b"]]);
        for records in [None, Some(vec![vec![Field::LongValue(1)]])] {
            let error = texts(records).unwrap_err();
            assert!(matches!(error, Error::Answer { .. }), "{error:?}");
        }
    }

    /// Compiling is the test: futures that use the database can be spawned, whatever they borrow.
    #[expect(dead_code, reason = "only compiled")]
    fn work_can_be_spawned(database: Database, name: String) {
        tokio::spawn(async move {
            let name = &name;
            database
                .transaction(|tx| async move {
                    tx.execute(Statement::new("UPDATE t SET a = :a").bind("a", name)).await?;
                    let rows: Vec<serde_json::Value> = tx.query(Statement::new("SELECT a FROM t")).await?;
                    Ok::<_, Error>(rows.len())
                })
                .await
        });
    }
}
