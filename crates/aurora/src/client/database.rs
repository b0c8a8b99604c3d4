use std::sync::Arc;

use aws_sdk_rdsdata::Client;
use aws_sdk_rdsdata::config::StalledStreamProtectionConfig;
use aws_sdk_rdsdata::config::retry::RetryConfig;
use aws_sdk_rdsdata::config::timeout::TimeoutConfig;
use aws_sdk_rdsdata::operation::execute_statement::ExecuteStatementOutput;
use aws_sdk_rdsdata::operation::execute_statement::builders::ExecuteStatementFluentBuilder;
use aws_sdk_rdsdata::types::{Field, RecordsFormatType};
use deadline::Deadline;
use serde::de::DeserializeOwned;

use super::budget::Budget;
use super::classify::classify;
use super::error::{Error, Write};
use super::limits::{CALL_TIMEOUT, CONNECT_TIMEOUT};
use super::retry::{Repeat, call};
use super::statement::Statement;
use super::texts::TakeBody;
use super::texts_body::TextsBody;

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
    /// Creates a database that is reached through `client`. The SDK's own retries are switched off:
    /// it cannot know which statements may run twice. Its timeouts are set to what the service
    /// needs.
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
    /// more). Without one, every call chain has 21 s.
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
        self.send_execute(&statement, None, repeat).await
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
        self.send_query(&statement, None, Repeat::Safe).await
    }

    /// Starts a transaction and gives its id.
    pub(crate) async fn send_begin(&self) -> Result<String, Error> {
        let Target { cluster_arn, secret_arn, database } = self.target();
        // A BEGIN whose answer was lost leaves an unused transaction; the service ends it after
        // three minutes.
        call(self.deadline(), Repeat::Safe, || async {
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

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }

    pub(crate) async fn send_execute(
        &self,
        statement: &Statement,
        transaction: Option<&str>,
        repeat: Repeat,
    ) -> Result<Executed, Error> {
        let answer = self.send(statement, transaction, repeat, None).await?;
        Ok(Executed { updated: u64::try_from(answer.number_of_records_updated).unwrap_or_default() })
    }

    pub(crate) async fn send_query<T: DeserializeOwned>(
        &self,
        statement: &Statement,
        transaction: Option<&str>,
        repeat: Repeat,
    ) -> Result<Vec<T>, Error> {
        let answer = self.send(statement, transaction, repeat, Some(RecordsFormatType::Json)).await?;
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
        texts(self.send(statement, transaction, Repeat::Safe, None).await?.records)
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

    async fn send(
        &self,
        statement: &Statement,
        transaction: Option<&str>,
        repeat: Repeat,
        format: Option<RecordsFormatType>,
    ) -> Result<ExecuteStatementOutput, Error> {
        statement.check_size()?;
        call(self.deadline(), repeat, || async {
            let request = self.request(statement, transaction).set_format_records_as(format.clone());
            request.send().await.map_err(classify)
        })
        .await
    }

    fn request(&self, statement: &Statement, transaction: Option<&str>) -> ExecuteStatementFluentBuilder {
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
