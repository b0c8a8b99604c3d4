//! Restores of good backups.

use domain::avro::Codec;
use serde_json::{Value as Json, json};

use crate::support::{BACKUP, Made, World, all_of_it, documents, named};

#[tokio::test]
async fn every_table_is_as_it_was_and_its_previous_table_is_kept() {
    let world = World::start().await;
    let (tags, collections, people) = (named(1..=3), named([5]), documents(1..=4));
    let tables = [("collections", &*collections), ("tags", &tags), ("documents", &people)];
    world.back_up(BACKUP, &tables, Made::default()).await;
    world.sql("INSERT INTO tags VALUES (1, 'changed'), (9, 'came later')").await;
    let restored = world.restore(all_of_it()).await;
    let answer = serde_json::to_value(&restored).unwrap();
    assert_eq!((&answer["status"], &answer["mode"]), (&json!("completed"), &json!("replace")));
    let figures = &answer["tables"]["documents"];
    assert_eq!(
        [&figures["rows_read"], &figures["rows_restored"], &figures["rows_rejected"], &figures["kept"]],
        [&json!(4), &json!(4), &json!(0), &json!(true)]
    );
    assert_eq!(figures["checksum"].as_str().map(str::len), Some(16));
    let cell = |text: &str| Some(text.to_owned());
    assert_eq!(
        world.rows("documents").await[3],
        [cell("4"), cell("Document 4 of many"), cell("2021-07-27 16:04:04"), cell("4"), cell("4")]
    );
    let tags = world.rows("tags").await;
    assert_eq!(tags, [1, 2, 3].map(|id| [cell(&id.to_string()), cell(&format!("Name {id}"))]));
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
    let tables = [("collections", &*named([5])), ("tags", &named(1..=3))];
    world.back_up(BACKUP, &tables, Made::default()).await;
    world.sql("INSERT INTO collections VALUES (77, 'new')").await;
    let restored = world.restore(json!({ "backup": BACKUP, "tables": ["tags"] })).await;
    assert_eq!(restored.tables.keys().collect::<Vec<_>>(), ["tags"]);
    assert_eq!(world.rows("collections").await.len(), 1);
    assert_eq!(world.db.value("SELECT id FROM collections").await.unwrap(), "77");
    assert_eq!(world.rows("tags").await.len(), 3);
}

#[tokio::test]
async fn many_chunks_of_several_parts_of_every_codec_come_back() {
    let world = World::start().await;
    let rows = documents(1..=70_000);
    for (number, codec) in [Codec::Deflate, Codec::Zstandard, Codec::Null].into_iter().enumerate() {
        let id = format!("20261121-020000-0000000{number}");
        let made = Made { part_rows: 30_000, codec };
        world.back_up(&id, &[("documents", &rows)], made).await;
        let restored = world.restore(json!({ "backup": id })).await;
        assert_eq!(restored.tables["documents"].rows_restored, 70_000);
        let sum = "SELECT CONCAT(COUNT(*), ' ', SUM(id), ' ', COUNT(collection_id), ' ', COUNT(tag_id)) FROM documents";
        let lacking = |every: usize| 70_000 - 70_000 / every;
        let expected = format!("70000 2450035000 {} {}", lacking(7), lacking(11));
        assert_eq!(world.db.value(sum).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn latest_is_the_newest_good_backup_with_the_tables() {
    let world = World::start().await;
    let id = |day: u32| format!("202611{day:02}-020000-00000001");
    let all = [("collections", &*named([1])), ("tags", &named([1])), ("documents", &documents([1]))];
    world.back_up_all(&id(1), &all).await;
    world.back_up(&id(2), &[("tags", &named(1..=2))], Made::default()).await;
    let broken = world.back_up(&id(3), &[("tags", &named(1..=3))], Made::default()).await;
    world.bucket.remove(&crate::support::key(&broken, "tags", 0));
    world.restore(json!({ "backup": "latest", "tables": ["tags"] })).await;
    assert_eq!(world.rows("tags").await.len(), 2);
    let restored = world.restore(json!({ "backup": "latest" })).await;
    assert_eq!((restored.tables.len(), world.rows("tags").await.len()), (testkit::tables().len(), 1));
    let source = format!("SELECT source FROM rowgate_restores WHERE restore_id = '{}'", restored.restore);
    assert_eq!(world.db.value(&source).await.unwrap(), id(1));
}

#[tokio::test]
async fn an_empty_table_comes_back_empty() {
    let world = World::start().await;
    world.back_up(BACKUP, &[("tags", &[])], Made::default()).await;
    world.sql("INSERT INTO tags VALUES (1, 'a')").await;
    let restored = world.restore(all_of_it()).await;
    assert_eq!(restored.tables["tags"].checksum.as_deref(), Some(&*"0".repeat(16)));
    assert!(world.rows("tags").await.is_empty());
    let mut manifest = world.back_up(BACKUP, &[("tags", &[])], Made::default()).await;
    let tags = manifest.tables.get_mut("tags").unwrap();
    (tags.files, tags.bytes) = (Vec::new(), 0);
    world.put_manifest(&manifest);
    world.sql("INSERT INTO tags VALUES (1, 'a')").await;
    world.restore(all_of_it()).await;
    assert!(world.rows("tags").await.is_empty());
}

#[tokio::test]
async fn a_verification_changes_no_table_and_is_noted_with_the_backup() {
    let world = World::start().await;
    let tables = world.tables().await;
    world.back_up(BACKUP, &[("tags", &named(1..=3))], Made::default()).await;
    world.sql("INSERT INTO tags VALUES (9, 'stays')").await;
    let restored = world.restore(json!({ "backup": BACKUP, "mode": "verify" })).await;
    assert_eq!(restored.tables["tags"].rows_read, 3);
    assert_eq!(world.rows("tags").await.len(), 1);
    assert_eq!(world.tables().await, tables);
    let noted = world.bucket.content(&format!("backups/{BACKUP}/verified.json")).unwrap();
    let noted: Json = serde_json::from_slice(&noted).unwrap();
    assert_eq!((&noted["good"], &noted["tables"]), (&json!(true), &json!(["tags"])));
    assert_eq!(noted["restore"].as_str(), Some(restored.restore.as_str()));
}

#[tokio::test]
async fn a_restore_that_has_ended_is_answered_and_not_repeated() {
    let world = World::start().await;
    world.back_up(BACKUP, &[("tags", &named(1..=3))], Made::default()).await;
    let id = "20261121-100000-0000000a";
    let first = world.restore(json!({ "backup": BACKUP, "restore": id })).await;
    world.sql("DELETE FROM tags WHERE id = 2").await;
    for again in [json!({ "backup": "latest", "restore": id }), json!({ "continue": { "restore": id } })] {
        assert_eq!(world.restore(again).await, first);
    }
    assert_eq!(world.rows("tags").await.len(), 2, "nothing is restored a second time");
}
