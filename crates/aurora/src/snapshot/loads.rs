//! Finds the loads that a snapshot contains and an earlier one does not.
//!
//! A load notes its end with the time of the statement that ends it, and is seen from its COMMIT
//! on. So one that ended before a backup's snapshot time may not be in that snapshot: it is among
//! those that were running then, which the backup's manifest lists. And one that ended in the
//! millisecond of the snapshot may be in it: then the manifest lists it as completed. No load is
//! lost between two backups, and none is listed twice, but for more than [`MAX_LOADS`] of them.

use domain::backup::{MAX_LOADS, Manifest, ManifestLoad, ManifestLoads};
use domain::dictionary::Table;
use domain::load::LoadId;

use super::Snapshot;
use crate::ledger::{Only, iso};
use crate::{Error, Statement};

/// Loads of one answer: of the longest keys, half of what an answer can hold.
const PAGE: u32 = 400;

impl Snapshot {
    /// Returns the loads of these tables that are in the snapshot and not in that of the backup
    /// `before`; all of the ledger if that is `None`. Pages are halved `halvings` times.
    ///
    /// # Errors
    ///
    /// Those of a [page](Self::page).
    pub async fn loads(
        &self,
        tables: &[&Table],
        before: Option<&Manifest>,
        halvings: u32,
    ) -> Result<ManifestLoads, Error> {
        if tables.is_empty() {
            return Ok(ManifestLoads::default());
        }
        let of_tables = format!("table_name IN ('{}')", list(tables.iter().map(|table| table.name())));
        let sql = format!(
            "SELECT load_id AS `load` FROM rowgate_loads WHERE status = 'running' AND {of_tables} \
             ORDER BY seq LIMIT {MAX_LOADS}"
        );
        let running = self.read(&Statement::new(sql)).await?;
        let running = running.into_iter().map(|Only(load)| load).collect();
        let from = format!(
            "FROM rowgate_loads WHERE status = 'completed' AND {of_tables}{}",
            before.map(since).unwrap_or_default()
        );
        // MySQL takes no Z behind a time.
        let time = before.map(|before| before.snapshot_time.trim_end_matches('Z'));
        let select = |sql: String| Statement::new(sql).bind_some("time", time);
        let limit = (PAGE >> halvings).max(1);
        let finished_at = iso("finished_at");
        let mut completed: Vec<ManifestLoad> = Vec::new();
        while completed.len() < MAX_LOADS as usize {
            let sql = format!(
                "SELECT load_id AS `load`, table_name AS `table`, object_key AS `key`, mode, rows_loaded, \
                 {finished_at} AS finished_at {from} ORDER BY rowgate_loads.finished_at DESC, seq DESC \
                 LIMIT {limit} OFFSET {}",
                completed.len()
            );
            let page = self.read::<ManifestLoad>(&select(sql)).await?;
            let is_last = page.len() < limit as usize;
            completed.extend(page);
            if is_last {
                break;
            }
        }
        let mut total = None;
        if completed.len() >= MAX_LOADS as usize {
            completed.truncate(MAX_LOADS as usize);
            let count = self.read::<Only<u64>>(&select(format!("SELECT COUNT(*) AS total {from}"))).await?;
            total = count.first().map(|count| count.0).filter(|total| *total > u64::from(MAX_LOADS));
        }
        completed.reverse();
        let since = before.map(|before| before.backup.clone());
        Ok(ManifestLoads { completed: Some(completed), total, since, running })
    }
}

/// Writes the condition that a completed load was not in the snapshot of this backup.
fn since(before: &Manifest) -> String {
    let ManifestLoads { completed, running, .. } = &before.loads;
    let late = "rowgate_loads.finished_at >= CAST(:time AS DATETIME(3))";
    let mut condition = match running.is_empty() {
        true => format!(" AND {late}"),
        false => format!(" AND ({late} OR load_id IN ('{}'))", list(running.iter().map(LoadId::as_str))),
    };
    // Few or none: those that ended in the very millisecond.
    let listed = completed.iter().flatten().filter(|load| load.finished_at >= before.snapshot_time);
    let listed: Vec<&str> = listed.map(|load| load.load.as_str()).collect();
    if !listed.is_empty() {
        condition.push_str(&format!(" AND load_id NOT IN ('{}')", list(listed)));
    }
    condition
}

/// Joins names and ids for a list in SQL text, in which all of them are safe.
fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().collect::<Vec<_>>().join("', '")
}
