//! Restores of good backups.

use domain::avro::Codec;
use serde_json::{Value as Json, json};

use crate::support::{BACKUP, Made, World, all_of_it, employees, named};

#[tokio::test]
async fn every_table_is_as_it_was_and_its_previous_table_is_kept() {
    let world = World::start().await;
    let (jobs, departments, people) = (named(1..=3), named([5]), employees(1..=4));
    let tables = [("departments", &*departments), ("jobs", &jobs), ("employees", &people)];
    world.back_up(BACKUP, &tables, Made::default()).await;
    world.sql("INSERT INTO jobs VALUES (1, 'changed'), (9, 'came later')").await;
    let restored = world.restore(all_of_it()).await;
    let answer = serde_json::to_value(&restored).unwrap();
    assert_eq!((&answer["status"], &answer["mode"]), (&json!("completed"), &json!("replace")));
    let figures = &answer["tables"]["employees"];
    assert_eq!(
        [&figures["rows_read"], &figures["rows_restored"], &figures["rows_rejected"], &figures["kept"]],
        [&json!(4), &json!(4), &json!(0), &json!(true)]
    );
    assert_eq!(figures["checksum"].as_str().map(str::len), Some(16));
    let cell = |text: &str| Some(text.to_owned());
    assert_eq!(
        world.rows("employees").await[3],
        [cell("4"), cell("Employee 4 of many"), cell("2021-07-27 16:04:04"), cell("4"), cell("4")]
    );
    let jobs = world.rows("jobs").await;
    assert_eq!(jobs, [1, 2, 3].map(|id| [cell(&id.to_string()), cell(&format!("Name {id}"))]));
    let tables = world.tables().await;
    let kept: Vec<&String> = tables.iter().filter(|name| name.starts_with("rowgate_previous")).collect();
    assert_eq!((tables.len(), kept.len()), (testkit::tables().len() + 3, 3), "{tables:?}");
    let mut former = Vec::new();
    for name in kept {
        let rows = world.db.sql(&format!("SELECT * FROM `{name}`")).await.unwrap();
        former.extend(rows.into_iter().filter_map(|row| row[0].clone()));
    }
    assert_eq!(former, ["1", "9"]);
}

#[tokio::test]
async fn tables_that_are_not_asked_for_stay() {
    let world = World::start().await;
    let tables = [("departments", &*named([5])), ("jobs", &named(1..=3))];
    world.back_up(BACKUP, &tables, Made::default()).await;
    world.sql("INSERT INTO departments VALUES (77, 'new')").await;
    let restored = world.restore(json!({ "backup": BACKUP, "tables": ["jobs"] })).await;
    assert_eq!(restored.tables.keys().collect::<Vec<_>>(), ["jobs"]);
    assert_eq!(world.rows("departments").await.len(), 1);
    assert_eq!(world.db.value("SELECT id FROM departments").await.unwrap(), "77");
    assert_eq!(world.rows("jobs").await.len(), 3);
}

#[tokio::test]
async fn many_chunks_of_several_parts_of_every_codec_come_back() {
    let world = World::start().await;
    let rows = employees(1..=70_000);
    for (number, codec) in [Codec::Deflate, Codec::Zstandard, Codec::Null].into_iter().enumerate() {
        let id = format!("20261121-020000-0000000{number}");
        let made = Made { part_rows: 30_000, codec };
        world.back_up(&id, &[("employees", &rows)], made).await;
        let restored = world.restore(json!({ "backup": id })).await;
        assert_eq!(restored.tables["employees"].rows_restored, 70_000);
        let sum = "SELECT CONCAT(COUNT(*), ' ', SUM(id), ' ', COUNT(department_id), ' ', COUNT(job_id)) FROM employees";
        let lacking = |every: usize| 70_000 - 70_000 / every;
        let expected = format!("70000 2450035000 {} {}", lacking(7), lacking(11));
        assert_eq!(world.db.value(sum).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn latest_is_the_newest_good_backup_with_the_tables() {
    let world = World::start().await;
    let id = |day: u32| format!("202611{day:02}-020000-00000001");
    let all = [("departments", &*named([1])), ("jobs", &named([1])), ("employees", &employees([1]))];
    world.back_up_all(&id(1), &all).await;
    world.back_up(&id(2), &[("jobs", &named(1..=2))], Made::default()).await;
    let broken = world.back_up(&id(3), &[("jobs", &named(1..=3))], Made::default()).await;
    world.bucket.remove(&crate::support::key(&broken, "jobs", 0));
    world.restore(json!({ "backup": "latest", "tables": ["jobs"] })).await;
    assert_eq!(world.rows("jobs").await.len(), 2);
    let restored = world.restore(json!({ "backup": "latest" })).await;
    assert_eq!((restored.tables.len(), world.rows("jobs").await.len()), (testkit::tables().len(), 1));
    let source = format!("SELECT source FROM rowgate_restores WHERE restore_id = '{}'", restored.restore);
    assert_eq!(world.db.value(&source).await.unwrap(), id(1));
}

#[tokio::test]
async fn an_empty_table_comes_back_empty() {
    let world = World::start().await;
    world.back_up(BACKUP, &[("jobs", &[])], Made::default()).await;
    world.sql("INSERT INTO jobs VALUES (1, 'a')").await;
    let restored = world.restore(all_of_it()).await;
    assert_eq!(restored.tables["jobs"].checksum.as_deref(), Some(&*"0".repeat(16)));
    assert!(world.rows("jobs").await.is_empty());
    let mut manifest = world.back_up(BACKUP, &[("jobs", &[])], Made::default()).await;
    let jobs = manifest.tables.get_mut("jobs").unwrap();
    (jobs.files, jobs.bytes) = (Vec::new(), 0);
    world.put_manifest(&manifest);
    world.sql("INSERT INTO jobs VALUES (1, 'a')").await;
    world.restore(all_of_it()).await;
    assert!(world.rows("jobs").await.is_empty());
}

#[tokio::test]
async fn a_verification_changes_no_table_and_is_noted_with_the_backup() {
    let world = World::start().await;
    let tables = world.tables().await;
    world.back_up(BACKUP, &[("jobs", &named(1..=3))], Made::default()).await;
    world.sql("INSERT INTO jobs VALUES (9, 'stays')").await;
    let restored = world.restore(json!({ "backup": BACKUP, "mode": "verify" })).await;
    assert_eq!(restored.tables["jobs"].rows_read, 3);
    assert_eq!(world.rows("jobs").await.len(), 1);
    assert_eq!(world.tables().await, tables);
    let noted = world.bucket.content(&format!("backups/{BACKUP}/verified.json")).unwrap();
    let noted: Json = serde_json::from_slice(&noted).unwrap();
    assert_eq!((&noted["good"], &noted["tables"]), (&json!(true), &json!(["jobs"])));
    assert_eq!(noted["restore"].as_str(), Some(restored.restore.as_str()));
}

#[tokio::test]
async fn a_restore_that_has_ended_is_answered_and_not_repeated() {
    let world = World::start().await;
    world.back_up(BACKUP, &[("jobs", &named(1..=3))], Made::default()).await;
    let id = "20261121-100000-0000000a";
    let first = world.restore(json!({ "backup": BACKUP, "restore": id })).await;
    world.sql("DELETE FROM jobs WHERE id = 2").await;
    for again in [json!({ "backup": "latest", "restore": id }), json!({ "continue": { "restore": id } })] {
        assert_eq!(world.restore(again).await, first);
    }
    assert_eq!(world.rows("jobs").await.len(), 2, "nothing is restored a second time");
}
