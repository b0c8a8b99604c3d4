//! A deployment whose folder of tables changes: the functions' own programs over a database and a
//! bucket of the test.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use e2e::programs;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Answer, Bucket, Ended, Function, TestDatabase};

/// A key, without which no function that answers requests starts.
const KEYS: &str = r#"[{"id": "operator", "name": "operator", "right": "operate"}]"#;
/// The time limit of an invocation.
const TIME: Duration = Duration::from_secs(120);

pub(crate) type Rows = Vec<Vec<Option<String>>>;

pub(crate) struct Deployment {
    database: TestDatabase,
    bucket: Bucket,
    programs: PathBuf,
    /// The folder of tables, and the functions' log beside it.
    folder: TempDir,
}

impl Deployment {
    /// Deploys a first folder, whose migration creates the table.
    pub(crate) async fn start(dictionary: &str, create: &str) -> Result<Self> {
        let deployment = Self {
            database: TestDatabase::start().await?,
            bucket: Bucket::serve().await?,
            programs: programs(&["migrate", "loader", "backup", "restore"])?,
            folder: tempfile::tempdir()?,
        };
        deployment.change(dictionary, "20260101_create_things", create).await?;
        Ok(deployment)
    }

    /// Deploys the folder with another dictionary and one more migration.
    pub(crate) async fn change(&self, dictionary: &str, migration: &str, sql: &str) -> Result<()> {
        let sql_folder = self.sql_folder();
        let up = sql_folder.join("migrations").join(migration);
        fs::create_dir_all(&up)?;
        fs::write(up.join("up.sql"), sql)?;
        fs::write(sql_folder.join("dictionary.toml"), dictionary)?;
        let answer = self.invoke("migrate", &json!({})).await?;
        let applied = answer["applied"].as_array().and_then(|applied| applied.last());
        ensure!(applied == Some(&json!(migration)), "the migration is not applied: {answer}");
        Ok(())
    }

    /// Drops a file for a table, and returns its load: status, and rows loaded and rejected.
    pub(crate) async fn load(&self, table: &str, file: &str, content: &str) -> Result<String> {
        let key = format!("incoming/{table}/{file}");
        self.bucket.put(&key, content.to_owned());
        let answer = self.invoke("loader", &dropped(&key, content.len())).await?;
        ensure!(answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty), "not taken: {answer}");
        let sql = format!(
            "SELECT CONCAT_WS(' ', status, rows_loaded, rows_rejected, error) FROM rowgate_loads WHERE object_key = '{key}'"
        );
        self.database.value(&sql).await
    }

    /// Backs up all tables, and returns the backup's id.
    pub(crate) async fn back_up(&self) -> Result<String> {
        let answer = self.invoke("backup", &json!({})).await?;
        ensure!(answer["status"] == "completed", "{answer}");
        Ok(answer["backup"].as_str().context("an id")?.to_owned())
    }

    /// Restores a backup, and returns the rows of a table afterwards.
    pub(crate) async fn restore(&self, backup: &str, table: &str) -> Result<Rows> {
        self.restored(&json!({ "backup": backup }), table).await
    }

    /// Restores the files of a backup without a column, and returns the rows of their table.
    pub(crate) async fn restore_without(&self, column: &str, backup: &str, table: &str) -> Result<Rows> {
        let from = format!("backups/{backup}/{table}/");
        self.restored(&json!({ "from": from, "tables": [table], "ignore": [column] }), table).await
    }

    async fn restored(&self, request: &Value, table: &str) -> Result<Rows> {
        let answer = self.invoke("restore", request).await?;
        ensure!(answer["status"] == "completed", "{answer}");
        self.rows(table).await
    }

    /// Asks for a restore that is refused, and returns why.
    pub(crate) async fn refusal(&self, backup: &str) -> Result<String> {
        match self.invoke("restore", &json!({ "backup": backup })).await {
            Ok(answer) => bail!("it is restored: {answer}"),
            Err(error) => Ok(error.to_string()),
        }
    }

    /// Returns the rows of a table.
    pub(crate) async fn rows(&self, table: &str) -> Result<Rows> {
        self.database.sql(&format!("SELECT * FROM {table} ORDER BY id")).await
    }

    /// Invokes a function in a process of its own, which reads the folder as it is now.
    ///
    /// # Errors
    /// If it does not answer with a response; the text is what it answers.
    async fn invoke(&self, program: &str, event: &Value) -> Result<Value> {
        // As deployed: only the migrations run as the admin.
        let target = match program {
            "migrate" => self.database.admin_target(),
            _ => self.database.target(),
        };
        let bucket = self.bucket.url();
        let environment = [
            ("AWS_ENDPOINT_URL_RDS_DATA", self.database.data_api_url()),
            ("AWS_ENDPOINT_URL", bucket.clone()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("ROWGATE_CLUSTER_ARN", target.cluster_arn),
            ("ROWGATE_SECRET_ARN", target.secret_arn),
            ("ROWGATE_DATABASE", target.database),
            ("ROWGATE_BUCKET", "data".to_owned()),
            ("ROWGATE_KEYS", KEYS.to_owned()),
            ("ROWGATE_QUEUE_URL", format!("{bucket}/queue")),
            ("ROWGATE_SQL", self.sql_folder().display().to_string()),
        ];
        let log = self.folder.path().join("log");
        let output = File::options().create(true).append(true).open(&log)?;
        let function = Function::start(&self.programs.join(program), &environment, output).await?;
        match function.invoke(event.to_string(), TIME).await? {
            Ended::Answered(Answer::Response(answer)) => Ok(serde_json::from_str(&answer)?),
            ended => bail!("{program}: {ended:?}: {}", fs::read_to_string(log)?),
        }
    }

    fn sql_folder(&self) -> PathBuf {
        self.folder.path().join("sql")
    }
}

/// Returns the event of the queue's message about a dropped file.
fn dropped(key: &str, bytes: usize) -> Value {
    let dropped = json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
        "eventTime": "2026-01-01T00:00:00.000Z", "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "test"}, "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "test",
            "bucket": {"name": "data", "ownerIdentity": {"principalId": "test"}, "arn": "arn:aws:s3:::data"},
            "object": {"key": key, "size": bytes, "sequencer": "1"},
        },
    }]});
    json!({"Records": [{
        "messageId": "1", "receiptHandle": "1", "body": dropped.to_string(),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
    }]})
}
