//! Backups and restores over HTTP.

use anyhow::Result;
use domain::backup::{BackupId, RestoreId};
use http::Method;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Api, JSON, NO_QUERY, in_brackets, path, read};
use crate::folder;
use crate::wait::Job;

/// A backup as `GET /backups` and `GET /backups/{id}` answer it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Backup {
    pub backup: BackupId,
    pub status: String,
    pub started_at: Option<String>,
    /// The snapshot time: the rows are as they were then.
    pub moment: Option<String>,
    #[serde(default)]
    pub tables: IndexMap<String, BackupTable>,
    /// The time when it was last verified by restoring it.
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
    /// Returns true if the backup is complete and no error of it is known.
    pub(crate) fn is_good(&self) -> bool {
        self.status == "completed" && self.error.is_none()
    }

    /// Returns the backup's name of a table: today's, or an earlier one that the folder of tables
    /// knows.
    pub(crate) fn name_of<'b>(&'b self, table: &'b str) -> Option<&'b str> {
        let is_known = |name: &str| self.tables.contains_key(name);
        let dictionary = folder::dictionary().ok();
        match dictionary.and_then(|dictionary| dictionary.table(table)) {
            Some(table) => table.known_as(is_known),
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
    /// The key after which the next page begins.
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
    /// True while the previous table is kept, so that the restore can be undone.
    pub kept: Option<bool>,
}

/// The body of `POST /restores`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RestoreRequest<'a> {
    pub backup: &'a BackupId,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub tables: &'a [String],
    pub mode: &'static str,
}

impl Job for Backup {
    fn has_ended(&self) -> bool {
        self.status != "running"
    }

    fn progress(&self) -> Option<String> {
        so_far(self.rows())
    }

    fn outcome(&self) -> String {
        let Self { backup: id, status, error, tables, .. } = self;
        let mut line = format!("{id}: {status}");
        if status == "completed" {
            for (name, table) in tables {
                line.push_str(&format!(", {name} {} rows", table.rows.unwrap_or(0)));
            }
            line.push_str(&format!(", {}", size(self.bytes())));
        }
        line + &in_brackets(error.as_deref())
    }
}

impl Job for Restore {
    fn has_ended(&self) -> bool {
        self.status != "running"
    }

    fn progress(&self) -> Option<String> {
        so_far(self.tables.values().filter_map(|table| table.rows_restored).sum())
    }

    fn outcome(&self) -> String {
        let Self { restore: id, status, tables, error } = self;
        let mut line = format!("{id}: {status}");
        if status == "completed" {
            for (name, table) in tables {
                match (table.rows_restored, table.rows_rejected) {
                    (Some(rows), None | Some(0)) => line.push_str(&format!(", {name} {rows} rows")),
                    (Some(rows), Some(rejected)) => {
                        line.push_str(&format!(", {name} {rows} rows and {rejected} rejected"));
                    }
                    (None, _) => {}
                }
            }
        }
        line + &in_brackets(error.as_deref())
    }
}

fn so_far(rows: u64) -> Option<String> {
    (rows > 0).then(|| format!("{rows} rows so far"))
}

