//! Random tables with keys of every shape and columns of every type, through files and the real
//! database, come back exactly.

use std::time::Duration;

use aurora::Deadline;
use aurora::snapshot::{content_sum, nullable};
use backup::{Backups, Continuation, ContinuationError, Done, Status, Times, Unfinished};
use domain::avro::Codec;
use domain::backup::{BackupId, Manifest, manifest_key};
use domain::row_text::{ContentSum, row_text_sql};
use fastrand::Rng;
use serde_json::json;
use testkit::{RandomTable, TestDatabase};

use crate::support::{Made, World};

const TABLES: u32 = 14;

/// Nothing is continued: one invocation has time for all.
#[derive(Debug, Clone)]
struct InOne;

impl Continuation<Unfinished> for InOne {
    async fn continue_later(&self, _: Unfinished) -> Result<(), ContinuationError> {
        Err(ContinuationError("refused by the test".into()))
    }
}

#[tokio::test]
async fn random_tables_of_every_key_and_type_come_back_exactly() {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    let db = TestDatabase::migrated().await.unwrap();
    let mut world = World::over(db, testkit::dictionary());
    for number in 0..TABLES {
        let rows = *random.choice(&[0, 1, 50, 400]).unwrap();
        let drawn = RandomTable::draw(&mut random, &format!("random_{number}"), rows).unwrap();
        let context = format!("seed {seed}, table {number}: {}", drawn.create);
        world.dictionary = drawn.dictionary;
        world.sql(&drawn.create).await;
        let table = drawn.table();
        let codec = *random.choice(&[Codec::Null, Codec::Deflate, Codec::Zstandard]).unwrap();
        let made = Made { part_rows: random.usize(1..200), codec };
        let id = format!("20261121-020000-{number:08x}");
        let written = world.back_up(&id, &[(table.name(), &drawn.rows)], made).await;
        world.restore(json!({ "backup": id })).await;
        let mut expected = drawn.row_texts();
        expected.sort();
        assert_eq!(texts(&world, table.name()).await, expected, "{context}");

        // A backup of what was restored has the same rows, and so has what is restored from it.
        let manifest = back_up(&world, part_bytes(&mut random)).await;
        let entry = &manifest.tables[table.name()];
        let sum = ContentSum::parse(entry.rows, &entry.checksum).unwrap();
        assert_eq!(entry.checksum, written.tables[table.name()].checksum, "{context}");
        world.sql(&format!("DELETE FROM {} LIMIT 20", table.name())).await;
        let backup = manifest.backup.to_string();
        world.restore(json!({ "backup": backup, "mode": "verify" })).await;
        assert!(texts(&world, table.name()).await.len() <= expected.len());
        world.restore(json!({ "backup": backup })).await;
        let nullable = nullable(&world.db.database(), table.name(), table).await.unwrap();
        let found = content_sum(&world.db.database(), table.name(), table, &nullable).await.unwrap();
        assert_eq!(found, sum, "{context}");
        assert_eq!(texts(&world, table.name()).await, expected, "{context}");
    }
}

/// Bytes of a backup's files: few, or all in one.
fn part_bytes(random: &mut Rng) -> u64 {
    if random.bool() { 1024 } else { 1 << 20 }
}

/// Backs up the world's only table, as the backup function does.
async fn back_up(world: &World, part_bytes: u64) -> Manifest {
    let backups = Backups {
        database: world.db.database(),
        store: world.bucket.clone(),
        continuation: InOne,
        events: Default::default(),
        dictionary: world.dictionary,
        dictionary_version: "0123456789abcdef",
        options: backup::Options { part_bytes, ..backup::Options::default() },
    };
    let times = Times::before(Deadline::after(Duration::from_secs(60)));
    let tables: Vec<_> = world.dictionary.tables().iter().collect();
    let Done { backup, status, .. } = backups.make(&tables, times).await.unwrap();
    assert_eq!(status, Status::Completed);
    manifest(world, &backup)
}

fn manifest(world: &World, backup: &BackupId) -> Manifest {
    Manifest::parse_of(backup, &world.bucket.content(&manifest_key(backup)).unwrap()).unwrap()
}

/// The row texts of the world's only table, sorted.
async fn texts(world: &World, name: &str) -> Vec<String> {
    let table = world.table(name);
    let nullable = vec![true; table.columns().len()];
    let sql = format!("SELECT {} FROM {name}", row_text_sql(table, &nullable));
    let rows = world.db.sql(&sql).await.unwrap();
    let mut texts: Vec<String> = rows.into_iter().filter_map(|row| row[0].clone()).collect();
    texts.sort();
    texts
}
