//! Removes what runs leave: rows, dropped files, rejects files and backups.
//!
//! The ledgers keep their record of loads, restores, rejected rows and idempotency keys as of any
//! other; what is old is removed from them as from any other.

use anyhow::{Error, Result};
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use domain::backup::BackupId;
use domain::dictionary::LoadMode;
use domain::load::{INCOMING, LoadId};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use super::cloud::{Cloud, FIRST_PAUSE, LAST_PAUSE, TABLE, get};
use super::report::{Outcome, passed};
use super::rows::id;
use crate::api::{Backups, path};
use crate::exit::{refused, user_error};
use crate::wait::{Job, growing, poll};

/// Objects that S3 deletes in one request.
const BATCH: usize = 1000;
/// Calls at once: below the limit of the operator's key.
const CALLS: usize = 8;
/// Backups that are looked at, newest first.
const BACKUPS: i64 = 100;

/// What was removed.
#[derive(Debug, Default)]
pub(super) struct Removed {
    pub rows: usize,
    pub objects: usize,
    /// What is left by rights that the credentials do not have, if anything.
    pub left: Option<&'static str>,
    /// The first of what kept something from being removed, if anything did.
    pub failure: Option<Error>,
}

impl Removed {
    /// Takes the result of a part of the work, so that the other parts are still tried.
    fn part<T: Default>(&mut self, what: &'static str, done: Result<T>) -> T {
        done.map_err(|error| error.context(what)).unwrap_or_else(|error| {
            self.failure.get_or_insert(error);
            T::default()
        })
    }
}

/// An object of a run, in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Object {
    key: String,
    version: Option<String>,
    /// True for the newest version, unless that is the mark of a deletion.
    is_live: bool,
}

/// Removes everything of this run, and gives the table back.
pub(super) async fn end(cloud: &Cloud) -> Result<Outcome> {
    let Removed { rows, objects, left, failure } = clean(cloud).await;
    // The next run removes what could not be removed now.
    cloud.release().await?;
    match (failure, left) {
        (Some(failure), _) => Err(failure),
        (None, Some(left)) => passed(format!("{rows} rows and {objects} objects removed; {left}")),
        (None, None) => {
            passed(format!("{rows} rows and {objects} objects removed; nothing is left but ledgers"))
        }
    }
}

/// Returns true if no run has left anything, beside this run's claim.
pub(super) async fn is_clean(cloud: &Cloud) -> Result<bool> {
    let (rows, _) = cloud.rows(1000).await?;
    Ok(rows.iter().all(|row| id(row) == Some(cloud.base))
        && !objects(cloud, &incoming()).await?.iter().any(|object| object.is_live)
        && !objects(cloud, &rejected()).await?.iter().any(|object| object.is_live)
        && backups(cloud).await?.is_empty())
}

/// Waits until nothing works on the table any more, and removes everything of runs but the claim.
pub(super) async fn clean(cloud: &Cloud) -> Removed {
    let mut removed = Removed::default();
    removed.part("waiting for what works on the table", settle(cloud).await);
    removed.rows = removed.part("emptying the table", empty(cloud).await);
    let backups = removed.part("finding the backups", backups(cloud).await);
    let of_backups = backups.iter().map(|id| format!("backups/{id}/"));
    for prefix in [incoming(), rejected()].into_iter().chain(of_backups) {
        let deleted = delete_below(cloud, &prefix).await;
        let (count, is_whole) = removed.part("deleting objects", deleted);
        removed.objects += count;
        if count > 0 && !is_whole {
            removed.left = Some(
                "these credentials may not delete versions, which the bucket's rules remove after some weeks",
            );
        }
    }
    removed
}

/// Deletes the objects under a prefix; returns how many, and whether in all their versions.
async fn delete_below(cloud: &Cloud, prefix: &str) -> Result<(usize, bool)> {
    let objects = objects(cloud, prefix).await?;
    let is_whole = delete(cloud, &objects).await?;
    Ok((objects.iter().filter(|object| object.is_live).count(), is_whole))
}

fn incoming() -> String {
    format!("{INCOMING}{TABLE}/")
}

fn rejected() -> String {
    format!("rejected/{TABLE}/")
}

/// Removes every row but the claim: by a file that replaces the table, or if none is loaded here,
/// row by row.
async fn empty(cloud: &Cloud) -> Result<usize> {
    let (rows, _) = cloud.rows(1000).await?;
    let others: Vec<i64> = rows.iter().filter_map(id).filter(|id| *id != cloud.base).collect();
    if others.is_empty() {
        return Ok(0);
    }
    let name = format!("clean-{:08x}.csv", fastrand::u32(..));
    let emptied = if others.len() > CALLS {
        cloud.load(LoadMode::Replace, &name, cloud.claim_file(), &[], [1, 1, 0]).await.map(drop)
    } else {
        Err(user_error("Some rows are deleted sooner than a file is loaded."))
    };
    if emptied.is_err() {
        // The second time, for the rows that others referred to.
        for _ in 0..2 {
            let deleted = stream::iter(&others).map(|id| cloud.delete(*id)).buffer_unordered(CALLS);
            let deleted: Vec<bool> = deleted.try_collect().await?;
            if deleted.into_iter().all(|is_gone| is_gone) {
                break;
            }
        }
    }
    Ok(others.len())
}

