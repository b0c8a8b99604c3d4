//! The checks of a backup: that it can be verified, restored, and the restore undone.

use anyhow::Result;
use domain::backup::{BackupId, RestoreId};
use http::Method;
use serde_json::{Value, json};

use super::cloud::{Cloud, Row, TABLE, call, ensure_sentence, row_path};
use super::report::{Outcome, passed};
use super::rows::id;
use crate::api::{Restore, RestoreRequest};
use crate::wait::Job;

/// The first number of the rows that are made after the backup.
const FIRST: i64 = 40_000;

/// A backup of the table and what it holds, for the checks after it.
#[derive(Debug)]
pub(super) struct Kept {
    backup: BackupId,
    rows: Vec<Row>,
    /// The rows as they were changed after the backup, and the restore that took them away.
    changed: Option<(Vec<Row>, RestoreId)>,
}

/// Backs the table up.
pub(super) async fn backup(cloud: &Cloud, kept: &mut Option<Kept>) -> Result<Outcome> {
    let (rows, _) = cloud.rows(1000).await?;
    let backup = cloud.api.start_backup(&[TABLE.to_owned()]).await?;
    let ended = cloud.ended("backup", backup.as_str(), async || cloud.api.backup(&backup).await).await?;
    ensure_sentence(ended.is_good() && ended.rows() == rows.len() as u64, || {
        format!("The backup must have {} rows; {}", rows.len(), ended.outcome())
    })?;
    let seen = format!("{} rows, {} bytes", ended.rows(), ended.bytes());
    *kept = Some(Kept { backup, rows, changed: None });
    passed(seen)
}

/// Restores the backup without replacing the table.
pub(super) async fn verify(cloud: &Cloud, kept: &Kept) -> Result<Outcome> {
    let rows = restore(cloud, kept, "verify").await?.1;
    cloud.expect_rows(kept.rows.len()).await?;
    let verified = cloud.api.backup(&kept.backup).await?.and_then(|backup| backup.verified_at);
    ensure_sentence(verified.is_some(), || {
        format!("The backup {} does not say that it was verified", kept.backup)
    })?;
    passed(format!("{rows} rows were read back from the files and compared"))
}

/// Changes, deletes and adds rows, and restores the backup.
pub(super) async fn replace(cloud: &Cloud, kept: &mut Kept) -> Result<Outcome> {
    let others = kept.rows.iter().filter_map(id).filter(|id| *id != cloud.base).collect::<Vec<_>>();
    if let [first, second, ..] = others[..] {
        cloud.delete(first).await?;
        let row = json!({"amount": 7, "note": "changed after the backup", "at": cloud.at()});
        call(&cloud.api, Method::PUT, &row_path(second), &[], Some(&row), &[200]).await?;
    }
    let added: Value = (0..3).map(|number| cloud.row(FIRST + number, "added after the backup")).collect();
    cloud.post(&added, &[], &[201]).await?;
    let (changed, _) = cloud.rows(1000).await?;
    let (id, rows) = restore(cloud, kept, "replace").await?;
    kept.changed = Some((changed, id));
    expect(cloud, &kept.rows, "the restore must bring back the rows of the backup").await?;
    passed(format!("{rows} rows, as they were in the backup"))
}

/// Undoes the restore.
pub(super) async fn undo(cloud: &Cloud, changed: &[Row], restore: &RestoreId) -> Result<Outcome> {
    let undo = cloud.api.undo_restore(restore).await?;
    let ended = cloud.ended("undo", undo.as_str(), async || cloud.api.restore(&undo).await).await?;
    ensure_sentence(ended.status == "completed", || ended.outcome())?;
    expect(cloud, changed, "the undo must bring back the rows from before the restore").await?;
    passed(format!("{} rows, as they were before the restore", changed.len()))
}

impl Kept {
    /// Returns the rows that a restore took away, and the restore.
    pub(super) fn changed(&self) -> Option<(&[Row], &RestoreId)> {
        self.changed.as_ref().map(|(rows, restore)| (&**rows, restore))
    }
}

/// Restores the backup; returns the restore's id and the number of its rows.
async fn restore(cloud: &Cloud, kept: &Kept, mode: &'static str) -> Result<(RestoreId, u64)> {
    let request = RestoreRequest { backup: &kept.backup, tables: &[TABLE.to_owned()], mode };
    let id = cloud.api.start_restore(&request).await?;
    let ended: Restore = cloud.ended("restore", id.as_str(), async || cloud.api.restore(&id).await).await?;
    let rows = ended.tables.get(TABLE).and_then(|table| table.rows_restored).unwrap_or_default();
    ensure_sentence(ended.status == "completed" && rows == kept.rows.len() as u64, || {
        format!("{} rows must be restored; {}", kept.rows.len(), ended.outcome())
    })?;
    Ok((id, rows))
}

/// Makes sure that the table has exactly these rows.
async fn expect(cloud: &Cloud, expected: &[Row], what: &str) -> Result<()> {
    let (rows, _) = cloud.rows(1000).await?;
    ensure_sentence(rows == expected, || {
        let same = rows.iter().filter(|row| expected.contains(row)).count();
        format!("Of {} rows {same} are as they must be, of {}: {what}", rows.len(), expected.len())
    })
}
