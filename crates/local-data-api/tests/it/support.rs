//! A database, a server in front of it, and ways to talk to both.

use std::time::{Duration, Instant};

use aws_sdk_rdsdata::Client;
use aws_sdk_rdsdata::config::retry::RetryConfig;
use aws_sdk_rdsdata::config::{BehaviorVersion, Region};
use aws_sdk_rdsdata::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rdsdata::operation::execute_statement::ExecuteStatementOutput;
use aws_sdk_rdsdata::operation::execute_statement::builders::ExecuteStatementFluentBuilder;
use aws_sdk_rdsdata::types::{Field, SqlParameter, TypeHint};
use aws_smithy_http_client::Builder as HttpBuilder;
use local_data_api::{Config, Credentials, Server, Upstream};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, OptsBuilder};
use testkit::DatabaseServer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

pub(crate) const CLUSTER: &str = "arn:aws:rds:us-east-1:000000000000:cluster:local";
pub(crate) const SECRET: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:local-AbCdEf";

/// A fresh database with a server in front of it.
pub(crate) struct Harness {
    pub(crate) server: Server,
    pub(crate) client: Client,
    pub(crate) database: String,
    pub(crate) database_server: DatabaseServer,
}

/// An error answer as a client sees it.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) code: String,
    pub(crate) status: u16,
    pub(crate) message: String,
}

impl<E: ProvideErrorMetadata + std::fmt::Debug> From<SdkError<E>> for Failed {
    fn from(error: SdkError<E>) -> Self {
        Self {
            code: error.code().unwrap_or_default().to_owned(),
            status: error.raw_response().map_or(0, |response| response.status().as_u16()),
            message: error.message().unwrap_or_default().to_owned(),
        }
    }
}

pub(crate) type Outcome = Result<ExecuteStatementOutput, Failed>;

impl Harness {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server whose configuration `change` may adapt.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let database_server = DatabaseServer::shared_or_new().expect("a database server");
        let mut config = Config::new(
            Upstream::Socket(database_server.socket().to_owned()),
            Credentials::fixed("root", ""),
        );
        change(&mut config);
        let server = Server::bind(config).await.expect("a free port");
        let database = format!("lda_{}_{}", std::process::id(), fastrand::u32(..));
        let harness = Self { client: client(&server), server, database, database_server };
        harness.sql(&format!("CREATE DATABASE {} CHARACTER SET utf8mb4", harness.database)).await;
        harness
    }

    /// A statement that the test still adapts.
    pub(crate) fn statement(&self, sql: &str) -> ExecuteStatementFluentBuilder {
        self.client
            .execute_statement()
            .resource_arn(CLUSTER)
            .secret_arn(SECRET)
            .database(&self.database)
            .sql(sql)
    }

    pub(crate) async fn execute(&self, sql: &str) -> Outcome {
        send(self.statement(sql)).await
    }

    pub(crate) async fn execute_in(&self, transaction: &str, sql: &str) -> Outcome {
        send(self.statement(sql).transaction_id(transaction)).await
    }

    /// The only row of a query.
    pub(crate) async fn row(&self, sql: &str) -> Vec<Field> {
        let mut records = self.execute(sql).await.expect(sql).records.expect("records");
        assert_eq!(records.len(), 1, "{sql}");
        records.remove(0)
    }

    pub(crate) async fn begin(&self) -> String {
        let begun = self
            .client
            .begin_transaction()
            .resource_arn(CLUSTER)
            .secret_arn(SECRET)
            .database(&self.database)
            .send()
            .await
            .expect("a transaction");
        begun.transaction_id.expect("its id")
    }

    pub(crate) async fn commit(&self, transaction: &str) -> Result<String, Failed> {
        let call = self.client.commit_transaction().resource_arn(CLUSTER).secret_arn(SECRET);
        Ok(call.transaction_id(transaction).send().await?.transaction_status.unwrap_or_default())
    }

    pub(crate) async fn rollback(&self, transaction: &str) -> Result<String, Failed> {
        let call = self.client.rollback_transaction().resource_arn(CLUSTER).secret_arn(SECRET);
        Ok(call.transaction_id(transaction).send().await?.transaction_status.unwrap_or_default())
    }

    /// A connection that does not go through the server.
    pub(crate) async fn direct(&self) -> Conn {
        let opts = OptsBuilder::default()
            .user(Some("root"))
            .socket(Some(self.database_server.socket().to_string_lossy()));
        Conn::new(opts).await.expect("the database")
    }

    /// Runs a statement past the server and gives the first column of its rows.
    pub(crate) async fn sql(&self, sql: &str) -> Vec<String> {
        let mut conn = self.direct().await;
        let rows: Vec<mysql_async::Row> = conn.query(sql).await.expect(sql);
        let _ = conn.disconnect().await;
        rows.into_iter().map(|row| row.get::<String, _>(0).unwrap_or_default()).collect()
    }

    pub(crate) async fn count(&self, table: &str) -> u32 {
        let rows = self.sql(&format!("SELECT COUNT(*) FROM {}.{table}", self.database)).await;
        rows[0].parse().expect("a count")
    }

    /// A bare HTTP request; the answer's status line and headers, and its body. Empty if the server
    /// hung up.
    pub(crate) async fn http(&self, method: &str, path: &str, body: &[u8]) -> (String, String) {
        let mut stream = tokio::net::TcpStream::connect(self.server.addr()).await.expect("the server");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("a request");
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).expect("UTF-8");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        (head.to_owned(), body.to_owned())
    }

    /// A bare `POST` with the ARNs filled in.
    pub(crate) async fn post(&self, path: &str, mut members: serde_json::Value) -> (String, String) {
        members["resourceArn"] = CLUSTER.into();
        members["secretArn"] = SECRET.into();
        self.http("POST", path, members.to_string().as_bytes()).await
    }
}

pub(crate) fn client(server: &Server) -> Client {
    let config = aws_sdk_rdsdata::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(server.url())
        .http_client(HttpBuilder::new().build_http())
        .credentials_provider(aws_credential_types::Credentials::new("a", "b", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

pub(crate) async fn send(statement: ExecuteStatementFluentBuilder) -> Outcome {
    Ok(statement.send().await?)
}

/// A named parameter.
pub(crate) fn param(name: &str, value: Field) -> SqlParameter {
    SqlParameter::builder().name(name).value(value).build()
}

/// A named parameter with a type hint.
pub(crate) fn hinted(name: &str, hint: TypeHint, value: &str) -> SqlParameter {
    SqlParameter::builder().name(name).type_hint(hint).value(text(value)).build()
}

pub(crate) fn text(value: &str) -> Field {
    Field::StringValue(value.to_owned())
}

/// Waits until `done` holds, at most fifteen seconds.
pub(crate) async fn eventually(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(15);
    while !done().await {
        assert!(Instant::now() < deadline, "not within 15 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
