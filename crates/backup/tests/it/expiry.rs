//! Retention.

use std::time::{SystemTime, UNIX_EPOCH};

use backup::catalogue::{Verified, note_verified};
use backup::{Answer, Expired, invoke};
use domain::backup::{BackupId, folder, manifest_key, state_key};
use serde_json::json;

use crate::support::{World, long};

const DAY: i64 = 24 * 3600;

impl World {
    async fn expire(&self) -> Expired {
        match invoke(&self.backups(), json!({ "expire": {} }), long()).await.unwrap() {
            Answer::Expired(expired) => expired,
            other => panic!("{other:?}"),
        }
    }

    /// Makes a backup look some days older.
    fn age(&self, backup: &BackupId, days: i64) -> BackupId {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let old = BackupId::new(now - days * DAY, u32::try_from(days).unwrap());
        let prefix = folder(backup);
        for key in self.store.keys().into_iter().filter(|key| key.starts_with(&prefix)) {
            let content = self.store.remove(&key).unwrap();
            let new_key = key.replace(backup.as_str(), old.as_str());
            if key.ends_with(".json") {
                let text = String::from_utf8(content.to_vec()).unwrap();
                self.store.insert(&new_key, text.replace(backup.as_str(), old.as_str()));
            } else {
                self.store.insert(&new_key, content);
            }
        }
        self.store.set_modified(&folder(&old), (now - days * DAY) * 1000);
        old
    }

    async fn backup_of(&self, tables: &[&str], days: i64) -> BackupId {
        let done = self.make(tables, long()).await.unwrap();
        self.age(&done.backup, days)
    }

    fn has(&self, backup: &BackupId) -> bool {
        self.store.keys().iter().any(|key| key.starts_with(&folder(backup)))
    }
}

#[tokio::test]
async fn what_is_old_goes_and_the_newest_good_one_of_each_table_stays() {
    let world = World::with_rows(20).await;
    let oldest = world.backup_of(&["tags", "documents"], 60).await;
    let documents = world.backup_of(&["documents"], 50).await;
    let tags = world.backup_of(&["tags"], 45).await;
    let broken = world.backup_of(&["tags", "documents"], 44).await;
    world.store.remove(&format!("{}tags/part-00000.avro", folder(&broken)));
    let bad = world.backup_of(&["tags"], 43).await;
    let verified = Verified {
        backup: bad.clone(),
        verified_at: "2026-11-21T04:00:00.000Z".to_owned(),
        good: false,
        restore: None,
        tables: vec!["tags".to_owned()],
        error: Some("damaged".to_owned()),
    };
    note_verified(&world.store, &verified).await.unwrap();
    let young = world.backup_of(&["collections"], 34).await;
    let expired = world.expire().await;
    assert_eq!(expired.expired, [bad.clone(), broken.clone(), oldest.clone()]);
    for gone in [&oldest, &broken, &bad] {
        assert!(!world.has(gone));
    }
    for kept in [&documents, &tags, &young] {
        world.check(&world.manifest(kept).unwrap());
    }
    let newest = world.make_all().await.backup;
    assert_eq!(world.expire().await.expired, [tags, documents]);
    assert!(world.has(&newest) && world.has(&young));
}

#[tokio::test]
async fn a_backup_from_before_a_table_was_renamed_goes_once_there_is_a_newer_one_of_the_table() {
    let world = World::with_rows(20).await;
    let old = world.backup_of(&["documents"], 60).await;
    for key in world.store.keys() {
        let content = world.store.remove(&key).unwrap();
        let content = match std::str::from_utf8(&content) {
            Ok(text) => text.replace("documents", "filed_documents").into(),
            Err(_) => content,
        };
        world.store.insert(&key.replace("documents", "filed_documents"), content);
    }
    assert_eq!(world.expire().await, Expired::default());
    world.backup_of(&["documents"], 50).await;
    assert_eq!(world.expire().await.expired, [old]);
}

