//! The oracle of backups: what the bucket must hold.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use sha2::{Digest, Sha256};
use testkit::Bucket;
use testkit::hr::tables;

use super::avro;
use super::tables::{Tables, checksum, names};
use super::writer::{self, FIRST, Fate, Written};
use crate::rows::{Rows, same};

/// Returns the backups that have a manifest.
pub(super) fn completed(bucket: &Bucket) -> Vec<String> {
    let keys = bucket.keys("backups/");
    keys.iter()
        .filter_map(|key| key.strip_prefix("backups/")?.strip_suffix("/manifest.json"))
        .map(str::to_owned)
        .collect()
}

/// Reads a backup that has a manifest, and checks every figure of the manifest against the files,
/// byte by byte.
pub(super) fn read(bucket: &Bucket, backup: &str, codec: &str) -> Result<Tables> {
    let folder = format!("backups/{backup}/");
    let manifest = bucket.get(&format!("{folder}manifest.json")).context("no manifest")?;
    let manifest: Value = serde_json::from_slice(&manifest)?;
    ensure!(manifest["backup"] == backup && manifest["codec"] == codec, "another backup: {manifest}");
    let listed = manifest["tables"].as_object().context("tables")?;
    ensure!(listed.keys().collect::<Vec<_>>() == tables(), "the tables are {:?}", listed.keys());
    let mut found = Tables::new();
    for table in tables() {
        let listed = &manifest["tables"][table];
        ensure!(listed["columns"] == serde_json::json!(names(table)), "{table}: {}", listed["columns"]);
        let mut rows = Rows::new();
        let (mut bytes, mut counted) = (0, 0);
        for file in listed["files"].as_array().context("files")? {
            let key = file["key"].as_str().context("a key")?;
            let content =
                bucket.get(&format!("{folder}{key}")).with_context(|| format!("{key} is missing"))?;
            let digest: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
            ensure!(file["sha256"] == digest.as_str(), "{key} is not what the manifest says");
            ensure!(file["bytes"] == content.len(), "{key} has {} bytes: {file}", content.len());
            let count = avro::read(table, &content, &mut rows).with_context(|| key.to_owned())?;
            ensure!(file["rows"] == count, "{key} has {count} rows: {file}");
            (bytes, counted) = (bytes + content.len(), counted + count);
        }
        ensure!(listed["rows"] == counted && listed["bytes"] == bytes, "{table} does not add up: {listed}");
        ensure!(listed["checksum"] == checksum(table, &rows), "{table} has another checksum: {listed}");
        found.insert(table, rows);
    }
    Ok(found)
}

/// Checks that a backup is a consistent snapshot: the rows that were there before, and of what was
/// written meanwhile everything up to some transaction, at least what was committed when the backup
/// began.
pub(super) fn is_snapshot(
    backup: &Tables,
    before: &Tables,
    written: &Written,
    floor: &Written,
) -> Result<()> {
    let mut halves = BTreeMap::new();
    for table in tables() {
        let mut rows = backup[table].clone();
        let beside = rows.split_off(&FIRST);
        same(&rows, &before[table]).with_context(|| format!("{table} in the backup"))?;
        ensure!(
            beside.iter().all(|(id, cells)| *cells == writer::cells(table, *id)),
            "{table}: a row that nobody wrote"
        );
        halves.insert(table, beside.into_keys().collect::<BTreeSet<i64>>());
    }
    let found = &halves["employees"];
    ensure!(halves.values().all(|ids| ids == found), "half of a transaction: {halves:?}");
    let last = found.last().copied().unwrap_or_default();
    for (id, fate) in written {
        let must = *id <= last && *fate == Fate::Committed;
        ensure!(!must || found.contains(id), "{last} is in the backup and {id}, committed before it, is not");
    }
    let is_known = |id: &i64| written.iter().any(|(known, _)| known == id);
    ensure!(found.iter().all(is_known), "rows of transactions that were never committed");
    if let Some((id, _)) = floor.iter().rfind(|(_, fate)| *fate == Fate::Committed) {
        ensure!(found.contains(id), "{id} was committed before the backup began");
    }
    Ok(())
}

/// Counts the backups without a manifest, and checks that none of them is listed as complete.
pub(super) fn interrupted(bucket: &Bucket) -> Result<u64> {
    let completed = completed(bucket);
    let keys = bucket.keys("backups/");
    let all: BTreeSet<&str> =
        keys.iter().filter_map(|key| Some(key.strip_prefix("backups/")?.split_once('/')?.0)).collect();
    let mut count = 0;
    for backup in all.into_iter().filter(|backup| !completed.iter().any(|known| known == backup)) {
        count += 1;
        // This is what a list of backups shows.
        let state =
            bucket.get(&format!("backups/{backup}/state.json")).context("a backup without a state")?;
        let state: Value = serde_json::from_slice(&state)?;
        ensure!(
            state["backup"] == backup && (state["status"] == "running" || state["status"] == "failed"),
            "a backup without a manifest: {state}"
        );
    }
    Ok(count)
}
