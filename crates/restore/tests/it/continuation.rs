//! Restores that need more time than one invocation has.

use std::time::Duration;

use aurora::restores::Status;
use domain::backup::RestoreId;
use restore::{Answer, InvocationError};
use serde_json::{Value as Json, json};
use testkit::local_data_api::{Effect, Faults, Rule};

use crate::support::{BACKUP, INVOCATION, Made, World, all_of_it, documents};

/// Time for some chunks of many, with statements that take a quarter of a second.
const SHORT: Duration = Duration::from_secs(12);

fn slow(sql: &str, milliseconds: u64) -> Faults {
    Faults::default().with(Rule::new(Effect::DelayMs(milliseconds)).sql(sql))
}

async fn committed(world: &World) -> Vec<Vec<Option<String>>> {
    world.db.sql("SELECT chunk_no, committed_at FROM rowgate_restore_chunks ORDER BY chunk_no").await.unwrap()
}

#[tokio::test]
async fn continues_in_further_invocations_and_reads_each_chunk_once() {
    let world = World::start().await;
    let rows = documents(1..=120_000);
    world.back_up(BACKUP, &[("documents", &rows)], Made { part_rows: 50_000, ..Made::default() }).await;
    world.sql("INSERT INTO documents VALUES (1, 'before', '2020-01-01', NULL, NULL)").await;
    world.db.data_api().set(slow("INSERT INTO `rowgate_new_", 250));
    let answer = world.invoke_within(all_of_it(), SHORT).await.unwrap();
    let json: Json = serde_json::to_value(&answer).unwrap();
    assert_eq!((&json["status"], &json["mode"]), (&json!("running"), &json!("replace")));
    assert!(json["tables"]["documents"]["rows_read"].as_u64().unwrap() > 0);
    let Answer::Restored(mut restored) = answer else { panic!("{answer:?}") };
    let first = committed(&world).await;
    assert!(!first.is_empty());
    assert_eq!(world.rows("documents").await.len(), 1);
    let mut invocations = 1;
    while restored.status == Status::Running {
        let next: Vec<RestoreId> = std::mem::take(&mut *world.next.0.lock().unwrap());
        assert_eq!(next, [restored.restore.clone()]);
        if invocations == 2 {
            world.db.data_api().clear();
        }
        let payload = json!({ "continue": { "restore": next[0] } });
        let time = if invocations < 2 { SHORT } else { INVOCATION };
        let Answer::Restored(answer) = world.invoke_within(payload, time).await.unwrap() else {
            panic!("no restore")
        };
        restored = answer;
        invocations += 1;
        if restored.status == Status::Running {
            assert_eq!(committed(&world).await[..first.len()], first, "no chunk was committed again");
        }
    }
    assert!(invocations > 1);
    let sums = world.db.value("SELECT CONCAT(COUNT(*), ' ', SUM(id)) FROM documents").await.unwrap();
    assert_eq!(sums, "120000 7200060000");
}

#[tokio::test]
async fn a_sum_that_does_not_end_within_an_invocation_fails_the_restore_and_says_so() {
    let world = World::start().await;
    world.back_up(BACKUP, &[("documents", &documents(1..=2_000))], Made::default()).await;
    world.db.data_api().set(slow("SUM(CAST(CONV", 120_000));
    // The first invocation has filled the table, and so come further.
    let answer = world.invoke_within(all_of_it(), SHORT).await.unwrap();
    let Answer::Restored(begun) = answer else { panic!("{answer:?}") };
    assert_eq!(begun.status, Status::Running);
    assert_eq!(committed(&world).await.len(), 1);
    let next = json!({ "continue": { "restore": begun.restore } });
    let error = world.invoke_within(next, SHORT).await.unwrap_err();
    let expected = "summing up the rows of documents did not end within one invocation";
    assert!(matches!(&error, InvocationError::Failed { reason, .. } if reason.contains(expected)), "{error}");
    assert!(world.rows("documents").await.is_empty());
}
