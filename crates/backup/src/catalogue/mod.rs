//! Reads the backups of a bucket. Backup and restore both use it, so that they agree on which
//! backup is good.

pub(crate) mod expire;
pub(crate) mod view;

use std::collections::BTreeMap;

use bucket::{BucketError, Listed, Put, Store, When};
use domain::backup::{BackupId, Manifest, PREFIX, RestoreId, folder, manifest_key, verified_key};
use domain::dictionary::Table;
use serde::{Deserialize, Serialize};

/// The largest manifest, in bytes: some 200 for each file, so all files that a table can have, many
/// times over.
const MAX_MANIFEST: u64 = 64 * 1024 * 1024;

/// The largest outcome of a verification, in bytes.
const MAX_VERIFIED: u64 = 1024 * 1024;

/// The number of attempts to write the outcome of a verification when another one is written
/// meanwhile.
const NOTE_TRIES: u32 = 5;

/// A backup's manifest, as it was found.
#[derive(Debug)]
pub enum Found {
    /// It can be used.
    Manifest(Box<Manifest>),
    /// It cannot; what is wrong with it.
    Broken(String),
}

/// The outcome of the newest verification of a backup: a restore of it that did everything but the
/// swap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// The backup.
    pub backup: BackupId,
    /// The time: `2026-11-21T04:00:01.123Z`.
    pub verified_at: String,
    /// True if the backup's content matches its manifest. A backup that is not good is never the
    /// newest good one.
    pub good: bool,
    /// The restore that verified it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore: Option<RestoreId>,
    /// The tables that were verified.
    pub tables: Vec<String>,
    /// The problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Returns the ids of all backups that have any object, newest first. Other folders are left out.
///
/// # Errors
/// Those of the store.
pub async fn ids(store: &impl Store) -> Result<Vec<BackupId>, BucketError> {
    let folders = store.folders(PREFIX).await?;
    let mut ids: Vec<BackupId> = folders.iter().filter_map(|folder| BackupId::parse(folder)).collect();
    ids.sort_unstable_by(|one, other| other.cmp(one));
    Ok(ids)
}

/// Reads a backup's manifest; `None` if it has none, and so is no backup (yet).
///
/// # Errors
/// Those of the store.
pub async fn find(store: &impl Store, backup: &BackupId) -> Result<Option<Found>, BucketError> {
    let object = match store.get(&manifest_key(backup), MAX_MANIFEST).await {
        Ok(Some(object)) => object,
        Ok(None) => return Ok(None),
        // One backup's trouble is not to keep all others from being found.
        Err(error @ BucketError::TooLarge { .. }) => return Ok(Some(Found::Broken(error.to_string()))),
        Err(error) => return Err(error),
    };
    Ok(Some(match Manifest::parse_of(backup, &object.content) {
        Ok(manifest) => Found::Manifest(Box::new(manifest)),
        Err(error) => Found::Broken(error.to_string()),
    }))
}

/// Returns a sentence that names a file of the backup that is missing or has another size than in
/// its manifest; `None` if every file is there with its size. The content is not read.
///
/// # Errors
/// Those of the store.
pub async fn missing(store: &impl Store, manifest: &Manifest) -> Result<Option<String>, BucketError> {
    let listed = store.list_all(&folder(&manifest.backup)).await?;
    Ok(missing_of(&listed, manifest))
}

/// Does the same as [`missing`] with a listing of the backup's folder.
pub(crate) fn missing_of(listed: &[Listed], manifest: &Manifest) -> Option<String> {
    let folder = folder(&manifest.backup);
    let sizes: BTreeMap<&str, u64> =
        listed.iter().filter_map(|object| Some((object.key.strip_prefix(&folder)?, object.bytes))).collect();
    manifest.tables.values().flat_map(|table| &table.files).find_map(|file| {
        match sizes.get(file.key.as_str()) {
            None => Some(format!("the file {} is missing", file.key)),
            Some(bytes) if *bytes != file.bytes => Some(format!(
                "the file {} has {bytes} bytes, not the {} it was written with",
                file.key, file.bytes
            )),
            Some(_) => None,
        }
    })
}

/// Reads the outcome of a backup's newest verification. An outcome that cannot be read counts as
/// none.
///
/// # Errors
/// Those of the store.
pub async fn verified(store: &impl Store, backup: &BackupId) -> Result<Option<Verified>, BucketError> {
    let object = match store.get(&verified_key(backup), MAX_VERIFIED).await {
        Err(BucketError::TooLarge { .. }) => None,
        found => found?,
    };
    Ok(object.and_then(|object| serde_json::from_slice(&object.content).ok()))
}

