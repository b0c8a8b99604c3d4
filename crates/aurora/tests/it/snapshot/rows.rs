use anyhow::{Context, Result};
use aurora::Error;
use aurora::snapshot::Snapshot;
use fastrand::Rng;
use testkit::local_data_api::{ErrorKind, Faults, Rule};
use testkit::{TestDatabase, numbers};

use super::{all, documents, sample_table, things};

#[tokio::test]
async fn a_row_too_large_for_an_answer_comes_through_in_pieces() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    // As long as MySQL lets a row be, whatever the dictionary says; with its lengths over the 64 KB
    // of an answer's row.
    test.sql(
        "CREATE TABLE things (id BIGINT PRIMARY KEY, name VARCHAR(16380) NOT NULL) CHARACTER SET utf8mb4",
    )
    .await?;
    test.sql(
        "INSERT INTO things VALUES (-9223372036854775808, REPEAT('😀', 16380)), (3, 'between'), \
         (4, CONCAT(REPEAT('€\"\\\\', 4000), CHAR(0 USING utf8mb4), REPEAT('😀', 4000))), (9, 'behind')",
    )
    .await?;
    let dictionary =
        things("bigint", "{ name = \"name\", type = \"string(8000)\", description = \"Name.\" },")?;
    let table = dictionary.table("things").context("no table")?;
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    let rows = all(&snapshot, table).await?;
    let expected = [
        format!("-9223372036854775808,16380:{}", "😀".repeat(16380)),
        "3,7:between".to_owned(),
        format!("4,16001:{}\0{}", "€\"\\".repeat(4000), "😀".repeat(4000)),
        "9,6:behind".to_owned(),
    ];
    assert!(expected[0].len() > 65_536);
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(&expected) {
        assert!(row == expected, "{} bytes, expected {}", row.len(), expected.len());
    }
    Ok(())
}

#[tokio::test]
async fn rows_that_grow_longer_on_the_way_come_in_smaller_pages() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    test.sql("CREATE TABLE things (id BIGINT PRIMARY KEY, name VARCHAR(4000) NULL)").await?;
    test.sql(&format!(
        "INSERT INTO things SELECT seq, IF(seq % 7, REPEAT('x', seq * seq DIV 1000 % 3000), NULL) FROM {}",
        numbers(4000)
    ))
    .await?;
    let dictionary = things(
        "bigint",
        "{ name = \"name\", type = \"string(4000)\", required = false, description = \"Name.\" },",
    )?;
    let table = dictionary.table("things").context("no table")?;
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    let rows = all(&snapshot, table).await?;
    assert_eq!(rows.len(), 4000);
    for (row, id) in rows.iter().zip(1_u64..) {
        let expected = match id % 7 {
            0 => format!("{id},N"),
            _ => {
                let length = usize::try_from(id * id / 1000 % 3000)?;
                format!("{id},{length}:{}", "x".repeat(length))
            }
        };
        assert!(*row == expected, "row {id}: {} bytes", row.len());
    }
    Ok(())
}

