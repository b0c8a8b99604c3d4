//! Decides which backups are kept, and removes the others.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bucket::{BucketError, Listed, Store};
use domain::backup::{BackupId, Manifest, folder, manifest_key, state_key};
use domain::dictionary::{Dictionary, Table};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;

use crate::catalogue::{self, Found};
use crate::error::BackupError;
use crate::state::{Status, VersionedState};
use crate::write::times::Times;
use crate::{Backups, metrics, outbox};

/// The number of backups that are checked in parallel.
pub(crate) const SIDE_BY_SIDE: usize = 8;

/// The time that the files of a failed backup are kept: until long after its function is gone.
const ORPHANS_STAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The result of retention.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// Backups that are gone.
    pub expired: Vec<BackupId>,
    /// Backups that were found to be interrupted, and are noted as failed.
    pub interrupted: Vec<BackupId>,
}

/// What the rule needs to know of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    /// Its id, which has the time when it began.
    id: BackupId,
    /// Its tables, by today's names, if it is good: its manifest can be read, all files are there
    /// with their sizes, and no verification found anything wrong.
    good: Option<BTreeSet<String>>,
    /// True if a function may still be working on it.
    is_running: bool,
}

/// Returns the backups to remove. A backup is kept for a time, and for longer while it is the
/// newest good one of any of its tables, or still running.
fn to_expire(known: &[Known], now: Timestamp, keep: Duration) -> Vec<&BackupId> {
    let mut newest: BTreeMap<&str, &BackupId> = BTreeMap::new();
    for backup in known {
        for table in backup.good.iter().flatten() {
            let best = newest.entry(table).or_insert(&backup.id);
            *best = (*best).max(&backup.id);
        }
    }
    let needed: BTreeSet<&BackupId> = newest.into_values().collect();
    let keep = i64::try_from(keep.as_secs()).unwrap_or(i64::MAX);
    let is_old = |id: &BackupId| now.as_second().saturating_sub(id.unix_seconds()) > keep;
    let goes = |backup: &&Known| is_old(&backup.id) && !backup.is_running && !needed.contains(&backup.id);
    known.iter().filter(goes).map(|backup| &backup.id).collect()
}

/// A backup as it was found.
struct Seen {
    known: Known,
    has_manifest: bool,
    /// It was complete once.
    was_completed: bool,
    /// The manifest, if its event is still to be sent.
    event_due: Option<Box<Manifest>>,
    listed: Vec<Listed>,
}

impl<S: Store, G> Backups<S, G> {
    /// Removes what is not kept, notes what was interrupted, and sends the events that are still to
    /// be sent. Where anything of it cannot be read, nothing is removed: what cannot be read may be
    /// what another backup is kept for.
    pub(crate) async fn expire(&self, times: Times) -> Result<Expired, BackupError> {
        let Self { store, dictionary, events, options, .. } = self;
        let (expired, due) = expire(store, dictionary, options.keep).await?;
        for manifest in due {
            outbox::send_due(events, store, dictionary, &manifest, times.deadline).await?;
        }
        Ok(expired)
    }
}

/// Removes what is not kept, and notes what was interrupted; returns the manifests whose events are
/// still to be sent as well.
async fn expire<S: Store>(
    store: &S,
    dictionary: &Dictionary,
    keep: Duration,
) -> Result<(Expired, Vec<Box<Manifest>>), BackupError> {
    let now = Timestamp::now();
    let ids = catalogue::ids(store).await?;
    let seen: Vec<Seen> = stream::iter(ids)
        .map(|backup| look_at(store, dictionary, backup, now))
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await?;
    let known: Vec<Known> = seen.iter().map(|seen| seen.known.clone()).collect();
    let expired: BTreeSet<&BackupId> = to_expire(&known, now, keep).into_iter().collect();
    let mut done = Expired::default();
    let mut due = Vec::new();
    for Seen { known, has_manifest, was_completed, event_due, listed } in seen {
        // A backup that is not good but has new files may be a copy under way, of any age.
        let may_become_good = known.good.is_none() && files(&listed).any(|file| is_fresh(file, now));
        if expired.contains(&known.id) && !may_become_good {
            remove(store, &known.id, &listed).await?;
            tracing::info!(backup.id = %known.id, "backup expired");
            done.expired.push(known.id);
        } else if let Some(manifest) = event_due {
            due.push(manifest);
        } else if !has_manifest && !known.is_running {
            if note_interrupted(store, &known.id, now).await? {
                done.interrupted.push(known.id);
            }
            // A manifest that was deleted by hand can be restored as long as the files are there.
            if !was_completed {
                remove_orphans(store, &listed, now).await?;
            }
        }
    }
    Ok((done, due))
}

