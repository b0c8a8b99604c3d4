//! Restores beside other work on the same tables.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use aurora::snapshot::Snapshot;
use serde_json::json;
use testkit::local_data_api::{Effect, Faults, Rule};

use crate::support::{BACKUP, Made, World, all_of_it, documents, named, nullable};

#[tokio::test]
async fn of_two_restores_of_a_table_at_once_one_takes_its_place_and_the_other_is_refused() {
    let world = World::start().await;
    world.back_up(BACKUP, &[("tags", &named(1..=500))], Made::default()).await;
    let other = "20261120-020000-00000001";
    world.back_up(other, &[("tags", &named(1001..=1400))], Made::default()).await;
    let ended = tokio::join!(world.invoke(all_of_it()), world.invoke(json!({ "backup": other })));
    match ended {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => {
            let refused = refused.to_string();
            assert!(refused.contains("the table tags was restored by "), "{refused}");
        }
        both => panic!("{both:?}"),
    }
    let rows = world.db.value("SELECT CONCAT(COUNT(*), ' ', MIN(id), ' ', MAX(id)) FROM tags").await.unwrap();
    assert!(["500 1 500", "400 1001 1400"].contains(&&*rows), "{rows}");
    let tables = world.tables().await;
    assert_eq!(tables.iter().filter(|name| name.starts_with("rowgate_")).count(), 1, "{tables:?}");
}

#[tokio::test]
async fn concurrent_deliveries_of_a_restore_do_nothing_twice() {
    let world = World::start().await;
    world.back_up(BACKUP, &[("documents", &documents(1..=40_000))], Made::default()).await;
    let payload = || json!({ "backup": BACKUP, "restore": "20261121-100000-0000000a" });
    let (one, other) = tokio::join!(world.restore(payload()), world.restore(payload()));
    assert_eq!(one, other);
    assert_eq!(one.tables["documents"].rows_restored, 40_000);
    let sums = world.db.value("SELECT CONCAT(COUNT(*), ' ', SUM(id)) FROM documents").await.unwrap();
    assert_eq!(sums, "40000 800020000");
}

#[tokio::test]
async fn a_backup_that_is_being_read_is_in_no_restores_way() {
    let world = World::start().await;
    world.sql("INSERT INTO tags VALUES (99, 'before')").await;
    world.back_up(BACKUP, &[("tags", &named(1..=3))], Made::default()).await;
    let database = world.db.database();
    let tags = world.table("tags");
    let nullable = nullable(&database, tags).await;
    let snapshot = Snapshot::take(&database, &[]).await.unwrap();
    let page = snapshot.pages(tags, &nullable, None).next().await.unwrap().unwrap();
    assert_eq!(page.len(), 1);
    world.restore(all_of_it()).await;
    assert_eq!(world.rows("tags").await.len(), 3);
    snapshot.end().await;
}

#[tokio::test]
async fn rows_that_arrive_meanwhile_are_in_the_previous_table_or_in_the_restored_one() {
    let world = World::start().await;
    world.back_up(BACKUP, &[("documents", &documents(1..=30_000))], Made::default()).await;
    let slow = Rule::new(Effect::DelayMs(20)).sql("INSERT INTO `rowgate_new_");
    world.db.data_api().set(Faults::default().with(slow));
    let is_over = AtomicBool::new(false);
    let arriving = async {
        let mut arrived = BTreeSet::new();
        for id in 100_000.. {
            let insert = format!("INSERT INTO documents VALUES ({id}, 'new', '2024-01-01', NULL, NULL)");
            world.sql(&insert).await;
            arrived.insert(id.to_string());
            if is_over.load(Ordering::Relaxed) {
                return arrived;
            }
        }
        arrived
    };
    let restoring = async {
        let restored = world.restore(all_of_it()).await;
        is_over.store(true, Ordering::Relaxed);
        restored
    };
    let (arrived, _) = tokio::join!(arriving, restoring);
    let tables = world.tables().await;
    let kept = tables.iter().find(|name| name.starts_with("rowgate_previous")).unwrap();
    let mut found = BTreeSet::new();
    for table in ["documents", kept] {
        let sql = format!("SELECT id FROM `{table}` WHERE id >= 100000");
        for row in world.db.sql(&sql).await.unwrap() {
            assert!(found.insert(row[0].clone().unwrap()), "{row:?} is in both");
        }
    }
    assert_eq!(found, arrived);
    assert_eq!(world.db.value("SELECT COUNT(*) FROM documents WHERE id < 100000").await.unwrap(), "30000");
}
