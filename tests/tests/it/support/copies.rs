//! Backups and restores, from the request to their end.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::api::Api;
use super::cloud::Cloud;
use super::wait::until;

/// The longest time of a backup or restore, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(90);

impl Cloud {
    /// Backs tables up by an invocation; returns the backup's id and the answer.
    pub(crate) async fn backup(&self, payload: &Value) -> (String, Value) {
        let (answer, failed) = self.invoke("rowgate-backup", payload).await;
        assert!(!failed, "{answer}");
        let id = answer["backup"].as_str().unwrap().to_owned();
        (id, answer)
    }

    /// Restores by an invocation, which must succeed; returns the restore as `GET /restores/{id}`
    /// answers it.
    pub(crate) async fn restore(&self, payload: &Value) -> Value {
        let (answer, failed) = self.invoke("rowgate-restore", payload).await;
        assert!(!failed, "{answer}");
        let restore = self.restored(answer["restore"].as_str().unwrap()).await;
        assert_eq!(restore["status"], "completed", "{restore}");
        restore
    }

    /// Requests a restore that must fail; returns the reason.
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

    /// Returns the keys of a table's files in a backup.
    pub(crate) async fn files(&self, backup: &str, table: &str) -> Vec<String> {
        let found = self.backed_up(backup).await;
        let files = found["manifest"]["tables"][table]["files"].as_array().unwrap().clone();
        files.iter().map(|file| format!("backups/{backup}/{}", file["key"].as_str().unwrap())).collect()
    }

    /// Returns all rows of any table as text, by id.
    pub(crate) async fn rows_of(&self, table: &str) -> BTreeMap<i64, Vec<String>> {
        let rows = self.database.rows(&format!("SELECT * FROM `{table}`")).await.into_iter();
        rows.map(|row| (row[0].parse().unwrap(), row)).collect()
    }

    /// Returns the rows of the previous table of a restore.
    pub(crate) async fn previous_rows(&self, restore: &str, table: &str) -> BTreeMap<i64, Vec<String>> {
        let sql = format!(
            "SELECT previous_table FROM rowgate_job_tables WHERE job_id = '{restore}' AND table_name = '{table}'"
        );
        let name = self.database.rows(&sql).await[0][0].clone();
        self.rows_of(&name).await
    }
}

async fn ended(api: &Api, path: &str) -> Value {
    until(&format!("{path} has ended"), LIMIT, async || {
        let reply = api.get(path).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let found = reply.json();
        if found["status"] == "running" { Err(found) } else { Ok(found) }
    })
    .await
}

/// Returns the body of `POST /restores`.
pub(crate) fn of(backup: &str, tables: &[&str], mode: &str) -> Value {
    json!({"backup": backup, "tables": tables, "mode": mode})
}
