//! Backups that fail, and functions that are killed.

use std::sync::atomic::Ordering;

use backup::catalogue::newest_good;
use backup::{BackupError, Options, Times};
use testkit::local_data_api::{Faults, OnError, Rule};

use crate::support::{World, dictionary, long, one_page};

const ALL: [&str; 3] = ["collections", "tags", "documents"];

#[tokio::test]
async fn killed_at_any_step_it_leaves_no_manifest_or_a_whole_backup() {
    let mut world = World::with_rows(20_000).await;
    world.options = Options { part_bytes: 20_000, ..Options::default() };
    let before = world.store.calls();
    world.make_all().await;
    let calls = world.store.calls() - before;
    assert!(calls > 10, "{calls}");
    let (mut whole, mut none) = (0, 0);
    for call in 0..calls {
        world.store = Default::default();
        world.store.stop_after(call);
        let made = world.make(&ALL, long()).await;
        world.store.resume();
        let tables = ALL.map(|name| dictionary().table(name).unwrap());
        match newest_good(&world.store, &tables).await.unwrap() {
            Some(manifest) => {
                whole += 1;
                assert!(made.is_ok(), "after {call} calls");
                assert_eq!(manifest.tables["tags"].checksum, world.sum("tags").await.checksum());
            }
            None => {
                none += 1;
                assert!(made.is_err(), "after {call} calls");
                assert!(!world.store.keys().iter().any(|key| key.ends_with("manifest.json")));
            }
        }
    }
    assert!(whole > 0 && none > 5, "{whole} {none}");
    assert_eq!(world.db.open_transactions(), 0);
}

#[tokio::test]
async fn a_table_that_was_dropped_fails_the_backup_by_its_name() {
    let world = World::with_rows(1500).await;
    world.sql("DROP TABLE tags").await;
    let error = world.make(&ALL, long()).await.unwrap_err();
    assert_eq!(error.reason(), "the table tags is not in the database");
    assert!(world.files().is_empty());
    let states: Vec<String> = world.store.keys();
    assert_eq!(states.len(), 1, "only its state is left: {states:?}");
    let state = world.store.content(&states[0]).unwrap();
    assert!(String::from_utf8_lossy(&state).contains("the table tags is not in the database"));
}

#[tokio::test]
async fn a_table_without_a_column_of_the_dictionary_fails_the_backup() {
    let world = World::start().await;
    world.sql("ALTER TABLE tags DROP COLUMN tag_name").await;
    let error = world.make(&ALL, long()).await.unwrap_err();
    assert!(matches!(&error, BackupError::NoColumn { table } if table == "tags"), "{error}");
}

#[tokio::test]
async fn a_value_that_no_file_can_hold_fails_the_backup_with_where_it_is() {
    let world = World::with_rows(10).await;
    world.db.sql_unchecked("INSERT INTO documents VALUES (4711, 'n', '0000-00-00', 1, 1)").await.unwrap();
    let error = world.make(&["documents"], long()).await.unwrap_err();
    let BackupError::Value { table, key, column, .. } = &error else { panic!("{error}") };
    assert_eq!((&**table, &**key, &**column), ("documents", "4711", "datetime"));
    assert!(world.files().is_empty());
}

#[tokio::test]
async fn an_invocation_without_time_fails_instead_of_asking_for_another() {
    let world = World::with_rows(10).await;
    let error = world
        .make(&ALL, Times::before(aurora::Deadline::after(std::time::Duration::ZERO)))
        .await
        .unwrap_err();
    assert!(error.reason().contains("time was over"), "{error}");
    assert!(world.calls.take().is_none());
}

#[tokio::test]
async fn an_abandoned_backup_has_failed() {
    let world = World::with_rows(3000).await;
    world.calls.refuse.store(true, Ordering::Relaxed);
    let error = world.make(&ALL, one_page()).await.unwrap_err();
    assert!(matches!(error, BackupError::Continuation(_)), "{error}");
    assert!(world.files().is_empty());
    assert_eq!(world.db.open_transactions(), 0);
}

#[tokio::test]
async fn a_database_that_stumbles_is_asked_again() {
    let world = World::with_rows(5000).await;
    let faults = Faults { seed: 7, ..Faults::default() };
    world.db.data_api().set(faults.with(Rule::lose_answer().rate(0.2)));
    let done = world.make_all().await;
    world.db.data_api().set(Faults::default());
    world.check(&world.manifest(&done.backup).unwrap());
}

#[tokio::test]
async fn pages_that_are_too_large_make_the_backup_begin_anew_with_smaller_ones() {
    for on_error in [OnError::Abort, OnError::Keep] {
        let world = World::start_with(|config| {
            config.on_error = on_error;
            config.limits.result_bytes = 100_000;
        })
        .await;
        world.add_rows(5000).await;
        let done = world.make_all().await;
        let state = world.state(&done.backup);
        assert_eq!((&state["halvings"], &state["snapshots"]), (&3.into(), &4.into()), "{on_error:?}");
        world.check(&world.manifest(&done.backup).unwrap());
        assert_eq!(world.db.open_transactions(), 0);
    }
}

#[tokio::test]
async fn pages_that_are_too_large_however_small_fail_the_backup() {
    let world = World::start_with(|config| config.limits.result_bytes = 20_000).await;
    world.add_rows(5000).await;
    let error = world.make(&ALL, long()).await.unwrap_err();
    assert_eq!(error.reason(), "the database: too_large");
    assert_eq!((world.files(), world.db.open_transactions()), (vec![], 0));
}

#[tokio::test]
async fn names_of_the_widest_characters_are_backed_up_in_one_snapshot() {
    let world = World::with_rows(3000).await;
    world.sql("UPDATE documents SET name = REPEAT('😀', 255) WHERE id BETWEEN 1001 AND 2499").await;
    let done = world.make_all().await;
    world.check(&world.manifest(&done.backup).unwrap());
    assert_eq!(world.state(&done.backup)["snapshots"], 1);
}

#[tokio::test]
async fn wide_rows_among_short_ones_are_backed_up_in_one_snapshot() {
    let world = World::with_rows(20_000).await;
    world
        .sql("UPDATE documents SET name = REPEAT('😀', 255) WHERE id IN (1, 2, 9000, 15000, 15002, 20000)")
        .await;
    let done = world.make_all().await;
    let manifest = world.manifest(&done.backup).unwrap();
    world.check(&manifest);
    assert_eq!(manifest.tables["documents"].checksum, world.sum("documents").await.checksum());
    assert_eq!(world.state(&done.backup)["snapshots"], 1);
}