/// Waits until no load, backup or restore of the table is under way, and no file waits to be
/// loaded. What takes longer than a load may take is left to itself.
async fn settle(cloud: &Cloud) -> Result<()> {
    let settled = poll(growing(FIRST_PAUSE, LAST_PAUSE), cloud.limit, async || {
        let is_idle = !is_loading(cloud).await? && !is_backed_up(cloud).await? && !is_restored(cloud).await?;
        Ok(is_idle.then_some(()))
    });
    settled.await.map(drop)
}

async fn is_loading(cloud: &Cloud) -> Result<bool> {
    #[derive(Deserialize)]
    struct Page {
        loads: Vec<serde::de::IgnoredAny>,
    }
    let query = [("table", TABLE), ("status", "running"), ("limit", "1")];
    let running: Page = get(&cloud.api, &path(&["loads"], &query)).await?;
    if !running.loads.is_empty() {
        return Ok(true);
    }
    for Object { key, version, is_live } in objects(cloud, &incoming()).await? {
        let Some(version) = version.filter(|_| is_live) else { continue };
        let load = cloud.api.load(&LoadId::of_object(&cloud.bucket, &key, &version), None).await?;
        if !load.is_some_and(|load| load.has_ended()) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn is_backed_up(cloud: &Cloud) -> Result<bool> {
    for id in backups(cloud).await? {
        if cloud.api.backup(&id).await?.is_some_and(|backup| !backup.has_ended()) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn is_restored(cloud: &Cloud) -> Result<bool> {
    let restores = cloud.api.newest_restores().await?;
    Ok(restores.iter().any(|restore| !restore.has_ended() && restore.tables.contains_key(TABLE)))
}

/// Returns the backups of runs: those of the table and no other.
async fn backups(cloud: &Cloud) -> Result<Vec<BackupId>> {
    let page: Backups = serde_json::from_str(&cloud.api.backups(BACKUPS, None).await?)?;
    let of_runs = page.backups.into_iter().filter(|backup| backup.tables.keys().eq([TABLE]));
    Ok(of_runs.map(|backup| backup.backup).collect())
}

/// Lists every version of the objects under a prefix, marks of deletions too.
async fn objects(cloud: &Cloud, prefix: &str) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    let (mut key, mut version) = (None, None);
    loop {
        let list = cloud.s3.list_object_versions().bucket(&cloud.bucket).prefix(prefix);
        let page = list.set_key_marker(key).set_version_id_marker(version).send().await;
        let page = page
            .map_err(refused(format!("The versions under {prefix} in {} cannot be listed", cloud.bucket)))?;
        let versions = page.versions().iter();
        let versions =
            versions.map(|found| (found.key(), found.version_id(), found.is_latest() == Some(true)));
        let markers = page.delete_markers().iter().map(|found| (found.key(), found.version_id(), false));
        objects.extend(versions.chain(markers).filter_map(|(key, version, is_live)| {
            Some(Object { key: key?.to_owned(), version: version.map(str::to_owned), is_live })
        }));
        if page.is_truncated() != Some(true) {
            return Ok(objects);
        }
        (key, version) = (page.next_key_marker, page.next_version_id_marker);
    }
}

/// Deletes objects in all their versions; false if only their newest versions could be hidden.
async fn delete(cloud: &Cloud, objects: &[Object]) -> Result<bool> {
    let every: Vec<_> = objects.iter().map(|object| (&*object.key, object.version.as_deref())).collect();
    if delete_all(cloud, &every).await? == 0 {
        return Ok(true);
    }
    let live = objects.iter().filter(|object| object.is_live).map(|object| (&*object.key, None));
    let live: Vec<_> = live.collect();
    match delete_all(cloud, &live).await? {
        0 => Ok(false),
        refused => Err(user_error(format!(
            "{refused} objects cannot be deleted from {}: these credentials need s3:DeleteObject there.",
            cloud.bucket
        ))),
    }
}

/// Deletes versions of objects, or hides objects; returns how many S3 refused.
async fn delete_all(cloud: &Cloud, objects: &[(&str, Option<&str>)]) -> Result<usize> {
    let mut refusals = 0;
    for batch in objects.chunks(BATCH) {
        let identifiers: Result<Vec<_>, _> = batch
            .iter()
            .map(|(key, version)| {
                ObjectIdentifier::builder().key(*key).set_version_id(version.map(str::to_owned)).build()
            })
            .collect();
        let request = Delete::builder().set_objects(Some(identifiers?)).quiet(true).build()?;
        let deleted = cloud.s3.delete_objects().bucket(&cloud.bucket).delete(request).send().await;
        let deleted = deleted.map_err(refused(format!("Objects cannot be deleted from {}", cloud.bucket)))?;
        refusals += deleted.errors().len();
    }
    Ok(refusals)
}
