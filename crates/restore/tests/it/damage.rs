//! Backups that are not what they were: each restore fails with a reason, and the tables are as
//! they are.

use domain::avro::{Codec, FileWriter, Meta, Schema};
use domain::backup::{BackupId, Manifest};
use serde_json::{Value as Json, json};

use crate::support::{BACKUP, Made, World, all_of_it, documents, key, named, nullable};

/// A backup of tags and collections in two parts each, and a table that has something else.
async fn world() -> (World, Manifest) {
    let world = World::start().await;
    let tables = [("collections", &*named(1..=20)), ("tags", &named(1..=20))];
    let manifest = world.back_up(BACKUP, &tables, Made { part_rows: 10, ..Made::default() }).await;
    world.sql("INSERT INTO tags VALUES (99, 'stays')").await;
    (world, manifest)
}

/// The restore fails for this reason, the table is as it is, and the backup is marked.
async fn is_refused(world: &World, expected: &str) {
    let reason = world.fails(all_of_it()).await;
    assert!(reason.contains(expected), "{reason:?} does not say {expected:?}");
    assert_eq!(world.db.value("SELECT GROUP_CONCAT(id) FROM tags").await.unwrap(), "99");
    let noted = world.bucket.content(&format!("backups/{BACKUP}/verified.json")).expect("it is not noted");
    let noted: Json = serde_json::from_slice(&noted).unwrap();
    assert_eq!((&noted["good"], &noted["error"]), (&json!(false), &json!(reason)));
}

#[tokio::test]
async fn a_file_that_is_missing() {
    let (world, manifest) = world().await;
    world.bucket.remove(&key(&manifest, "tags", 1));
    is_refused(&world, "tags/part-00001.avro is missing").await;
}

#[tokio::test]
async fn a_file_that_is_cut_off() {
    let (world, mut manifest) = world().await;
    let mut content = world.part(&manifest, "tags", 1);
    content.truncate(content.len() - 20);
    world.bucket.insert(&key(&manifest, "tags", 1), content.clone());
    is_refused(&world, "tags/part-00001.avro has").await;
    // A manifest that was altered as well does not help.
    world.forge(&mut manifest, "tags", 1, content);
    is_refused(&world, "tags/part-00001.avro: it ends in the middle of").await;
}

#[tokio::test]
async fn a_file_that_ends_with_a_whole_block_too_early() {
    let world = World::start().await;
    let mut manifest = world.back_up(BACKUP, &[("tags", &named(1..=20_000))], Made::default()).await;
    world.sql("INSERT INTO tags VALUES (99, 'stays')").await;
    let content = world.part(&manifest, "tags", 0);
    let ends: Vec<usize> =
        content.windows(16).enumerate().filter(|(_, sync)| *sync == [7; 16]).map(|(at, _)| at).collect();
    assert!(ends.len() > 2, "there is one block only");
    world.forge(&mut manifest, "tags", 0, content[..ends[ends.len() - 2] + 16].to_vec());
    is_refused(&world, "instead of the 20000 that the manifest says").await;
}

#[tokio::test]
async fn a_file_with_one_bit_of_another_value() {
    let (world, manifest) = world().await;
    let mut content = world.part(&manifest, "tags", 1);
    let middle = content.len() - 30;
    content[middle] ^= 1;
    world.bucket.insert(&key(&manifest, "tags", 1), content);
    is_refused(&world, "tags/part-00001.avro has been altered").await;
}

#[tokio::test]
async fn rows_that_were_altered_with_their_hash() {
    let world = World::start().await;
    let made = Made { codec: Codec::Null, ..Made::default() };
    let mut manifest = world.back_up(BACKUP, &[("tags", &named(1..=20))], made).await;
    world.sql("INSERT INTO tags VALUES (99, 'stays')").await;
    let mut content = world.part(&manifest, "tags", 0);
    let at = content.windows(6).position(|name| name == b"Name 7").unwrap();
    content[at..at + 6].copy_from_slice(b"Name 8");
    world.forge(&mut manifest, "tags", 0, content);
    is_refused(&world, "tags: 20 rows, checksum ").await;
}

#[tokio::test]
async fn a_file_of_another_kind() {
    let (world, mut manifest) = world().await;
    world.forge(&mut manifest, "tags", 0, b"id,tag_name\n1,Welder\n".to_vec());
    is_refused(&world, "tags/part-00000.avro: it is no Avro file").await;
}

