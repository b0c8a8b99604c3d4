//! Backups and restores over HTTP.

use anyhow::{Context, Result};
use domain::backup::{BackupId, RestoreId};
use http::Method;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Api, expect_success, path};

/// A backup as `GET /backups` and `GET /backups/{id}` answer it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Backup {
    pub backup: BackupId,
    pub status: String,
    pub started_at: Option<String>,
    /// The moment that the rows are of.
    pub moment: Option<String>,
    #[serde(default)]
    pub tables: IndexMap<String, BackupTable>,
    /// When it was last proved by restoring it.
    pub verified_at: Option<String>,
    pub error: Option<String>,
}

/// One table of a backup; a backup that is still running may know its name alone.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct BackupTable {
    pub rows: Option<u64>,
    pub bytes: Option<u64>,
}

impl Backup {
    /// Whether it has come to its end, good or bad.
    pub(crate) fn has_ended(&self) -> bool {
        self.status != "running"
    }

    /// Whether it is complete and nothing bad is known of it.
    pub(crate) fn is_good(&self) -> bool {
        self.status == "completed" && self.error.is_none()
    }

    /// What the backup calls a table: as it is called here, or as the dictionary says that it was called once.
    pub(crate) fn name_of<'b>(&'b self, table: &'b str) -> Option<&'b str> {
        let is_known = |name: &str| self.tables.contains_key(name);
        let dictionary = domain::shipped::dictionary().ok();
        match dictionary.and_then(|dictionary| dictionary.table(table)) {
            Some(table) => table.known_as(is_known),
            // The service may have another dictionary.
            None => Some(table).filter(|table| is_known(table)),
        }
    }

    pub(crate) fn rows(&self) -> u64 {
        self.tables.values().filter_map(|table| table.rows).sum()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.tables.values().filter_map(|table| table.bytes).sum()
    }
}

/// One page of backups, newest first.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Backups {
    pub backups: Vec<Backup>,
    /// What the next page comes after.
    pub next: Option<String>,
}

/// A restore as `GET /restores/{id}` answers it, and as the function does.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Restore {
    pub restore: RestoreId,
    pub status: String,
    #[serde(default)]
    pub tables: IndexMap<String, RestoreTable>,
    #[serde(default)]
    pub error: Option<String>,
}

/// One table of a restore.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct RestoreTable {
    pub rows_restored: Option<u64>,
    pub rows_rejected: Option<u64>,
    /// Whether the table as it was before is there to be put back.
    pub kept: Option<bool>,
}

impl Restore {
    /// Whether it has come to its end, good or bad.
    pub(crate) fn has_ended(&self) -> bool {
        self.status != "running"
    }
}

/// The body of `POST /restores`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RestoreRequest<'a> {
    pub backup: &'a BackupId,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub tables: &'a [String],
    pub mode: &'static str,
}

impl Api {
    /// Starts a backup of these tables, or of all where none are named.
    pub(crate) async fn start_backup(&self, tables: &[String]) -> Result<BackupId> {
        #[derive(Deserialize)]
        struct Started {
            backup: BackupId,
        }
        let body = if tables.is_empty() { json!({}) } else { json!({ "tables": tables }) };
        Ok(self.post::<Started>("/backups", &body).await?.backup)
    }

    /// One backup; `None` where there is none of this id.
    pub(crate) async fn backup(&self, id: &BackupId) -> Result<Option<Backup>> {
        self.find(&["backups", id.as_str()]).await
    }

    /// Backups, newest first, from the one after `after` on, in the service's own text.
    pub(crate) async fn backups_text(&self, limit: i64, after: Option<&str>) -> Result<String> {
        let mut query = vec![("limit".to_owned(), limit.to_string())];
        query.extend(after.map(|id| ("after".to_owned(), id.to_owned())));
        let answer = self.send(Method::GET, &path(&["backups"], &query), "application/json", None).await?;
        Ok(expect_success(&answer)?.text())
    }

    pub(crate) async fn backups(&self, limit: i64, after: Option<&str>) -> Result<Backups> {
        serde_json::from_str(&self.backups_text(limit, after).await?).context("reading the list of backups")
    }

    /// Starts a restore from a backup.
    pub(crate) async fn start_restore(&self, request: &RestoreRequest<'_>) -> Result<RestoreId> {
        #[derive(Deserialize)]
        struct Started {
            restore: RestoreId,
        }
        Ok(self.post::<Started>("/restores", &json!(request)).await?.restore)
    }

    /// One restore; `None` where the ledger has none of this id.
    pub(crate) async fn restore(&self, id: &RestoreId) -> Result<Option<Restore>> {
        self.find(&["restores", id.as_str()]).await
    }

    async fn post<T: for<'de> Deserialize<'de>>(&self, path: &str, body: &Value) -> Result<T> {
        let body = serde_json::to_vec(body)?;
        let answer = self.send(Method::POST, path, "application/json", Some(&body)).await?;
        serde_json::from_slice(&expect_success(&answer)?.body)
            .with_context(|| format!("reading the answer to POST {path}"))
    }

    async fn find<T: for<'de> Deserialize<'de>>(&self, segments: &[&str]) -> Result<Option<T>> {
        let path = path(segments, &[]);
        let answer = self.send(Method::GET, &path, "application/json", None).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        let found = serde_json::from_slice(&expect_success(&answer)?.body);
        found.map(Some).with_context(|| format!("reading the answer to GET {path}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "20261121-020000-0000001f";

    #[test]
    fn a_backup_is_good_when_it_is_complete_and_nothing_is_known_against_it() {
        let of = |status: &str, error: Option<&str>| -> Backup {
            serde_json::from_value(json!({"backup": ID, "status": status, "error": error})).unwrap()
        };
        assert!(of("completed", None).is_good());
        assert!(!of("completed", Some("a file is damaged")).is_good());
        assert!(!of("running", None).is_good() && !of("failed", None).is_good());
        assert!(!of("running", None).has_ended() && of("failed", None).has_ended());
    }

    #[test]
    fn a_backup_tells_rows_and_bytes_of_all_its_tables() {
        let backup: Backup = serde_json::from_value(json!({
            "backup": ID, "status": "completed", "started_at": "2026-11-21T02:00:00.000Z", "finished_at": null,
            "moment": null, "verified_at": null, "error": null,
            "tables": {"jobs": {"rows": 3, "bytes": 500}, "employees": {"rows": 40, "bytes": 6000}, "departments": {}},
        }))
        .unwrap();
        assert_eq!((backup.rows(), backup.bytes()), (43, 6500));
    }

    #[test]
    fn a_restore_is_asked_for_with_no_more_than_was_said() {
        let backup = BackupId::parse(ID).unwrap();
        let all = RestoreRequest { backup: &backup, tables: &[], mode: "replace" };
        assert_eq!(json!(all), json!({"backup": ID, "mode": "replace"}));
        let one = RestoreRequest { tables: &["jobs".to_owned()], ..all };
        assert_eq!(json!(one)["tables"], json!(["jobs"]));
    }
}