#[tokio::test]
async fn wide_rows_among_short_ones_are_where_they_belong() -> Result<()> {
    let dictionary =
        things("bigint", "{ name = \"name\", type = \"string(4000)\", description = \"Name.\" },")?;
    let table = dictionary.table("things").context("no table")?;
    for (rows, width) in [
        // At both ends, beside each other, at either side of a page's end.
        (20_000, "CASE WHEN seq IN (1, 1001, 5000, 5001, 9999, 20000) THEN 3900 ELSE 5 END"),
        // Just above what the rows before them let expect.
        (20_000, "IF(seq % 900, 20, 40)"),
        // So often that no page is whole.
        (6_000, "IF(seq % 3, 5, 700)"),
        (3_000, "seq * 7919 % 2500"),
    ] {
        let test = TestDatabase::migrated().await?;
        test.sql("CREATE TABLE things (id BIGINT PRIMARY KEY, name VARCHAR(4000) NOT NULL)").await?;
        let sql = format!("INSERT INTO things SELECT seq, REPEAT('x', {width}) FROM {}", numbers(rows));
        test.sql(&sql).await?;
        let expected = test.sql("SELECT CONCAT(id, ',', LENGTH(name)) FROM things ORDER BY id").await?;
        let snapshot = Snapshot::take(&test.database(), &[]).await?;
        let read = all(&snapshot, table).await?;
        assert_eq!(read.len(), expected.len(), "{width}");
        for (row, expected) in read.iter().zip(expected.into_iter().flatten()) {
            let head = row.split(':').next().map(ToOwned::to_owned);
            assert_eq!(head, expected, "{width}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn rows_of_about_one_length_are_added_up_on_the_first_page_alone() -> Result<()> {
    let test = documents(20_000).await?;
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    let again = Rule::error(ErrorKind::BadRequestException).sql("SUM(`b`)").after(1);
    test.data_api().set(Faults::default().with(again));
    assert_eq!(all(&snapshot, sample_table("documents")?).await?.len(), 20_000);
    assert_eq!(test.data_api().injected(), 0);
    Ok(())
}

/// Draws how many characters each name has: most have few, some many, and perhaps one more than an
/// answer's row has room for.
fn widths(random: &mut Rng) -> Vec<usize> {
    let (rows, most) = (random.usize(1..4_000), random.usize(50..2_500));
    let wide = [0.0, 0.001, 0.01, 0.5, 1.0][random.usize(..5)];
    let mut width = || if random.f64() < wide { random.usize(..most) } else { random.usize(..40) };
    let mut widths: Vec<usize> = (0..rows).map(|_| width()).collect();
    if random.bool() {
        widths[random.usize(..rows)] = random.usize(45_000..60_000);
    }
    widths
}

#[tokio::test]
async fn each_row_comes_once_and_in_order_whatever_the_widths() -> Result<()> {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    let dictionary =
        things("bigint", "{ name = \"name\", type = \"string(8000)\", description = \"Name.\" },")?;
    let table = dictionary.table("things").context("no table")?;
    let test = TestDatabase::migrated().await?;
    test.sql(
        "CREATE TABLE things (id BIGINT PRIMARY KEY, name VARCHAR(60000) NOT NULL) CHARACTER SET latin1",
    )
    .await?;
    for round in 0..10 {
        let widths = widths(&mut random);
        let values = widths.iter().enumerate().map(|(id, width)| format!("({id}, REPEAT('x', {width}))"));
        let values: Vec<String> = values.collect();
        test.sql(&format!("INSERT INTO things VALUES {}", values.join(", "))).await?;
        let snapshot = Snapshot::take(&test.database(), &[]).await?;
        let rows = all(&snapshot, table).await.with_context(|| format!("seed {seed}, round {round}"))?;
        assert_eq!(rows.len(), widths.len(), "seed {seed}, round {round}");
        for (id, (row, width)) in rows.iter().zip(&widths).enumerate() {
            let expected = format!("{id},{width}:{}", "x".repeat(*width));
            assert!(*row == expected, "seed {seed}, round {round}, row {id}: {} bytes", row.len());
        }
        snapshot.end().await;
        test.sql("TRUNCATE TABLE things").await?;
    }
    Ok(())
}

/// Names of as many bytes as can be, after short ones: no page of these may fail, for that would
/// end the snapshot.
#[tokio::test]
async fn names_of_the_widest_characters_after_short_ones_come_in_one_snapshot() -> Result<()> {
    let test = documents(3_000).await?;
    for (first, name) in [
        (20_000, "REPEAT('😀', 255)"),
        (30_000, "REPEAT('€', 255)"),
        (40_000, "REPEAT('é', 255)"),
        (50_000, "'short'"),
        (60_000, "REPEAT('😀', 255)"),
    ] {
        let sql = format!(
            "INSERT INTO documents SELECT id - 10000 + {first}, {name}, datetime, NULL, NULL FROM documents \
             WHERE id <= 11499"
        );
        test.sql(&sql).await?;
    }
    let count: usize = test.value("SELECT COUNT(*) FROM documents").await?.parse()?;
    assert_eq!(count, 3_000 + 5 * 1_499);
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    assert_eq!(all(&snapshot, sample_table("documents")?).await?.len(), count);
    Ok(())
}

#[tokio::test]
async fn where_the_service_allows_less_smaller_pages_come_of_another_snapshot() -> Result<()> {
    let test = TestDatabase::start_with(|config| config.limits.result_bytes = 300_000).await?;
    test.migrate().await?;
    test.sql(&format!("INSERT INTO tags SELECT seq, REPEAT('x', 200) FROM {}", numbers(5000))).await?;
    let table = sample_table("tags")?;
    for halvings in 0.. {
        let snapshot = Snapshot::take(&test.database(), &[]).await?;
        let mut pages = snapshot.pages(table, &[false, false], None).halved(halvings);
        let mut rows = 0;
        let failure = loop {
            match pages.next().await {
                Ok(Some(page)) => rows += page.len(),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        match failure {
            Some(Error::TooLarge { .. }) => assert!(halvings < 2, "{halvings}"),
            Some(error) => return Err(error.into()),
            None => {
                assert_eq!((rows, halvings), (5_000, 2));
                break;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn keys_reach_from_one_end_to_the_other_and_a_table_may_be_empty() -> Result<()> {
    for (key, sql, ends) in [
        ("integer", "INT", [i64::from(i32::MIN), i64::from(i32::MAX)]),
        ("bigint", "BIGINT", [i64::MIN, i64::MAX]),
    ] {
        let test = TestDatabase::migrated().await?;
        test.sql(&format!("CREATE TABLE things (id {sql} PRIMARY KEY)")).await?;
        let dictionary = things(key, "")?;
        let table = dictionary.table("things").context("no table")?;
        let snapshot = Snapshot::take(&test.database(), &[]).await?;
        assert!(all(&snapshot, table).await?.is_empty());
        snapshot.end().await;
        let [least, most] = ends;
        test.sql(&format!("INSERT INTO things VALUES ({least}), (-1), (0), (7), ({most})")).await?;
        let snapshot = Snapshot::take(&test.database(), &[]).await?;
        let expected = [least, -1, 0, 7, most].map(|id| id.to_string());
        assert_eq!(all(&snapshot, table).await?, expected);
        let mut behind_all = snapshot.pages(table, &[false], Some(most.into()));
        assert!(behind_all.next().await?.is_none());
    }
    Ok(())
}
