//! Loads over HTTP.

use anyhow::Result;
use domain::load::LoadId;
use serde::Deserialize;

use super::{Api, in_brackets, path};
use crate::wait::Job;

/// A load as `GET /loads` and `GET /loads/{id}` answer it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Load {
    pub load: String,
    pub key: String,
    pub status: String,
    pub rows_read: Option<u64>,
    pub rows_loaded: Option<u64>,
    pub rows_rejected: Option<u64>,
    pub unknown_references: Option<u64>,
    /// How many times a function began or resumed it.
    #[serde(default)]
    pub attempts: u64,
    pub error: Option<String>,
    /// Notes on what was left out, or looked odd.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Rejects files, at most as many as one answer has.
    #[serde(default)]
    pub rejects: Vec<RejectsFile>,
    /// The number of rejects files in all.
    #[serde(default)]
    pub rejects_files: u64,
    /// The key of the file that the next ones come after, if there are more.
    #[serde(default)]
    pub rejects_next: Option<String>,
}

/// A file of rejected records.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RejectsFile {
    pub key: String,
    pub rows: u64,
    /// A link to the file that lives for some minutes.
    pub url: String,
}

impl Job for Load {
    fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "failed" | "skipped")
    }

    fn progress(&self) -> Option<String> {
        Some(format!("{} rows read", self.rows_read.unwrap_or(0)))
    }

    fn outcome(&self) -> String {
        let Self { key, status, rows_read, rows_loaded, rows_rejected, unknown_references, error, .. } = self;
        let mut line = format!("{key}: {status}");
        if status == "completed" {
            let [read, loaded, rejected] =
                [rows_read, rows_loaded, rows_rejected].map(|rows| rows.unwrap_or(0));
            line.push_str(&format!(", {read} rows read, {loaded} loaded, {rejected} rejected"));
            if let Some(unknown @ 1..) = unknown_references {
                line.push_str(&format!(", {unknown} unknown references"));
            }
        }
        line + &in_brackets(error.as_deref())
    }
}

impl Api {
    /// Returns one load, with its rejects files from the one after `rejects_after` on; `None` if
    /// the ledger has no such load.
    pub(crate) async fn load(&self, id: &LoadId, rejects_after: Option<&str>) -> Result<Option<Load>> {
        let query: Vec<_> = rejects_after.map(|key| ("rejects_after", key)).into_iter().collect();
        self.find(&path(&["loads", id.as_str()], &query)).await
    }

    /// Returns the newest load of a key.
    pub(crate) async fn newest_load(&self, key: &str) -> Result<Option<Load>> {
        #[derive(Deserialize)]
        struct Page {
            loads: Vec<Load>,
        }
        let page: Page = self.get(&path(&["loads"], &[("key", key), ("limit", "1")])).await?;
        Ok(page.loads.into_iter().next())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_outcome_is_one_line() {
        let outcome = |fields| serde_json::from_value::<Load>(fields).unwrap().outcome();
        let completed = json!({
            "load": "l", "key": "incoming/tags/tags.csv", "status": "completed",
            "rows_read": 10, "rows_loaded": 8, "rows_rejected": 2, "unknown_references": 1, "error": null
        });
        assert_eq!(
            outcome(completed),
            "incoming/tags/tags.csv: completed, 10 rows read, 8 loaded, 2 rejected, 1 unknown references"
        );
        let skipped = json!({
            "load": "l", "key": "incoming/tags/tags.csv", "status": "skipped", "error": "the same bytes as load 1"
        });
        assert_eq!(outcome(skipped), "incoming/tags/tags.csv: skipped (the same bytes as load 1)");
    }
}
