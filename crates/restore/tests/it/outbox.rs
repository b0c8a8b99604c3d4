//! A complete restore is told to other programs, at least once and never for what did not happen.

use serde_json::json;
use testkit::events::{bus, refused, sent, taken};
use testkit::replay::{Exchange, Replay};

use crate::support::{BACKUP, Made, World, all_of_it, named};

async fn world(answers: impl IntoIterator<Item = Exchange>) -> (World, Replay) {
    let account = Replay::new(answers);
    let mut world = World::start().await;
    world.events = bus(&account);
    world.back_up(BACKUP, &[("tags", &named(1..=3))], Made::default()).await;
    (world, account)
}

async fn due(world: &World) -> String {
    let sql = "SELECT GROUP_CONCAT(event_due ORDER BY restore_id) FROM rowgate_restores";
    world.db.value(sql).await.unwrap()
}

async fn hourly(world: &World) {
    world.invoke(json!({ "sweep": {} })).await.unwrap();
}

#[tokio::test]
async fn a_restore_and_its_undo_are_told_once() {
    let (world, account) = world([taken(), taken()]).await;
    let restored = world.restore(all_of_it()).await;
    let undone = world.restore(json!({ "put_back": restored.restore })).await;
    hourly(&world).await;
    let events = sent(&account);
    assert!(events.iter().all(|(detail_type, _)| detail_type == "Restore Completed"), "{events:?}");
    let details: Vec<_> = events.into_iter().map(|(_, detail)| detail).collect();
    assert_eq!(details[0]["restore"], json!(restored.restore));
    assert_eq!(details[0]["backup"], BACKUP);
    assert_eq!(details[0]["tables"], json!({ "tags": { "rows_restored": 3, "rows_rejected": 0 } }));
    assert_eq!(details[1]["restore"], json!(undone.restore));
    assert_eq!(details[1]["put_back"], json!(restored.restore));
    assert_eq!((account.is_exhausted(), &*due(&world).await), (true, "0,0"));
}

#[tokio::test]
async fn verifications_and_failures_are_not_told() {
    let (world, account) = world([]).await;
    world.restore(json!({ "backup": BACKUP, "mode": "verify" })).await;
    let failed = world.invoke(json!({ "backup": "20260101-000000-00000000" })).await;
    assert!(failed.is_err());
    hourly(&world).await;
    assert_eq!((sent(&account), &*due(&world).await), (vec![], "0,0"));
}

#[tokio::test]
async fn an_event_that_is_not_taken_is_sent_by_a_later_reaping() {
    let (world, account) = world(vec![refused(); 6].into_iter().chain([taken()])).await;
    world.restore(all_of_it()).await;
    for _ in 0..2 {
        assert_eq!(due(&world).await, "1");
        hourly(&world).await;
    }
    assert_eq!((account.is_exhausted(), &*due(&world).await), (true, "0"));
    // There is nothing left to do, and so the database is left alone.
    world.sql("UPDATE rowgate_restores SET event_due = TRUE").await;
    hourly(&world).await;
    assert_eq!(due(&world).await, "1");
}

#[tokio::test]
async fn an_invocation_that_finds_the_restore_complete_sends_what_a_killed_function_did_not() {
    let (world, account) = world([taken(), taken()]).await;
    let restored = world.restore(all_of_it()).await;
    world.sql("UPDATE rowgate_restores SET event_due = TRUE").await;
    world.restore(json!({ "continue": { "restore": restored.restore } })).await;
    assert_eq!(sent(&account)[0], sent(&account)[1]);
    assert_eq!(due(&world).await, "0");
}