#[tokio::test]
async fn a_complete_backup_expires_others() {
    let world = World::with_rows(20).await;
    let old = world.backup_of(&["tags"], 40).await;
    let payload = json!({ "tables": ["tags"] });
    assert!(matches!(invoke(&world.backups(), payload, long()).await, Ok(Answer::Done(_))));
    assert!(!world.has(&old));
}

#[tokio::test]
async fn an_interrupted_backup_is_shown_as_failed_and_cleaned_up_later() {
    let world = World::with_rows(20).await;
    let done = world.make(&["tags"], long()).await.unwrap();
    let backup = done.backup;
    // As a function leaves it that is killed before the manifest.
    world.store.remove(&manifest_key(&backup));
    let mut state = world.state(&backup);
    state["status"] = json!("running");
    let put = |state: &serde_json::Value| world.store.insert(&state_key(&backup), state.to_string());
    put(&state);
    assert_eq!(world.expire().await, Expired::default(), "somebody may still work on it");
    state["active_at"] = json!("1970-01-01T00:00:00.000Z");
    put(&state);
    assert_eq!(world.expire().await.interrupted, std::slice::from_ref(&backup));
    assert_eq!(world.state(&backup)["status"], "failed");
    assert_eq!(world.files().len(), 1, "files stay for a day");
    assert_eq!(world.expire().await, Expired::default(), "it is listed once");
    let yesterday =
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64 - 25 * 3600 * 1000;
    world.store.set_modified(&folder(&backup), yesterday);
    world.expire().await;
    assert!(world.files().is_empty());
    assert!(world.has(&backup), "that it failed is still shown");
    let old = world.age(&backup, 36);
    assert_eq!(world.expire().await.expired, [old]);
    assert!(world.store.keys().is_empty());
}

#[tokio::test]
async fn the_files_of_a_backup_whose_manifest_was_deleted_stay_as_long_as_the_backup_would() {
    let world = World::with_rows(20).await;
    let backup = world.backup_of(&["tags"], 30).await;
    let manifest = world.store.remove(&manifest_key(&backup)).unwrap();
    assert_eq!(world.expire().await, Expired::default());
    assert_eq!(world.files().len(), 1);
    world.store.insert(&manifest_key(&backup), manifest);
    world.check(&world.manifest(&backup).unwrap());
    world.store.remove(&manifest_key(&backup)).unwrap();
    let old = world.age(&backup, 36);
    assert_eq!(world.expire().await.expired, [old]);
    assert!(world.store.keys().is_empty());
}

#[tokio::test]
async fn an_old_backup_that_is_being_copied_here_stays_however_little_of_it_has_come() {
    let world = World::with_rows(20).await;
    let old = world.backup_of(&["tags"], 60).await;
    world.backup_of(&["tags"], 50).await;
    let manifest = world.store.remove(&manifest_key(&old)).unwrap();
    world.store.remove(&state_key(&old));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    world.store.set_modified(&folder(&old), (now - 3600) * 1000);
    assert_eq!(world.expire().await, Expired::default());
    world.store.set_modified(&folder(&old), (now - 2 * DAY) * 1000);
    world.store.insert(&manifest_key(&old), manifest);
    assert_eq!(world.expire().await.expired, [old], "whole, it is as old as it is");
}

#[tokio::test]
async fn where_anything_cannot_be_read_nothing_goes() {
    let world = World::with_rows(20).await;
    let old = world.backup_of(&["tags"], 60).await;
    world.backup_of(&["tags"], 50).await;
    let calls = world.store.calls();
    let keys = world.store.keys();
    // Folders, then for each backup its list and its objects.
    for call in 0..5 {
        world.store.stop_after(call);
        assert!(invoke(&world.backups(), json!({ "expire": {} }), long()).await.is_err());
        world.store.resume();
        assert_eq!(world.store.keys(), keys);
    }
    assert!(world.store.calls() > calls);
    assert_eq!(world.expire().await.expired, [old]);
}