#[tokio::test]
async fn a_part_in_the_place_of_another_tables() {
    let (world, mut manifest) = world().await;
    let other = world.part(&manifest, "collections", 0);
    world.forge(&mut manifest, "tags", 0, other);
    is_refused(&world, "says rowgate.table = \"collections\" instead of \"tags\"").await;
}

#[tokio::test]
async fn a_part_in_the_place_of_another_one() {
    let (world, mut manifest) = world().await;
    let other = world.part(&manifest, "tags", 1);
    world.forge(&mut manifest, "tags", 0, other);
    is_refused(&world, "says rowgate.part = \"1\" instead of \"0\"").await;
}

#[tokio::test]
async fn a_part_of_another_backup() {
    let (world, mut manifest) = world().await;
    let tags = named(1..=10);
    let other = world.back_up("20261120-020000-00000001", &[("tags", &tags)], Made::default()).await;
    let content = world.part(&other, "tags", 0);
    world.forge(&mut manifest, "tags", 0, content);
    is_refused(&world, "says rowgate.backup = \"20261120-020000-00000001\"").await;
}

#[tokio::test]
async fn rows_that_are_there_twice() {
    let world = World::start().await;
    world.back_up(BACKUP, &[("tags", &named([1, 2, 1]))], Made::default()).await;
    world.sql("INSERT INTO tags VALUES (99, 'stays')").await;
    is_refused(&world, "id of two rows of tags is the same").await;
}

#[tokio::test]
async fn a_block_that_unpacks_to_more_than_there_can_be() {
    let (world, mut manifest) = world().await;
    let table = world.table("tags");
    let backup = BackupId::parse(BACKUP).unwrap();
    let schema = Schema::of(table, &nullable(&world.db.database(), table).await);
    let meta = Meta { backup: backup.as_str(), part: 0, dictionary: "0", version: "0" };
    let mut content = FileWriter::new(&schema, &meta, Codec::Deflate, [7; 16]).unwrap().finish().unwrap();
    let bomb = bomb();
    for number in [10, bomb.len() as u64] {
        let mut zigzag = number << 1;
        while zigzag > 0x7F {
            content.push((zigzag & 0x7F) as u8 | 0x80);
            zigzag >>= 7;
        }
        content.push(zigzag as u8);
    }
    content.extend(bomb);
    content.extend([7; 16]);
    world.forge(&mut manifest, "tags", 0, content);
    is_refused(&world, "tags/part-00000.avro: its block 1 cannot be read").await;
}

/// 64 MiB of zeros, deflated: a literal zero and its repetitions, 258 at a time, in a block of
/// fixed codes (RFC 1951, 3.2.6).
fn bomb() -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let push = |bits: &mut Vec<bool>, code: &str| bits.extend(code.bytes().map(|bit| bit == b'1'));
    // Final block, fixed codes; literal 0 is 00110000; length 258 is 11000101, distance 1 is 00000;
    // the end is 0000000.
    push(&mut bits, "110");
    push(&mut bits, "00110000");
    for _ in 0..64 * 1024 * 1024 / 258 {
        push(&mut bits, "1100010100000");
    }
    push(&mut bits, "0000000");
    let byte = |bits: &[bool]| bits.iter().rev().fold(0_u8, |byte, bit| byte << 1 | u8::from(*bit));
    bits.chunks(8).map(byte).collect()
}

#[tokio::test]
async fn a_manifest_that_cannot_be() {
    let (world, manifest) = world().await;
    let key = format!("backups/{BACKUP}/manifest.json");
    let whole = world.bucket.content(&key).unwrap();
    world.bucket.insert(&key, whole.slice(..whole.len() / 2));
    let reason = world.fails(all_of_it()).await;
    assert!(reason.contains("the manifest cannot be read"), "{reason}");
    let mut wrong: Json = serde_json::to_value(&manifest).unwrap();
    wrong["tables"]["tags"]["files"][0]["key"] = json!("../20261120-020000-00000001/tags/part-00000.avro");
    world.bucket.insert(&key, wrong.to_string());
    let reason = world.fails(all_of_it()).await;
    assert!(reason.contains("is none of its files"), "{reason}");
}

#[tokio::test]
async fn damage_in_a_table_that_is_not_asked_for_is_in_nobodys_way() {
    let world = World::start().await;
    let tables = [("documents", &*documents(1..=3)), ("tags", &named(1..=3))];
    let manifest = world.back_up(BACKUP, &tables, Made::default()).await;
    world.bucket.remove(&key(&manifest, "documents", 0));
    world.restore(json!({ "backup": BACKUP, "tables": ["tags"] })).await;
    assert_eq!(world.rows("tags").await.len(), 3);
}
