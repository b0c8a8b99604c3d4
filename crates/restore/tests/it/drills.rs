//! Drills and the reaper.

use std::sync::atomic::Ordering;
use std::time::Duration;

use aurora::restores::Status;
use domain::backup::{BackupId, verified_key};
use domain::dictionary::Dictionary;
use restore::{Answer, InvocationError};
use serde_json::{Value as Json, json};
use testkit::local_data_api::{Effect, Faults, Rule};

use crate::support::{BACKUP, Made, World, all_of_it, documents, key, named, nullable, write_backup};

/// A backup of all tables, made just now.
async fn fresh(world: &World) -> domain::backup::Manifest {
    let tables = [("collections", &*named([1])), ("tags", &named(1..=3)), ("documents", &documents(1..=3))];
    let mut manifest = world.back_up_all(BACKUP, &tables).await;
    manifest.snapshot_time = now(world).await;
    world.put_manifest(&manifest);
    manifest
}

async fn now(world: &World) -> String {
    world.db.value("SELECT DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%S.000Z')").await.unwrap()
}

async fn drill(world: &World) -> Result<Json, InvocationError> {
    world.invoke(json!({ "drill": {} })).await.map(|answer| serde_json::to_value(answer).unwrap())
}

#[tokio::test]
async fn a_drill_verifies_the_newest_backup_of_all_tables() {
    let world = World::start().await;
    let tables = world.tables().await;
    fresh(&world).await;
    world.back_up("20261121-030000-00000001", &[("tags", &named([7]))], Made::default()).await;
    let answer = drill(&world).await.unwrap();
    assert_eq!((&answer["backup"], &answer["status"]), (&json!(BACKUP), &json!("completed")));
    assert_eq!((&answer["mode"], answer["age_hours"].as_f64().unwrap() < 1.0), (&json!("verify"), true));
    assert!(world.rows("tags").await.is_empty());
    assert_eq!(world.tables().await, tables);
}

#[tokio::test]
async fn a_drill_verifies_the_backup_that_is_named_however_old_it_is() {
    let world = World::start().await;
    let tags = named(1..=3);
    let old = world.back_up("20200101-020000-00000001", &[("tags", &tags)], Made::default()).await;
    fresh(&world).await;
    let payload = json!({ "drill": { "backup": old.backup } });
    let answer = serde_json::to_value(world.invoke(payload).await.unwrap()).unwrap();
    assert_eq!((&answer["backup"], &answer["status"]), (&json!(old.backup), &json!("completed")));
    assert_eq!((&answer["mode"], answer["age_hours"].as_f64().unwrap() > 1e4), (&json!("verify"), true));
    assert_eq!(answer["tables"]["tags"]["rows_restored"], 3);
    assert!(world.rows("tags").await.is_empty());
    let verified = world.bucket.content(&verified_key(&old.backup)).unwrap();
    let verified: Json = serde_json::from_slice(&verified).unwrap();
    assert_eq!((&verified["good"], &verified["restore"]), (&json!(true), &answer["restore"]));

    let mut content = world.part(&old, "tags", 0);
    content[20] ^= 1;
    world.bucket.insert(&key(&old, "tags", 0), content);
    let error = world.invoke(json!({ "drill": { "backup": old.backup } })).await.unwrap_err();
    let InvocationError::Failed { restore, reason } = error else { panic!("{error}") };
    let status = world.restore(json!({ "status": { "restore": restore } })).await;
    assert_eq!((status.status, status.error), (Status::Failed, Some(reason)));
    let verified = world.bucket.content(&verified_key(&old.backup)).unwrap();
    assert_eq!(serde_json::from_slice::<Json>(&verified).unwrap()["good"], false);
    let gone = "20200102-020000-00000001";
    let error = world.invoke(json!({ "drill": { "backup": gone } })).await.unwrap_err().to_string();
    assert!(error.contains(&format!("there is no complete backup {gone}")), "{error}");
}

