//! Backups in the bucket, and what restores find out about them.

use aurora::restores::{Kind, Restore};
use backup::catalogue::{self, Found, Verified};
use bucket::Store;
use domain::backup::{BackupId, Manifest, time_text};
use domain::dictionary::{Dictionary, Table};
use jiff::Timestamp;

use crate::error::RestoreError;

/// Reads a backup's manifest; `None` if the backup is not there or was never completed.
///
/// # Errors
/// [`RestoreError::Damaged`] for a manifest that cannot be used.
pub(crate) async fn manifest<S: Store>(
    store: &S,
    backup: &BackupId,
) -> Result<Option<Manifest>, RestoreError> {
    match catalogue::find(store, backup).await? {
        Some(Found::Manifest(manifest)) => Ok(Some(*manifest)),
        Some(Found::Broken(error)) => Err(RestoreError::Damaged(format!("backup {backup}: {error}"))),
        None => Ok(None),
    }
}

/// Finds the newest backup that was completed with all of these tables, by their current or former
/// names, whatever its verification found.
///
/// # Errors
/// Those of the bucket, and [`RestoreError::Damaged`] if a newer one has an unusable manifest: its
/// tables are unknown, and skipping it would hide the damage.
pub(crate) async fn newest<S: Store>(store: &S, tables: &[&Table]) -> Result<Option<Manifest>, RestoreError> {
    for backup in catalogue::ids(store).await? {
        if let Some(manifest) = manifest(store, &backup).await?
            && catalogue::has_all(&manifest, tables)
        {
            return Ok(Some(manifest));
        }
    }
    Ok(None)
}

/// Notes with a backup what its restore has shown: that it is broken, or, where all of its tables
/// came back, that it is good.
///
/// # Errors
/// Those of the bucket.
pub(crate) async fn note<S: Store>(
    store: &S,
    dictionary: &Dictionary,
    restore: &Restore,
    damage: Option<&str>,
) -> Result<(), RestoreError> {
    let backup = BackupId::parse(&restore.source).filter(|_| restore.kind == Kind::Backup);
    let Some(backup) = backup else { return Ok(()) };
    let is_restored =
        |name: &String| dictionary.table(name).is_some_and(|table| restore.tables.contains_key(table.name()));
    if damage.is_none() {
        let Some(manifest) = manifest(store, &backup).await? else { return Ok(()) };
        if !manifest.tables.keys().all(is_restored) {
            return Ok(());
        }
    }
    let verified = Verified {
        backup,
        verified_at: time_text(Timestamp::now()),
        good: damage.is_none(),
        restore: Some(restore.restore.clone()),
        tables: restore.tables.keys().cloned().collect(),
        error: damage.map(str::to_owned),
    };
    Ok(catalogue::note_verified(store, &verified).await?)
}

/// Returns why there is nothing to restore from.
pub(crate) fn no_backup(source: &str) -> String {
    match BackupId::parse(source) {
        Some(_) => format!("there is no complete backup {source}"),
        None => "there is no good backup that has all of the tables".to_owned(),
    }
}