async fn look_at<S: Store>(
    store: &S,
    dictionary: &Dictionary,
    backup: BackupId,
    now: Timestamp,
) -> Result<Seen, BackupError> {
    let listed = store.list_all(&folder(&backup)).await?;
    let found = catalogue::find(store, &backup).await?;
    let has_manifest = found.is_some();
    let manifest = match found {
        Some(Found::Manifest(manifest)) => Some(manifest),
        _ => None,
    };
    let good = match &manifest {
        Some(manifest) if catalogue::missing_of(&listed, manifest).is_none() => {
            let verified = catalogue::verified(store, &backup).await?;
            let is_good = verified.is_none_or(|verified| verified.good);
            let name = |name: &String| dictionary.table(name).map_or(name.as_str(), Table::name).to_owned();
            is_good.then(|| manifest.tables.keys().map(name).collect())
        }
        _ => None,
    };
    let state = match VersionedState::read(store, &backup).await {
        Ok(versioned) => versioned.map(|versioned| versioned.state),
        // Perhaps written by a newer version: the files must be old before they are removed.
        Err(BackupError::State(_)) => None,
        Err(_) if has_manifest => None,
        Err(error) => return Err(error),
    };
    let has_status = |status| state.as_ref().is_some_and(|state| state.status == status);
    let is_interrupted = state.as_ref().is_some_and(|state| state.is_interrupted(now));
    let is_running = !has_manifest && has_status(Status::Running) && !is_interrupted;
    let was_completed = has_status(Status::Completed);
    let event_due = manifest.filter(|_| state.as_ref().is_some_and(|state| state.event_due));
    let known = Known { id: backup, good, is_running };
    Ok(Seen { known, has_manifest, was_completed, event_due, listed })
}

/// Records a backup that nobody works on any more as failed; returns true if this call recorded it.
async fn note_interrupted<S: Store>(
    store: &S,
    backup: &BackupId,
    now: Timestamp,
) -> Result<bool, BackupError> {
    let mut versioned = match VersionedState::read(store, backup).await {
        Ok(Some(versioned)) if versioned.state.is_interrupted(now) => versioned,
        Ok(_) | Err(BackupError::State(_)) => return Ok(false),
        Err(error) => return Err(error),
    };
    versioned.state.fail(INTERRUPTED.to_owned());
    match versioned.save().await {
        Err(BackupError::Ended) => return Ok(false),
        saved => saved?,
    }
    tracing::error!(backup.id = %backup, "backup was interrupted");
    metrics::failed(backup.as_str()).write();
    Ok(true)
}

/// The reason of a backup that nobody works on any more.
pub(crate) const INTERRUPTED: &str = "it was interrupted: the function that worked on it was stopped";

/// Removes all of a backup. The manifest goes first: an interrupted removal leaves no backup.
async fn remove(store: &impl Store, backup: &BackupId, listed: &[Listed]) -> Result<(), BucketError> {
    store.delete(&[manifest_key(backup)]).await?;
    // The state goes last: as long as there are files, something says what they are.
    let state = state_key(backup);
    let keys: Vec<String> =
        listed.iter().map(|object| object.key.clone()).filter(|key| *key != state).collect();
    store.delete(&keys).await?;
    store.delete(&[state]).await
}

fn files(listed: &[Listed]) -> impl Iterator<Item = &Listed> {
    listed.iter().filter(|object| object.key.ends_with(".avro"))
}

/// Returns true if an object was written within [`ORPHANS_STAY`].
fn is_fresh(object: &Listed, now: Timestamp) -> bool {
    let stays = i64::try_from(ORPHANS_STAY.as_millis()).unwrap_or(i64::MAX);
    now.as_millisecond() - object.modified < stays
}

/// Removes the files of a backup that never became one, once they are old.
async fn remove_orphans(store: &impl Store, listed: &[Listed], now: Timestamp) -> Result<(), BucketError> {
    let keys: Vec<String> = files(listed).map(|file| file.key.clone()).collect();
    if keys.is_empty() || files(listed).any(|file| is_fresh(file, now)) {
        return Ok(());
    }
    store.delete(&keys).await
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 24 * 3600;

    fn known() -> impl Strategy<Value = Vec<Known>> {
        let tables = proptest::collection::btree_set(prop::sample::select(vec!["a", "b", "c"]), 1..=3);
        let good =
            proptest::option::of(tables.prop_map(|tables| tables.into_iter().map(str::to_owned).collect()));
        let one = (0..80_i64, any::<u32>(), good, proptest::bool::weighted(0.1));
        let one = one.prop_map(|(age, random, good, is_running)| Known {
            id: BackupId::new(100 * DAY - age * DAY, random),
            good,
            is_running,
        });
        proptest::collection::vec(one, 0..20)
    }

    proptest! {
        #[test]
        fn the_newest_good_backup_of_every_table_stays(known in known(), keep in 0..60_u64) {
            let now = Timestamp::from_second(100 * DAY).unwrap();
            let keep_days = Duration::from_secs(keep * 24 * 3600);
            let goes = to_expire(&known, now, keep_days);
            for table in ["a", "b", "c"] {
                let has = |backup: &&Known| backup.good.as_ref().is_some_and(|tables| tables.contains(table));
                if let Some(newest) = known.iter().filter(has).map(|backup| &backup.id).max() {
                    prop_assert!(!goes.contains(&newest), "{} of {}", newest, table);
                }
            }
            for backup in &known {
                let age = 100 * DAY - backup.id.unix_seconds();
                let is_needed = ["a", "b", "c"].iter().any(|table| {
                    let has = |other: &&Known| other.good.as_ref().is_some_and(|tables| tables.contains(*table));
                    known.iter().filter(has).map(|other| &other.id).max() == Some(&backup.id)
                });
                // Everything else goes, and nothing that is young or in the making.
                let expected = age > i64::try_from(keep).unwrap() * DAY && !backup.is_running && !is_needed;
                prop_assert_eq!(goes.contains(&&backup.id), expected);
            }
        }
    }
}
