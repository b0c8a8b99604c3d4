//! Loads that are cut off anywhere: what is in the table when they have gone on is the file, once.

use std::time::Duration;

use domain::load::{LoadPath, LoadStatus};
use loader::{Delivered, ObjectCreated};
use testkit::local_data_api::{Effect, ErrorKind, Faults, OnError, Operation, Rule};

use crate::support::{World, figures, tags};

/// Too short for many tries.
const SHORT: Duration = Duration::from_secs(2);

/// A file of some chunks with two rejects.
fn file() -> String {
    tags((1..=15_000).chain([7])) + "15001,\n"
}

async fn holds_the_file_once(world: &World, object: &ObjectCreated) {
    let record = world.record(object).await;
    assert_eq!((record.status, figures(&record)), (LoadStatus::Completed, (15_002, 15_000, 2)), "{record:?}");
    assert_eq!(world.count("tags").await, 15_000);
    let rejects = world.rejects_keys();
    let rejects = rejects.iter().map(|key| world.store.text(key).unwrap().lines().count() - 1);
    assert_eq!(rejects.sum::<usize>(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn continues_after_being_killed_at_any_time() {
    for world in World::both_ways().await {
        let object = world.put("incoming/tags/a.csv", "v1", file());
        // Dropping the future is what a kill is to everything outside: no further call is made.
        for milliseconds in [1, 5, 10, 20, 30, 45, 60, 80, 100, 130, 160, 200] {
            let killed = Duration::from_millis(milliseconds);
            let _ = tokio::time::timeout(killed, world.deliver(&object)).await;
        }
        world.deliver(&object).await.unwrap();
        holds_the_file_once(&world, &object).await;
    }
}

#[tokio::test]
async fn continues_after_s3_failed_in_the_middle_of_reading() {
    let world = World::start().await;
    let object = world.put("incoming/tags/a.csv", "v1", file());
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
    for world in World::both_ways().await {
        let object = world.put("incoming/tags/a.csv", "v1", file());
        world.store.fail_puts(100);
        // On a slow machine, time is up before the last try fails.
        assert!(!matches!(world.deliver_within(&object, SHORT).await, Ok(Delivered::Ended)));
        world.store.fail_puts(0);
        assert_eq!(world.record(&object).await.rows_rejected, 0);
        world.deliver(&object).await.unwrap();
        holds_the_file_once(&world, &object).await;
    }
}

#[tokio::test]
async fn settles_commits_whose_answers_were_lost() {
    for world in World::both_ways().await {
        let object = world.put("incoming/tags/a.csv", "v1", file());
        world
            .db
            .data_api()
            .set(Faults::default().with(Rule::lose_answer().on(Operation::CommitTransaction).times(3)));
        world.deliver(&object).await.unwrap();
        holds_the_file_once(&world, &object).await;
    }
}

#[tokio::test]
async fn gets_through_a_database_that_fails_now_and_then() {
    for world in World::both_ways().await {
        let object = world.put("incoming/tags/a.csv", "v1", file());
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
}

#[tokio::test]
async fn ids_that_are_taken_are_rejected_whatever_becomes_of_the_transaction_that_meets_them() {
    for (on_error, path) in [
        (OnError::Abort, LoadPath::Statements),
        (OnError::Keep, LoadPath::Statements),
        (OnError::Abort, LoadPath::S3),
        (OnError::Keep, LoadPath::S3),
    ] {
        let mut world = World::start_with(|config| config.on_error = on_error).await;
        world.db.let_load_from_s3().await.unwrap();
        world.options.path = path;
        world.db.sql("INSERT INTO tags VALUES (1, 'Old')").await.unwrap();
        let record = world.drop_file("incoming/tags/a.csv", "1,Taken\n9500,Free\n").await;
        assert_eq!((record.status, figures(&record)), (LoadStatus::Completed, (2, 1, 1)), "{record:?}");
        assert!(world.rejects().contains("1,Taken,1,duplicate_id"), "{}", world.rejects());
        // In every chunk, and in several statements of it, beside each other.
        world.db.sql("INSERT INTO tags SELECT id * 700, 'Old' FROM (SELECT 1 AS id UNION SELECT 2 UNION SELECT 3 UNION SELECT 20) a").await.unwrap();
        let object = world.put("incoming/tags/b.csv", "v1", tags((2..=15_000).filter(|id| *id != 9500)));
        world.deliver(&object).await.unwrap();
        let record = world.record(&object).await;
        assert_eq!(
            (record.status, figures(&record)),
            (LoadStatus::Completed, (14_998, 14_994, 4)),
            "{record:?}"
        );
        assert_eq!(world.count("tags").await, 15_000);
        assert_eq!(world.db.open_transactions(), 0);
    }
}

/// Delivers a file to a function that freezes with its rejects file in hand, until its transaction
/// is gone and another one has loaded the file into a table that `meanwhile` has changed.
async fn wakes_up_late(meanwhile: &str) -> (World, ObjectCreated) {
    let world = World::start_with(|config| config.limits.transaction_idle = Duration::from_millis(300)).await;
    world.db.sql("INSERT INTO tags VALUES (1, 'Old')").await.unwrap();
    let object = world.put("incoming/tags/a.csv", "v1", "1,Taken\n9500,Free\n");
    let freeze = world.store.freeze_put("rejected/");
    let other = async {
        freeze.begun().await;
        while world.db.open_transactions() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        world.db.sql(meanwhile).await.unwrap();
        world.deliver(&object).await.unwrap();
        assert_eq!(world.record(&object).await.status, LoadStatus::Completed);
        freeze.end();
    };
    let (frozen, ()) = tokio::join!(world.deliver(&object), other);
    frozen.unwrap();
    (world, object)
}

#[tokio::test]
async fn a_function_that_wakes_up_late_leaves_no_rejects_file_where_none_belongs() {
    let (world, object) = wakes_up_late("DELETE FROM tags").await;
    assert_eq!(figures(&world.record(&object).await), (2, 2, 0));
    assert_eq!(world.rejects_keys(), [] as [String; 0]);
}

#[tokio::test]
async fn a_function_that_wakes_up_late_leaves_the_rejects_file_of_the_other_one_alone() {
    let (world, object) = wakes_up_late("INSERT INTO tags VALUES (9500, 'Old')").await;
    assert_eq!(figures(&world.record(&object).await), (2, 0, 2));
    let named = world.db.value("SELECT rejects_key FROM rowgate_load_chunks").await.unwrap();
    assert_eq!(world.rejects_keys(), [named]);
    assert_eq!(world.rejects().lines().count(), 3);
}

#[tokio::test]
async fn a_function_that_is_killed_before_it_commits_leaves_no_rejects_file() {
    let world = World::start_with(|config| config.limits.transaction_idle = Duration::from_millis(300)).await;
    world.db.sql("INSERT INTO tags VALUES (1, 'Old')").await.unwrap();
    let object = world.put("incoming/tags/a.csv", "v1", "1,Taken\n9500,Free\n");
    // The file is there, and its COMMIT never answered.
    let unanswered = Rule::new(Effect::DelayMs(60_000)).on(Operation::CommitTransaction);
    world.db.data_api().set(Faults::default().with(unanswered));
    {
        let mut delivery = std::pin::pin!(world.deliver(&object));
        while world.rejects_keys().is_empty() {
            let _ = tokio::time::timeout(Duration::from_millis(10), &mut delivery).await;
        }
    }
    // A COMMIT on its way would come through once nothing delays it.
    while world.db.open_transactions() > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    world.db.data_api().clear();
    world.db.sql("DELETE FROM tags").await.unwrap();
    world.deliver(&object).await.unwrap();
    let record = world.record(&object).await;
    assert_eq!((record.attempts, figures(&record)), (2, (2, 2, 0)));
    assert_eq!(world.rejects_keys(), [] as [String; 0]);
}

/// Loads a file of two records that are rejected, and puts files beside its rejects file: some that
/// an attempt could have left, and some that a person keeps there.
async fn loaded_with_more_files() -> (World, ObjectCreated, String, Vec<String>) {
    let world = World::start().await;
    let object = world.put("incoming/tags/a.csv", "v1", "1,\n2,\n3,Free\n");
    world.deliver(&object).await.unwrap();
    let rejects = world.rejects_keys();
    assert_eq!(rejects.len(), 1, "{rejects:?}");
    let named = &rejects[0];
    let name = named.strip_suffix(".csv").unwrap();
    let folder = &named[..=named.rfind('/').unwrap()];
    let orphan = format!("{name}-0123abcd.csv");
    let kept = [format!("{folder}fixed.csv"), format!("{name}-fixed.csv"), format!("{name}.xlsx")];
    for key in kept.iter().chain([&orphan]) {
        world.store.insert(key, "kept");
    }
    let mut kept = [kept.to_vec(), vec![named.clone()]].concat();
    kept.sort();
    (world, object, orphan, kept)
}

#[tokio::test]
async fn a_file_that_a_person_keeps_beside_the_rejects_stays() {
    let (world, object, _, kept) = loaded_with_more_files().await;
    world.deliver(&object).await.unwrap();
    assert_eq!(world.rejects_keys(), kept);
}

#[tokio::test]
async fn no_rejects_file_is_removed_of_a_load_that_is_forgotten_or_runs_again_meanwhile() {
    let forget = "DELETE FROM rowgate_loads; DELETE FROM rowgate_load_chunks";
    let redrive = "UPDATE rowgate_loads SET status = 'running'; DELETE FROM rowgate_load_chunks";
    for meanwhile in [forget, redrive] {
        // Before the first question, and between the question and what the ledger names.
        for delays_named in [false, true] {
            let (world, object, orphan, mut kept) = loaded_with_more_files().await;
            let freeze = world.store.freeze_list();
            let other = async {
                freeze.begun().await;
                if delays_named {
                    let slow = Rule::new(Effect::DelayMs(1_500)).sql("c.rejects_key AS").times(1);
                    world.db.data_api().set(Faults::default().with(slow));
                    freeze.end();
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                for sql in meanwhile.split("; ") {
                    world.db.sql(sql).await.unwrap();
                }
                freeze.end();
            };
            let (delivered, ()) = tokio::join!(world.deliver(&object), other);
            delivered.unwrap();
            kept.push(orphan);
            kept.sort();
            assert_eq!(world.rejects_keys(), kept, "{meanwhile}, {delays_named}");
        }
    }
}
