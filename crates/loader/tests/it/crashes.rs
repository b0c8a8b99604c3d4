//! Loads that are cut off anywhere: what is in the table when they have gone on is the file, once.

use std::time::Duration;

use domain::load::LoadStatus;
use testkit::local_data_api::{ErrorKind, Faults, Operation, Rule};

use crate::support::{World, figures, jobs};

/// Too short for many tries.
const SHORT: Duration = Duration::from_secs(2);

/// A file of some chunks with two rejects.
fn file() -> String {
    jobs((1..=15_000).chain([7])) + "15001,\n"
}

async fn holds_the_file_once(world: &World, object: &loader::ObjectCreated) {
    let record = world.record(object).await;
    assert_eq!((record.status, figures(&record)), (LoadStatus::Completed, (15_002, 15_000, 2)), "{record:?}");
    assert_eq!(world.count("jobs").await, 15_000);
    let rejects: usize = world
        .store
        .keys()
        .iter()
        .filter(|key| key.starts_with("rejected/"))
        .map(|key| world.store.text(key).unwrap().lines().count() - 1)
        .sum();
    assert_eq!(rejects, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn goes_on_after_being_killed_at_any_moment() {
    let world = World::start().await;
    let object = world.put("incoming/jobs/a.csv", "v1", file());
    // Dropping the future is what a kill is to everything outside: no further call is made.
    for milliseconds in [1, 5, 10, 20, 30, 45, 60, 80, 100, 130, 160, 200] {
        let killed = Duration::from_millis(milliseconds);
        let _ = tokio::time::timeout(killed, world.deliver(&object)).await;
    }
    world.deliver(&object).await.unwrap();
    holds_the_file_once(&world, &object).await;
}

#[tokio::test]
async fn goes_on_after_s3_failed_in_the_middle_of_reading() {
    let world = World::start().await;
    let object = world.put("incoming/jobs/a.csv", "v1", file());
    for fails_after in [0, 300_000] {
        world.store.break_contents(&[fails_after; 100]);
        world.deliver_within(&object, SHORT).await.unwrap_err();
        assert_eq!(world.record(&object).await.status, LoadStatus::Running);
    }
    world.store.break_contents(&[]);
    world.deliver(&object).await.unwrap();
    holds_the_file_once(&world, &object).await;
    assert_eq!(world.record(&object).await.attempts, 3);
}

#[tokio::test]
async fn a_chunk_without_its_rejects_file_is_not_in() {
    let world = World::start().await;
    let object = world.put("incoming/jobs/a.csv", "v1", file());
    world.store.fail_puts(100);
    world.deliver_within(&object, SHORT).await.unwrap_err();
    world.store.fail_puts(0);
    assert_eq!(world.record(&object).await.rows_rejected, 0);
    world.deliver(&object).await.unwrap();
    holds_the_file_once(&world, &object).await;
}

#[tokio::test]
async fn settles_commits_whose_answers_were_lost() {
    let world = World::start().await;
    let object = world.put("incoming/jobs/a.csv", "v1", file());
    world
        .db
        .data_api()
        .set(Faults::default().with(Rule::lose_answer().on(Operation::CommitTransaction).times(3)));
    world.deliver(&object).await.unwrap();
    holds_the_file_once(&world, &object).await;
}

#[tokio::test]
async fn gets_through_a_database_that_fails_now_and_then() {
    let world = World::start().await;
    let object = world.put("incoming/jobs/a.csv", "v1", file());
    let faults = Faults { seed: 7, resume_ms: 300, ..Faults::default() }
        .with(Rule::error(ErrorKind::ServiceUnavailableError).rate(0.05))
        .with(Rule::lose_answer().rate(0.05));
    world.db.data_api().set(faults);
    for _ in 0..20 {
        if world.deliver(&object).await.is_ok() {
            break;
        }
    }
    world.db.data_api().clear();
    world.deliver(&object).await.unwrap();
    holds_the_file_once(&world, &object).await;
}