#[tokio::test]
async fn a_drill_of_a_named_backup_continues_as_a_drill_and_has_a_status() {
    let world = World::start().await;
    let rows = documents(1..=120_000);
    world.back_up(BACKUP, &[("documents", &rows)], Made { part_rows: 50_000, ..Made::default() }).await;
    let slow = Rule::new(Effect::DelayMs(250)).sql("INSERT INTO `rowgate_new_");
    world.db.data_api().set(Faults::default().with(slow));
    let payload = || json!({ "drill": { "backup": BACKUP } });
    let answer = world.invoke_within(payload(), Duration::from_secs(12)).await.unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    assert_eq!((&answer["backup"], &answer["status"]), (&json!(BACKUP), &json!("running")));
    let restore = answer["restore"].clone();
    assert!(world.next.1.load(Ordering::Relaxed), "as a drill");
    let running = world.restore(json!({ "status": { "restore": restore } })).await;
    assert_eq!((running.status, running.error), (Status::Running, None));
    world.db.data_api().clear();
    let next = world.next.0.lock().unwrap().remove(0);
    assert_eq!(restore, json!(next));
    world.restore(json!({ "continue": { "restore": next, "drill": true } })).await;
    let done = world.restore(json!({ "status": { "restore": restore } })).await;
    assert_eq!((done.status, done.tables["documents"].rows_restored), (Status::Completed, 120_000));
    assert!(world.bucket.content(&verified_key(&BackupId::parse(BACKUP).unwrap())).is_some());
    let unknown = world.invoke(json!({ "status": { "restore": "20200101-020000-00000001" } })).await;
    assert!(matches!(unknown, Err(InvocationError::Unknown(_))), "{unknown:?}");
}

#[tokio::test]
async fn a_drill_fails_when_the_backup_cannot_be_restored() {
    let world = World::start().await;
    let manifest = fresh(&world).await;
    let mut content = world.part(&manifest, "tags", 0);
    content[20] ^= 1;
    world.bucket.insert(&key(&manifest, "tags", 0), content);
    // Once more when the backup is known to be broken: it still is the newest one.
    for _ in 0..2 {
        let error = drill(&world).await.unwrap_err().to_string();
        assert!(error.contains("tags/part-00000.avro"), "{error}");
    }
}

#[tokio::test]
async fn a_drill_does_not_look_away_from_a_newer_backup_whose_manifest_is_broken() {
    let world = World::start().await;
    fresh(&world).await;
    let newer = "20261121-030000-00000001";
    world.bucket.insert(&format!("backups/{newer}/manifest.json"), "{");
    let error = drill(&world).await.unwrap_err();
    assert!(matches!(&error, InvocationError::Drill(reason) if reason.contains(newer)), "{error}");
}

#[tokio::test]
async fn a_drill_fails_when_the_newest_backup_is_too_old() {
    let world = World::start().await;
    let mut manifest = fresh(&world).await;
    manifest.snapshot_time = "2020-01-01T00:00:00.000Z".to_owned();
    world.put_manifest(&manifest);
    let error = drill(&world).await.unwrap_err().to_string();
    assert!(error.contains("is older than 26 hours"), "{error}");
}

#[tokio::test]
async fn before_the_first_backup_a_drill_fails_only_when_it_has_not_come_for_too_long() {
    let world = World::start().await;
    for _ in 0..2 {
        assert_eq!(drill(&world).await.unwrap()["backup"], Json::Null);
    }
    world.bucket.insert("rowgate/backups-watched-since", "2020-01-01T00:00:00.000Z");
    let error = drill(&world).await.unwrap_err().to_string();
    assert!(error.contains("no backup of all tables for 26 hours"), "{error}");
}

#[tokio::test]
async fn a_table_that_no_backup_has_yet_is_as_old_as_the_last_backup_without_it() {
    let world = World::start().await;
    world.bucket.insert("rowgate/backups-watched-since", "2020-01-01T00:00:00.000Z");
    let mut manifest = fresh(&world).await;
    world.invoke(json!({ "sweep": {} })).await.unwrap();
    // As a table is that came into the dictionary now.
    manifest.tables.shift_remove("tags");
    world.put_manifest(&manifest);
    let answer = drill(&world).await.unwrap();
    assert_eq!((&answer["backup"], answer["age_hours"].as_f64().unwrap() < 1.0), (&Json::Null, true));
}

