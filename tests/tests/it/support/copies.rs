//! Backups and restores, asked for and waited for.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_lambda::primitives::Blob;
use serde_json::{Value, json};

use super::api::Api;
use super::cloud::Cloud;

/// No backup and no restore of these tests may take longer, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(150);

impl Cloud {
    /// Invokes a function and waits for its answer; whether that is an error.
    pub(crate) async fn invoke(&self, function: &str, payload: &Value) -> (Value, bool) {
        let call = self.lambda.invoke().function_name(function).payload(Blob::new(payload.to_string()));
        let answer = call.send().await.unwrap();
        let value = serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap();
        (value, answer.function_error().is_some())
    }

    /// Backs tables up by an invocation; the backup's id, and its answer.
    pub(crate) async fn backup(&self, payload: &Value) -> (String, Value) {
        let (answer, failed) = self.invoke("rowgate-backup", payload).await;
        assert!(!failed, "{answer}");
        let id = answer["backup"].as_str().unwrap().to_owned();
        (id, answer)
    }

    /// Restores by an invocation, which must succeed; the restore as `GET /restores/{id}` has it.
    pub(crate) async fn restore(&self, payload: &Value) -> Value {
        let (answer, failed) = self.invoke("rowgate-restore", payload).await;
        assert!(!failed, "{answer}");
        let restore = self.restored(answer["restore"].as_str().unwrap()).await;
        assert_eq!(restore["status"], "completed", "{restore}");
        restore
    }

    /// Asks for a restore that must fail; its reason.
    pub(crate) async fn refused_restore(&self, payload: &Value) -> String {
        let (answer, failed) = self.invoke("rowgate-restore", payload).await;
        if failed {
            assert_eq!(answer["errorType"], "RestoreFailed", "{answer}");
            return answer["errorMessage"].as_str().unwrap().to_owned();
        }
        let restore = self.restored(answer["restore"].as_str().unwrap()).await;
        assert_eq!(restore["status"], "failed", "{restore}");
        restore["error"].as_str().unwrap().to_owned()
    }

    /// Waits for the end of a backup.
    pub(crate) async fn backed_up(&self, id: &str) -> Value {
        ended(&self.api, &format!("/backups/{id}")).await
    }

    /// Waits for the end of a restore.
    pub(crate) async fn restored(&self, id: &str) -> Value {
        ended(&self.api, &format!("/restores/{id}")).await
    }

    /// The content of an object.
    pub(crate) async fn get_object(&self, key: &str) -> Vec<u8> {
        let object = self.s3.get_object().bucket(&self.bucket).key(key).send().await.unwrap();
        object.body.collect().await.unwrap().to_vec()
    }

    /// The keys of a table's files in a backup.
    pub(crate) async fn files(&self, backup: &str, table: &str) -> Vec<String> {
        let found = self.backed_up(backup).await;
        let files = found["manifest"]["tables"][table]["files"].as_array().unwrap().clone();
        files.iter().map(|file| format!("backups/{backup}/{}", file["key"].as_str().unwrap())).collect()
    }

    /// All rows of a table, whatever it is called, as text and by id.
    pub(crate) async fn rows_of(&self, table: &str) -> BTreeMap<i64, Vec<String>> {
        let rows = self.database.rows(&format!("SELECT * FROM `{table}`")).await.into_iter();
        rows.map(|row| (row[0].parse().unwrap(), row)).collect()
    }

    /// What a table was before a restore.
    pub(crate) async fn kept(&self, restore: &str, table: &str) -> BTreeMap<i64, Vec<String>> {
        let sql = format!(
            "SELECT kept_table FROM rowgate_restore_tables WHERE restore_id = '{restore}' AND table_name = '{table}'"
        );
        let name = self.database.rows(&sql).await[0][0].clone();
        self.rows_of(&name).await
    }
}

async fn ended(api: &Api, path: &str) -> Value {
    let started = Instant::now();
    loop {
        let reply = api.get(path).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let found = reply.json();
        if found["status"] != "running" {
            return found;
        }
        assert!(started.elapsed() < LIMIT, "{path} has not ended in time: {found}");
        tokio::time::sleep(POLL).await;
    }
}

/// The body of `POST /restores`.
pub(crate) fn of(backup: &str, tables: &[&str], mode: &str) -> Value {
    json!({"backup": backup, "tables": tables, "mode": mode})
}