/// Returns a number of bytes in the largest unit that leaves it at most four digits.
pub(crate) fn size(bytes: u64) -> String {
    let mut rest = bytes;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if rest < 10_000 {
            return format!("{rest} {unit}");
        }
        rest /= 1000;
    }
    format!("{rest} TB")
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

    /// Returns one backup; `None` if no backup has this id.
    pub(crate) async fn backup(&self, id: &BackupId) -> Result<Option<Backup>> {
        self.find(&path(&["backups", id.as_str()], &NO_QUERY)).await
    }

    /// Returns a page of [`Backups`] as the service sent it: newest first, from the one after
    /// `after` on.
    pub(crate) async fn backups(&self, limit: i64, after: Option<&str>) -> Result<String> {
        let mut query = vec![("limit", limit.to_string())];
        query.extend(after.map(|id| ("after", id.to_owned())));
        self.text(&path(&["backups"], &query), JSON).await
    }

    /// Starts a restore from a backup.
    pub(crate) async fn start_restore(&self, request: &RestoreRequest<'_>) -> Result<RestoreId> {
        #[derive(Deserialize)]
        struct Started {
            restore: RestoreId,
        }
        Ok(self.post::<Started>("/restores", &json!(request)).await?.restore)
    }

    /// Undoes a restore, and returns the id of the undo.
    pub(crate) async fn undo_restore(&self, id: &RestoreId) -> Result<RestoreId> {
        #[derive(Deserialize)]
        struct Started {
            restore: RestoreId,
        }
        let path = path(&["restores", id.as_str(), "undo"], &NO_QUERY);
        let answer = self.send(Method::POST, &path, JSON, None).await?;
        Ok(read::<Started>("POST", &path, &answer)?.restore)
    }

    /// Returns the newest restores.
    pub(crate) async fn newest_restores(&self) -> Result<Vec<Restore>> {
        #[derive(Deserialize)]
        struct Page {
            restores: Vec<Restore>,
        }
        Ok(self.get::<Page>(&path(&["restores"], &NO_QUERY)).await?.restores)
    }

    /// Returns one restore; `None` if the ledger has none of this id.
    pub(crate) async fn restore(&self, id: &RestoreId) -> Result<Option<Restore>> {
        self.find(&path(&["restores", id.as_str()], &NO_QUERY)).await
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
            "tables": {"tags": {"rows": 3, "bytes": 500}, "documents": {"rows": 40, "bytes": 6000}, "collections": {}},
        }))
        .unwrap();
        assert_eq!((backup.rows(), backup.bytes()), (43, 6500));
    }

    #[test]
    fn a_restore_is_asked_for_with_no_more_than_was_said() {
        let backup = BackupId::parse(ID).unwrap();
        let all = RestoreRequest { backup: &backup, tables: &[], mode: "replace" };
        assert_eq!(json!(all), json!({"backup": ID, "mode": "replace"}));
        let one = RestoreRequest { tables: &["tags".to_owned()], ..all };
        assert_eq!(json!(one)["tables"], json!(["tags"]));
    }

    #[test]
    fn a_size_has_at_most_four_digits() {
        let sizes = [0, 9_999, 10_000, 12_345_678, 999_999_999_999, u64::MAX].map(size);
        assert_eq!(
            sizes,
            ["0 bytes", "9999 bytes", "10 kB", "12 MB", "999 GB", "18446744 TB"].map(str::to_owned)
        );
    }

    #[test]
    fn the_outcome_of_a_backup_is_one_line() {
        let outcome = |fields| serde_json::from_value::<Backup>(fields).unwrap().outcome();
        let completed = json!({"backup": ID, "status": "completed", "error": null,
            "tables": {"tags": {"rows": 3, "bytes": 700}, "documents": {"rows": 1000000, "bytes": 21400000}}});
        assert_eq!(
            outcome(completed),
            format!("{ID}: completed, tags 3 rows, documents 1000000 rows, 21 MB")
        );
        let failed = json!({"backup": ID, "status": "failed", "error": "the database is away"});
        assert_eq!(outcome(failed), format!("{ID}: failed (the database is away)"));
    }

    #[test]
    fn the_outcome_of_a_restore_is_one_line() {
        let outcome = |fields| serde_json::from_value::<Restore>(fields).unwrap().outcome();
        let completed = json!({"restore": ID, "status": "completed", "tables": {
            "tags": {"rows_restored": 3, "rows_rejected": 0, "kept": true},
            "documents": {"rows_restored": 10, "rows_rejected": 2, "kept": true},
        }});
        assert_eq!(
            outcome(completed),
            format!("{ID}: completed, tags 3 rows, documents 10 rows and 2 rejected")
        );
        let failed = json!({"restore": ID, "status": "failed", "error": "tags/part-00000.avro is not there"});
        assert_eq!(outcome(failed), format!("{ID}: failed (tags/part-00000.avro is not there)"));
    }
}
