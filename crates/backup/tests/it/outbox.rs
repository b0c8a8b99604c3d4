//! A complete backup is told to other programs, at least once and never before it is complete.

use backup::{Status, invoke};
use domain::backup::{BackupId, state_key};
use serde_json::json;
use testkit::events::{bus, refused, sent, taken};
use testkit::replay::{Exchange, Replay};

use crate::support::{World, long, one_page};

async fn world(answers: impl IntoIterator<Item = Exchange>) -> (World, Replay) {
    let account = Replay::new(answers);
    let mut world = World::with_rows(20).await;
    world.events = bus(&account);
    (world, account)
}

/// Does what the function does every hour.
async fn hourly(world: &World) {
    invoke(&world.backups(), json!({ "expire": {} }), long()).await.unwrap();
}

fn is_due(world: &World, backup: &BackupId) -> bool {
    world.state(backup)["event_due"].as_bool().unwrap()
}

#[tokio::test]
async fn a_backup_is_told_once_it_has_its_manifest() {
    let (world, account) = world([taken()]).await;
    let done = world.make_all().await;
    let manifest = world.manifest(&done.backup).unwrap();
    let [(detail_type, detail)] = &sent(&account)[..] else { panic!("{:?}", sent(&account)) };
    assert_eq!(detail_type, "Backup Completed");
    assert_eq!((&detail["backup"], &detail["rows"]), (&json!(done.backup), &json!(60)));
    let tags = json!({ "rows": 20, "bytes": manifest.tables["tags"].bytes });
    assert_eq!(detail["tables"]["tags"], tags);
    assert!(!is_due(&world, &done.backup));
    hourly(&world).await;
    assert!(account.is_exhausted());
}

#[tokio::test]
async fn an_event_that_is_not_taken_is_sent_an_hour_later() {
    let (world, account) = world(vec![refused(); 6].into_iter().chain([taken()])).await;
    let done = world.make_all().await;
    assert_eq!(done.status, Status::Completed, "the backup is good all the same");
    for _ in 0..2 {
        assert!(is_due(&world, &done.backup));
        hourly(&world).await;
    }
    assert!(!is_due(&world, &done.backup) && account.is_exhausted());
}

#[tokio::test]
async fn a_function_that_is_killed_after_the_manifest_leaves_the_event_to_the_next_hour() {
    let (world, account) = world([taken(), taken()]).await;
    let backup = world.make_all().await.backup;
    let mut state = world.state(&backup);
    state["status"] = json!("running");
    state["event_due"] = json!(true);
    world.store.insert(&state_key(&backup), state.to_string());
    for _ in 0..2 {
        hourly(&world).await;
    }
    assert_eq!(sent(&account)[0], sent(&account)[1]);
    assert_eq!((&world.state(&backup)["status"], is_due(&world, &backup)), (&json!("completed"), false));
}

#[tokio::test]
async fn nothing_is_told_of_what_is_not_complete_or_was_made_without_a_bus() {
    let (mut world, account) = world([]).await;
    let more = testkit::numbers(3000);
    world.sql(&format!("INSERT INTO tags SELECT seq + 100, seq FROM {more}")).await;
    let unfinished = world.make(&["tags"], one_page()).await.unwrap();
    assert_eq!(unfinished.status, Status::Running);
    hourly(&world).await;
    assert!(is_due(&world, &unfinished.backup));
    let with_bus = std::mem::take(&mut world.events);
    let silent = world.make(&["collections"], long()).await.unwrap().backup;
    world.events = with_bus;
    hourly(&world).await;
    assert!(!is_due(&world, &silent));
    assert_eq!(sent(&account), []);
}

#[tokio::test]
async fn a_state_of_an_earlier_release_has_nothing_to_tell() {
    let (world, account) = world([taken()]).await;
    let backup = world.make_all().await.backup;
    let mut state = world.state(&backup);
    state.as_object_mut().unwrap().remove("event_due");
    world.store.insert(&state_key(&backup), state.to_string());
    hourly(&world).await;
    assert!(account.is_exhausted());
}
