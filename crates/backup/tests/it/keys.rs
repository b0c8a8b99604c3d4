//! Backups of tables whose keys are no numbers.

use backup::{Options, Status};
use domain::dictionary::Dictionary;
use testkit::numbers;

use crate::invocations::finish;
use crate::support::{World, one_page};

/// Prices of regions and days: a key of two columns, its first one after another column, with texts
/// that need care in SQL, JSON and row texts.
async fn prices() -> World {
    let text = r#"
        [[table]]
        name = "prices"
        description = "The price in a region on a day."
        columns = [
            { name = "price", type = "decimal(9,2)", description = "The price." },
            { name = "region", type = "string(20)", key = true, description = "The region." },
            { name = "day", type = "date", key = true, description = "The day." },
            { name = "note", type = "text", required = false, description = "A note." },
        ]
    "#;
    let mut world = World::start().await;
    world.dictionary = Box::leak(Box::new(Dictionary::parse("test", text).unwrap()));
    world
        .sql(
            "CREATE TABLE prices (price DECIMAL(9,2) NOT NULL, \
             region VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, day DATE NOT NULL, note TEXT NULL, \
             PRIMARY KEY (region, day)) DEFAULT CHARACTER SET = utf8mb4",
        )
        .await;
    let insert = r#"INSERT INTO prices SELECT seq / 100, ELT(1 + seq % 4, 'Łódź, "b"', 'O''Hara', 'a', '\\😀'),
                    '1999-01-01' + INTERVAL seq DIV 4 DAY, IF(seq % 3, REPEAT('"note', seq % 50), NULL) FROM "#;
    world.sql(&format!("{insert}{}", numbers(12_000))).await;
    world
}

#[tokio::test]
async fn a_key_of_several_columns_is_continued_where_it_was_left() {
    let mut world = prices().await;
    world.options = Options { part_bytes: 10_000, ..Options::default() };
    let sum = world.sum("prices").await;
    let done = world.make(&["prices"], one_page()).await.unwrap();
    assert_eq!(done.status, Status::Running);
    let after = world.state(&done.backup)["cursor"]["tables"]["prices"]["after"].clone();
    // The last one of the first thousand: in the order of the database, which is that of bytes.
    assert_eq!(after, "6:O'Hara,2001-09-26");
    let changes =
        ["DELETE FROM prices WHERE day < '2001-01-01'", "UPDATE prices SET region = REVERSE(region)"];
    let (done, invocations) = finish(&world, done, &changes).await.unwrap();
    assert!(invocations > 2, "{invocations}");
    let manifest = world.manifest(&done.backup).unwrap();
    world.check(&manifest);
    let entry = &manifest.tables["prices"];
    assert_eq!((entry.rows, &entry.checksum), (12_000, &sum.checksum()));
}

#[tokio::test]
async fn a_table_that_got_another_key_meanwhile_is_begun_anew() {
    let mut world = prices().await;
    world.options = Options { part_bytes: 10_000, ..Options::default() };
    let done = world.make(&["prices"], one_page()).await.unwrap();
    let first = world.state(&done.backup)["cursor"]["snapshot_time"].clone();
    let text = r#"
        [[table]]
        name = "prices"
        description = "The price in a region on a day."
        columns = [
            { name = "price", type = "decimal(9,2)", description = "The price." },
            { name = "region", type = "string(20)", description = "The region." },
            { name = "day", type = "date", key = true, description = "The day." },
            { name = "note", type = "text", required = false, description = "A note." },
        ]
    "#;
    world.dictionary = Box::leak(Box::new(Dictionary::parse("test", text).unwrap()));
    world.sql("DELETE FROM prices WHERE region <> 'a'").await;
    world.sql("ALTER TABLE prices DROP PRIMARY KEY, ADD PRIMARY KEY (day)").await;
    let sum = world.sum("prices").await;
    let (done, _) = finish(&world, done, &[]).await.unwrap();
    let manifest = world.manifest(&done.backup).unwrap();
    assert_ne!(manifest.snapshot_time, first);
    world.check(&manifest);
    let entry = &manifest.tables["prices"];
    assert_eq!((entry.rows, &entry.checksum), (3_000, &sum.checksum()));
}