/// Records the outcome of a verification. A backup found bad stays bad until all of the tables
/// verified then are found good.
///
/// # Errors
/// Those of the store.
pub async fn note_verified(store: &impl Store, verified: &Verified) -> Result<(), BucketError> {
    let key = verified_key(&verified.backup);
    let json = serde_json::to_vec_pretty(verified).map_err(|error| BucketError::failed(&key, error))?;
    for _ in 0..NOTE_TRIES {
        let (there, otherwise) = match store.get(&key, MAX_VERIFIED).await {
            // An outcome that cannot be read does not count.
            Err(BucketError::TooLarge { .. }) => (None, When::Always),
            found => (found?, When::New),
        };
        let when = there.as_ref().map_or(otherwise, |object| When::Is(&object.etag));
        let known =
            there.as_ref().and_then(|object| serde_json::from_slice::<Verified>(&object.content).ok());
        if known.is_some_and(|known| stays(&known, verified)) {
            return Ok(());
        }
        if store.put(&key, json.clone().into(), when).await? != Put::Refused {
            return Ok(());
        }
    }
    Err(BucketError::failed(&key, "others write it all the time"))
}

fn stays(known: &Verified, newer: &Verified) -> bool {
    !known.good && newer.good && known.tables.iter().any(|table| !newer.tables.contains(table))
}

/// Returns the name of a table in a manifest: its current name, or the one that it had when the
/// backup was made.
pub fn in_manifest<'t>(manifest: &Manifest, table: &'t Table) -> Option<&'t str> {
    table.known_as(|name| manifest.tables.contains_key(name))
}

/// Returns true if a backup has all of these tables, each by its current or its former name.
pub fn has_all(manifest: &Manifest, tables: &[&Table]) -> bool {
    tables.iter().all(|table| in_manifest(manifest, table).is_some())
}

