//! Rejected rows do not stay for ever.

use std::time::Duration;

use anyhow::Result;
use aurora::rejects::{Expired, delete_before, expiry};
use testkit::{TestDatabase, numbers};

const TIME: &str = "2026-11-30 12:00:00.000";

/// Puts as many rejected rows there, each a millisecond older than the one before; the first has
/// this age in milliseconds at [`TIME`].
async fn reject(test: &TestDatabase, age: i64, rows: u32) -> Result<()> {
    let sql = format!(
        "INSERT INTO rowgate_rejected_rows (request_id, table_name, row_index, row_json, errors_json, received_at) \
         SELECT 'r', 'tags', seq, '{{}}', '[]', '{TIME}' - INTERVAL ({age} + CAST(seq AS SIGNED) - 1) * 1000 MICROSECOND FROM {}",
        numbers(rows)
    );
    test.sql(&sql).await.map(drop)
}

async fn count(test: &TestDatabase) -> Result<u64> {
    Ok(test.value("SELECT COUNT(*) FROM rowgate_rejected_rows").await?.parse()?)
}

#[tokio::test]
async fn a_row_of_just_that_age_stays_and_an_older_one_goes() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    reject(&test, -1, 3).await?;
    let database = test.database();
    assert_eq!(delete_before(&database, TIME).await?, Expired { rows: 1, is_partial: false });
    let left = test.value("SELECT GROUP_CONCAT(received_at ORDER BY id) FROM rowgate_rejected_rows").await?;
    assert_eq!(left, "2026-11-30 12:00:00.001,2026-11-30 12:00:00.000");
    assert_eq!(delete_before(&database, TIME).await?, Expired::default());
    Ok(())
}

#[tokio::test]
async fn the_age_is_counted_in_days_of_the_database() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let database = test.database();
    for days in [1, 365, 36_500] {
        let time = expiry(&database, days).await?;
        let sql = format!(
            "SELECT TIMESTAMPDIFF(SECOND, '{time}', UTC_TIMESTAMP(3) - INTERVAL {days} DAY) BETWEEN 0 AND 3600"
        );
        assert_eq!(test.value(&sql).await?, "1", "{time}");
    }
    Ok(())
}

#[tokio::test]
async fn many_rows_go_a_part_at_a_time() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    reject(&test, 1, 20_300).await?;
    let database = test.database();
    assert_eq!(delete_before(&database, TIME).await?, Expired { rows: 20_000, is_partial: true });
    let youngest = test.value(
        "SELECT MIN(received_at) = MAX(received_at - INTERVAL 299000 MICROSECOND) FROM rowgate_rejected_rows",
    );
    assert_eq!(youngest.await?, "1", "the oldest go first");
    assert_eq!(delete_before(&database, TIME).await?, Expired { rows: 300, is_partial: false });
    assert_eq!(count(&test).await?, 0);
    Ok(())
}

/// Requests go on rejecting rows while old ones are deleted, by two functions at once.
#[tokio::test]
async fn rows_that_come_meanwhile_stay() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    reject(&test, 1, 3_000).await?;
    let database = &test.database();
    let deleting = || async {
        let mut rows = 0;
        for _ in 0..5 {
            rows += delete_before(database, TIME).await?.rows;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok::<_, aurora::Error>(rows)
    };
    let rejecting = async {
        for _ in 0..50 {
            reject(&test, 0, 1).await?;
        }
        anyhow::Ok(())
    };
    let (one, other, rejected) = tokio::join!(deleting(), deleting(), rejecting);
    rejected?;
    assert_eq!(one? + other?, 3_000);
    assert_eq!(count(&test).await?, 50);
    Ok(())
}
