//! A backup in one invocation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use apache_avro::types::Value;
use backup::{Options, Status};
use domain::avro::Codec;
use domain::backup::folder;
use mysql_async::prelude::Queryable;

use crate::support::{World, dictionary, long};

#[tokio::test]
async fn files_and_manifest_hold_what_the_database_holds() {
    for codec in [Codec::Deflate, Codec::Zstandard, Codec::Null] {
        let mut world = World::with_rows(30_000).await;
        world.options = Options { codec, part_bytes: 20_000, ..Options::default() };
        let done = world.make_all().await;
        assert_eq!((done.status, done.rows()), (Status::Completed, 90_000));
        let manifest = world.manifest(&done.backup).unwrap();
        world.check(&manifest);
        let names: Vec<&String> = manifest.tables.keys().collect();
        assert_eq!(names, ["collections", "tags", "documents"], "in the dictionary's order");
        for (name, table) in &manifest.tables {
            assert_eq!(table.checksum, world.sum(name).await.checksum(), "{name}");
            assert!(table.files.len() > 1, "{name} has {} files", table.files.len());
            let keys: Vec<String> = table.files.iter().map(|file| folder(&done.backup) + &file.key).collect();
            assert_eq!(done.tables[name].files, keys);
        }
        assert_eq!((manifest.codec, Some(&manifest.snapshot_time)), (codec, done.snapshot_time.as_ref()));
        assert_eq!(world.state(&done.backup)["status"], "completed");
        assert_eq!(world.db.open_transactions(), 0);
    }
}

#[tokio::test]
async fn other_programs_read_the_files() {
    let world = World::with_rows(2000).await;
    world
        .sql("INSERT INTO documents VALUES (-2147483648, 'a,\\n\\0\"😀', '1000-01-01', 1, 2147483647)")
        .await;
    let done = world.make(&["filed_documents", "documents"], long()).await.unwrap();
    assert_eq!(done.tables.len(), 1, "one table, whatever it is called");
    let content = world.store.content(&done.tables["documents"].files[0]).unwrap();
    let rows: Vec<Value> = apache_avro::Reader::new(&content[..]).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 2001);
    let Value::Record(first) = &rows[0] else { panic!("{:?}", rows[0]) };
    let fields: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(fields, ["id", "name", "datetime", "collection_id", "tag_id"]);
    assert_eq!(first[0].1, Value::Int(i32::MIN));
    assert_eq!(first[1].1, Value::String("a,\n\0\"😀".to_owned()));
    // 1000-01-01 of the proleptic Gregorian calendar.
    assert_eq!(first[2].1, Value::TimestampMillis(-30_610_224_000_000));
    assert_eq!(first[4].1, Value::Union(1, Box::new(Value::Int(i32::MAX))), "the column takes NULL");
}

#[tokio::test]
async fn a_table_without_rows_has_a_file_without_rows() {
    let world = World::start().await;
    let done = world.make_all().await;
    let manifest = world.manifest(&done.backup).unwrap();
    world.check(&manifest);
    for table in manifest.tables.values() {
        assert_eq!((table.rows, table.files.len(), table.files[0].rows), (0, 1, 0));
        let content = world.store.content(&(folder(&done.backup) + &table.files[0].key)).unwrap();
        assert_eq!(apache_avro::Reader::new(&content[..]).unwrap().count(), 0);
    }
}

/// Commits rows of the same id to all three tables, all the time.
#[tokio::test(flavor = "multi_thread")]
async fn three_tables_under_constant_writes_are_one_snapshot() {
    let world = World::with_rows(25_000).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut conn = world.db.connect().await.unwrap();
    let writer = tokio::spawn({
        let stop = Arc::clone(&stop);
        async move {
            let mut id = 25_000;
            while !stop.load(Ordering::Relaxed) {
                id += 1;
                for sql in [
                    "BEGIN".to_owned(),
                    format!("INSERT INTO documents VALUES ({id}, 'n', '2021-01-01', {id}, {id})"),
                    format!("INSERT INTO tags VALUES ({id}, 'j')"),
                    format!("INSERT INTO collections VALUES ({id}, 'd')"),
                    "COMMIT".to_owned(),
                ] {
                    conn.query_drop(sql).await.unwrap();
                }
            }
            conn.disconnect().await.unwrap();
            id
        }
    });
    for _ in 0..3 {
        let done = world.make_all().await;
        let manifest = world.manifest(&done.backup).unwrap();
        world.check(&manifest);
        let rows: Vec<u64> = manifest.tables.values().map(|table| table.rows).collect();
        assert!(rows.iter().all(|of_table| *of_table == rows[0]), "{rows:?}");
        let now: u64 = world.db.value("SELECT COUNT(*) FROM tags").await.unwrap().parse().unwrap();
        assert!(rows[0] < now, "nothing was written meanwhile, so nothing is shown");
    }
    stop.store(true, Ordering::Relaxed);
    assert!(writer.await.unwrap() > 25_000);
}

#[tokio::test]
async fn two_backups_at_once_are_both_right() {
    let world = World::with_rows(5000).await;
    let all = ["collections", "tags", "documents"];
    let (one, other) = tokio::join!(world.make(&all, long()), world.make(&all, long()));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_ne!(one.backup, other.backup);
    for done in [one, other] {
        let manifest = world.manifest(&done.backup).unwrap();
        world.check(&manifest);
        for (name, table) in &manifest.tables {
            assert_eq!(table.checksum, world.sum(name).await.checksum());
        }
    }
}

#[tokio::test]
async fn what_is_nullable_in_the_database_is_nullable_in_the_file() {
    let world = World::start().await;
    world
        .sql("INSERT INTO documents VALUES (1, 'a', '2021-01-01', 1, NULL), (2, 'b', '2021-01-01', 1, 2)")
        .await;
    let done = world.make(&["documents"], long()).await.unwrap();
    let content = world.store.content(&done.tables["documents"].files[0]).unwrap();
    let rows: Vec<Value> = apache_avro::Reader::new(&content[..]).unwrap().collect::<Result<_, _>>().unwrap();
    let tags: Vec<&Value> = rows
        .iter()
        .map(|row| match row {
            Value::Record(fields) => &fields[4].1,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(*tags[0], Value::Union(0, Box::new(Value::Null)));
    assert_eq!(*tags[1], Value::Union(1, Box::new(Value::Int(2))));
    let manifest = world.manifest(&done.backup).unwrap();
    assert_eq!(manifest.tables["documents"].checksum, world.sum("documents").await.checksum());
    assert_eq!(
        manifest.tables["documents"].columns.len(),
        dictionary().table("documents").unwrap().columns().len()
    );
}