/// Finds the manifest of the newest good backup that [has all](has_all) of these tables: it can be
/// read, all of its files are there with their sizes, and no verification found it bad.
///
/// # Errors
/// Those of the store.
pub async fn newest_good(store: &impl Store, tables: &[&Table]) -> Result<Option<Manifest>, BucketError> {
    for backup in ids(store).await? {
        let Some(Found::Manifest(manifest)) = find(store, &backup).await? else { continue };
        if has_all(&manifest, tables)
            && verified(store, &backup).await?.is_none_or(|verified| verified.good)
            && missing(store, &manifest).await?.is_none()
        {
            return Ok(Some(*manifest));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use bucket::MemoryBucket;
    use domain::avro::Codec;
    use domain::backup::{FileManifest, MANIFEST_FORMAT, ManifestLoads, TableManifest};
    use domain::row_text::ContentSum;

    use super::*;

    fn id(day: u8) -> BackupId {
        BackupId::parse(&format!("202611{day:02}-020000-00000000")).unwrap()
    }

    /// Puts a backup of these tables there, with a file of three bytes for each.
    fn backup(store: &MemoryBucket, day: u8, tables: &[&str]) -> BackupId {
        let time = format!("2026-11-{day:02}T02:00:00.000Z");
        let table = |name: &&str| {
            let key = format!("{name}/part-00000.avro");
            store.insert(&(folder(&id(day)) + &key), "abc");
            let files = vec![FileManifest { key, rows: 0, bytes: 3, sha256: "0".repeat(64) }];
            let checksum = ContentSum::default().checksum();
            let columns = vec!["id".to_owned()];
            let schema_fingerprint = "0".repeat(64);
            (
                (*name).to_owned(),
                TableManifest { rows: 0, bytes: 3, checksum, schema_fingerprint, columns, files },
            )
        };
        let manifest = Manifest {
            format: MANIFEST_FORMAT,
            backup: id(day),
            rowgate: "0.1.0".to_owned(),
            dictionary: "0".repeat(16),
            snapshot_time: time.clone(),
            started_at: time.clone(),
            finished_at: time,
            codec: Codec::Deflate,
            loads: ManifestLoads::default(),
            tables: tables.iter().map(table).collect(),
        };
        store.insert(&manifest_key(&id(day)), manifest.to_json().unwrap());
        id(day)
    }

    fn outcome(backup: &BackupId, good: bool, tables: &[&str]) -> Verified {
        let tables = tables.iter().map(|table| (*table).to_owned()).collect();
        let verified_at = "2026-11-21T04:00:00.000Z".to_owned();
        Verified { backup: backup.clone(), verified_at, good, restore: None, tables, error: None }
    }

    async fn newest(store: &MemoryBucket, tables: &[&str]) -> Option<BackupId> {
        let dictionary = testkit::dictionary();
        let tables: Vec<&Table> = tables.iter().map(|name| dictionary.table(name).unwrap()).collect();
        newest_good(store, &tables).await.unwrap().map(|manifest| manifest.backup)
    }

    #[tokio::test]
    async fn the_newest_good_backup_has_the_tables_and_all_of_its_files() {
        let store = MemoryBucket::default();
        store.insert("backups/readme.txt", "");
        store.insert("backups/mine/manifest.json", "");
        store.insert(&folder(&id(9)), "");
        assert_eq!(newest(&store, &[]).await, None);
        let all = backup(&store, 1, &["tags", "documents"]);
        let tags = backup(&store, 2, &["tags"]);
        assert_eq!(newest(&store, &[]).await, Some(tags.clone()));
        assert_eq!(newest(&store, &["documents", "tags"]).await, Some(all.clone()));
        assert_eq!(newest(&store, &["collections"]).await, None);
        for break_it in [
            |store: &MemoryBucket, key: String| store.insert(&key, "abcd"),
            |store: &MemoryBucket, key: String| drop(store.remove(&key)),
        ] {
            break_it(&store, folder(&tags) + "tags/part-00000.avro");
            assert_eq!(newest(&store, &["tags"]).await, Some(all.clone()));
            backup(&store, 2, &["tags"]);
            assert_eq!(newest(&store, &["tags"]).await, Some(tags.clone()));
        }
        store.insert(&manifest_key(&tags), "{}");
        assert!(matches!(find(&store, &tags).await.unwrap(), Some(Found::Broken(_))));
        assert_eq!(newest(&store, &["tags"]).await, Some(all));
    }

    #[tokio::test]
    async fn a_backup_from_before_a_table_was_renamed_has_it() {
        let store = MemoryBucket::default();
        let old = backup(&store, 1, &["tags", "filed_documents"]);
        backup(&store, 2, &["tags", "people"]);
        assert_eq!(newest(&store, &["documents", "tags"]).await, Some(old));
        let new = backup(&store, 3, &["tags", "documents"]);
        assert_eq!(newest(&store, &["documents", "tags"]).await, Some(new));
    }

    #[tokio::test]
    async fn a_backup_that_was_found_bad_stays_so_until_the_same_tables_are_good() {
        let store = MemoryBucket::default();
        let id = backup(&store, 1, &["tags", "documents"]);
        for (verified, is_good) in [
            (outcome(&id, true, &["tags"]), true),
            (outcome(&id, false, &["tags", "documents"]), false),
            (outcome(&id, true, &["tags"]), false),
            (outcome(&id, true, &["documents", "tags"]), true),
        ] {
            note_verified(&store, &verified).await.unwrap();
            assert_eq!(newest(&store, &[]).await.is_some(), is_good, "{verified:?}");
        }
    }

    #[tokio::test]
    async fn an_object_that_is_too_large_is_in_no_other_backups_way() {
        let store = MemoryBucket::default();
        let (old, new) = (backup(&store, 1, &["tags"]), backup(&store, 2, &["tags"]));
        store.insert(&verified_key(&new), vec![b' '; MAX_VERIFIED as usize + 1]);
        assert_eq!(verified(&store, &new).await.unwrap(), None);
        note_verified(&store, &outcome(&new, false, &["tags"])).await.unwrap();
        assert_eq!(newest(&store, &[]).await, Some(old.clone()));
        store.insert(&manifest_key(&new), vec![b' '; MAX_MANIFEST as usize + 1]);
        assert!(matches!(find(&store, &new).await.unwrap(), Some(Found::Broken(_))));
        assert_eq!(newest(&store, &[]).await, Some(old));
    }

    #[tokio::test]
    async fn all_backups_are_there_newest_first() {
        let store = MemoryBucket::default();
        for day in [3, 1, 2] {
            backup(&store, day, &["tags"]);
        }
        assert_eq!(ids(&store).await.unwrap(), [id(3), id(2), id(1)]);
    }
}
