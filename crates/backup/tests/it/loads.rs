//! The loads that a manifest lists.

use std::time::Duration;

use backup::{Done, Status};
use domain::backup::ManifestLoads;
use domain::dictionary::LoadMode;
use domain::load::LoadId;

use crate::support::{World, long, one_page};

fn id(number: u32) -> LoadId {
    LoadId::parse(&format!("{number:032x}")).unwrap()
}

impl World {
    /// Puts a load into the ledger that ended when `finished_at` says, an SQL expression.
    async fn load(&self, number: u32, table: &str, status: &str, finished_at: &str) {
        let sql = format!(
            "INSERT INTO rowgate_loads (load_id, bucket, object_key, object_version, table_name, mode, status, \
             rows_loaded, started_at, finished_at) VALUES ('{}', 'data', 'incoming/{table}/{number}.csv', 'v1', \
             '{table}', 'upsert', '{status}', {number}, UTC_TIMESTAMP(3), {finished_at})",
            id(number)
        );
        self.sql(&sql).await;
    }

    fn loads(&self, done: &Done) -> ManifestLoads {
        self.manifest(&done.backup).unwrap().loads
    }
}

fn numbers(loads: &ManifestLoads) -> Vec<u64> {
    loads.completed.iter().flatten().map(|load| load.rows_loaded).collect()
}

#[tokio::test]
async fn a_manifest_lists_the_loads_since_the_backup_before_it() {
    let world = World::with_rows(10).await;
    world.load(1, "tags", "completed", "'2026-11-21 02:00:00.120'").await;
    world.load(2, "documents", "completed", "'2026-11-21 01:00:00.007'").await;
    world.load(3, "tags", "failed", "UTC_TIMESTAMP(3)").await;
    world.load(4, "rowgate_canary", "completed", "UTC_TIMESTAMP(3)").await;
    let first = world.make_all().await;
    let loads = world.loads(&first);
    let oldest = &loads.completed.as_ref().unwrap()[0];
    assert_eq!((&oldest.load, &*oldest.table, oldest.mode), (&id(2), "documents", LoadMode::Upsert));
    assert_eq!((&*oldest.key, oldest.rows_loaded), ("incoming/documents/2.csv", 2));
    assert_eq!(oldest.finished_at, "2026-11-21T01:00:00.007Z");
    assert_eq!((numbers(&loads), loads.total, loads.since, loads.running), (vec![2, 1], None, None, vec![]));

    world.load(5, "collections", "completed", "UTC_TIMESTAMP(3)").await;
    // Not of all tables, so not before the next one of all.
    let collections = world.make(&["collections"], long()).await.unwrap();
    assert_eq!(
        (numbers(&world.loads(&collections)), world.loads(&collections).since.is_some()),
        (vec![5], true)
    );
    // Of two backups of the same second, nobody can say by their ids which one is newer.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let second = world.make_all().await;
    assert_eq!(numbers(&world.loads(&second)), [5]);
    assert_eq!(world.loads(&second).since, Some(first.backup));
    let third = world.make_all().await;
    let expected =
        ManifestLoads { completed: Some(vec![]), since: Some(second.backup), ..Default::default() };
    assert_eq!(world.loads(&third), expected);
}

/// A load's end is seen from its COMMIT on, and has the time of the statement before it.
#[tokio::test]
async fn no_load_is_lost_between_two_backups_and_none_is_listed_twice() {
    let world = World::with_rows(10).await;
    world.load(1, "tags", "running", "NULL").await;
    world.load(2, "tags", "completed", "UTC_TIMESTAMP(3) + INTERVAL 1 HOUR").await;
    let first = world.loads(&world.make_all().await);
    assert_eq!((numbers(&first), first.running), (vec![2], vec![id(1)]));
    let ended = "UPDATE rowgate_loads SET status = 'completed', finished_at = UTC_TIMESTAMP(3) - INTERVAL 1 HOUR \
                 WHERE status = 'running'";
    world.sql(ended).await;
    let second = world.loads(&world.make_all().await);
    assert_eq!((numbers(&second), second.running), (vec![1], vec![]));
}

#[tokio::test]
async fn loads_are_those_of_the_snapshot_however_many_invocations_it_takes() {
    let world = World::with_rows(3000).await;
    world.load(1, "tags", "completed", "UTC_TIMESTAMP(3)").await;
    let mut done = world.make(&["tags", "documents"], one_page()).await.unwrap();
    world.load(2, "tags", "completed", "UTC_TIMESTAMP(3)").await;
    while done.status == Status::Running {
        let next = world.calls.take().unwrap();
        done = world.backups().resume(&next, long()).await.unwrap();
    }
    assert_eq!(numbers(&world.loads(&done)), [1]);
    assert_eq!(numbers(&world.loads(&world.make(&["tags"], long()).await.unwrap())), [2]);
}

#[tokio::test]
async fn of_many_loads_the_newest_are_listed() {
    let world = World::with_rows(10).await;
    // Keys as long as S3 lets them be, in characters of four bytes.
    let sql = format!(
        "INSERT INTO rowgate_loads (load_id, bucket, object_key, object_version, table_name, mode, status, \
         rows_loaded, started_at, finished_at) SELECT LPAD(LOWER(HEX(seq)), 32, '0'), 'data', REPEAT('😀', 256), 'v1', 'tags', \
         'append', 'completed', seq, '2026-11-21', '2026-11-21' + INTERVAL seq SECOND FROM {}",
        testkit::numbers(1005)
    );
    world.sql(&sql).await;
    let loads = world.loads(&world.make_all().await);
    assert_eq!(numbers(&loads), (6..=1005).collect::<Vec<_>>());
    assert_eq!(loads.total, Some(1005));
}