#[tokio::test]
async fn a_drill_verifies_a_backup_from_before_a_table_was_renamed() {
    let world = World::start().await;
    let own_name = "name = \"documents\"\naliases = [\"filed_documents\"]";
    let then =
        include_str!("../../../testkit/sql/dictionary.toml").replace(own_name, "name = \"filed_documents\"");
    let then = Dictionary::parse("test", &then).unwrap();
    let filed = documents([1, 2]);
    let mut tables = Vec::new();
    for table in then.visible_tables() {
        let rows = if table.name() == "filed_documents" { &*filed } else { &[] };
        tables.push((table, nullable(&world.db.database(), world.table(table.name())).await, rows));
    }
    let mut manifest = write_backup(&world.bucket, BACKUP, &tables, Made::default());
    manifest.snapshot_time = now(&world).await;
    world.put_manifest(&manifest);
    let answer = drill(&world).await.unwrap();
    assert_eq!(answer["backup"], BACKUP);
    assert_eq!(answer["tables"]["documents"]["rows_restored"], 2);
    world.restore(json!({ "backup": "latest", "tables": ["filed_documents"] })).await;
    assert_eq!(world.rows("documents").await.len(), 2);
}

#[tokio::test]
async fn an_interrupted_drill_continues_with_the_next_try() {
    let world = World::start().await;
    fresh(&world).await;
    let before = world.bucket.calls();
    drill(&world).await.unwrap();
    let calls = world.bucket.calls() - before;
    let mut begun = 0;
    for call in (0..calls).step_by(3) {
        world.bucket.stop_after(call);
        let cut_off = world.invoke_within(json!({ "drill": {} }), Duration::from_secs(2)).await;
        world.bucket.resume();
        begun += u32::from(matches!(cut_off, Err(InvocationError::Interrupted { .. })));
        assert_eq!(drill(&world).await.unwrap()["status"], "completed", "after call {call}: {cut_off:?}");
    }
    assert!(begun > 0);
    let left = "SELECT COUNT(*) FROM rowgate_restores WHERE status <> 'completed'";
    assert_eq!(world.db.value(left).await.unwrap(), "0");
}

#[tokio::test]
async fn the_reaper_fails_abandoned_restores_and_queries_no_database_without_need() {
    let world = World::start().await;
    let reap = async || match world.invoke(json!({ "sweep": {} })).await.unwrap() {
        Answer::Reaped { failed, .. } => failed,
        other => panic!("{other:?}"),
    };
    let calls = || world.db.data_api().calls();
    let before = calls();
    assert_eq!((reap().await, calls()), (vec![], before), "there was no restore yet");
    world.back_up(BACKUP, &[("tags", &named([1]))], Made::default()).await;
    let restored = world.restore(all_of_it()).await;
    let left_alone_for = async |minutes: u32| {
        let sql = format!(
            "UPDATE rowgate_restores SET status = 'running', finished_at = NULL, \
             active_at = UTC_TIMESTAMP(3) - INTERVAL {minutes} MINUTE WHERE restore_id = '{}'",
            restored.restore
        );
        world.sql(&sql).await;
    };
    left_alone_for(29).await;
    assert!(reap().await.is_empty());
    left_alone_for(31).await;
    let orphan = format!("rowgate_new_{}_00000001", restored.restore.as_str().replace('-', "_"));
    world.sql(&format!("CREATE TABLE {orphan} (id INT PRIMARY KEY)")).await;
    world.sql(&format!("CREATE TABLE needs_it (id INT REFERENCES {orphan} (id))")).await;
    assert_eq!(reap().await, [restored.restore]);
    let before = calls();
    assert!(reap().await.is_empty());
    assert!(calls() > before, "a table was left");
    world.sql("DROP TABLE needs_it").await;
    assert!(reap().await.is_empty());
    let before = calls();
    assert_eq!((reap().await, calls()), (vec![], before), "nothing is running any more");
}
