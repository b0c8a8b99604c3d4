use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use anyhow::{Context, Result};
use aurora::snapshot::Snapshot;
use aurora::{Error, Statement};
use mysql_async::prelude::Queryable;
use testkit::TestDatabase;

use super::{all, documents, sample_table};

/// Adds a row with the same id to three tables at once, or takes one from all of them, again and
/// again.
async fn write(
    test: Arc<TestDatabase>,
    lane: u32,
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU32>,
) -> Result<()> {
    let mut conn = test.connect().await?;
    let mut id = 1_000_000 * (lane + 1);
    while !stop.load(Ordering::Relaxed) {
        id += 1;
        conn.query_drop("BEGIN").await?;
        for sql in [
            format!("INSERT INTO documents VALUES ({id}, 'New', '2022-01-01', NULL, NULL)"),
            format!("INSERT INTO collections VALUES ({id}, 'New')"),
            format!("INSERT INTO tags VALUES ({id}, 'New')"),
        ] {
            conn.query_drop(sql).await?;
        }
        if id.is_multiple_of(3) {
            for table in ["tags", "documents", "collections"] {
                conn.query_drop(format!("DELETE FROM {table} WHERE id = {}", id - 1)).await?;
            }
        }
        conn.query_drop("COMMIT").await?;
        done.fetch_add(1, Ordering::Relaxed);
    }
    conn.disconnect().await?;
    Ok(())
}

async fn more_writes(done: &AtomicU32) {
    let before = done.load(Ordering::Relaxed);
    while done.load(Ordering::Relaxed) < before + 20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_tables_under_constant_writes_are_read_as_of_one_snapshot() -> Result<()> {
    let test = Arc::new(documents(2500).await?);
    test.sql("INSERT INTO collections SELECT id, 'Old' FROM documents").await?;
    test.sql("INSERT INTO tags SELECT id, 'Old' FROM documents").await?;
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let writers: Vec<_> = (0..2)
        .map(|lane| tokio::spawn(write(Arc::clone(&test), lane, Arc::clone(&stop), Arc::clone(&done))))
        .collect();
    more_writes(&done).await;
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    let mut ids = Vec::new();
    for name in ["collections", "tags", "documents"] {
        more_writes(&done).await;
        let table = sample_table(name)?;
        let nullable = snapshot.nullable(table).await?;
        let mut pages = snapshot.pages(table, &nullable, None);
        let mut of_table: Vec<i64> = Vec::new();
        while let Some(page) = pages.next().await? {
            let last_key = page.last_key().as_integer();
            for row in page.read()?.iter() {
                of_table.push(row.split(',').next().context("no id")?.parse()?);
            }
            assert_eq!(of_table.last().copied(), last_key);
            more_writes(&done).await;
        }
        ids.push(of_table);
    }
    snapshot.end().await;
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await??;
    }
    assert!(ids[0].len() > 2500 && ids[0].is_sorted());
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ids[0], ids[2]);
    let now: usize = test.value("SELECT COUNT(*) FROM documents").await?.parse()?;
    assert!(now > ids[0].len(), "nothing was written meanwhile");
    Ok(())
}

#[tokio::test]
async fn the_snapshot_time_is_the_databases_in_utc() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let clock = "SELECT DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.%f')";
    let before = test.value(clock).await?;
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    let after = test.value(clock).await?;
    let time = snapshot.time();
    assert_eq!(time.len(), "2026-11-21T10:51:28.123Z".len());
    let millisecond = time.strip_suffix('Z').context("not UTC")?;
    assert!(before[..23] <= *millisecond && *millisecond <= after[..23], "{before} {time} {after}");
    Ok(())
}

#[tokio::test]
async fn a_released_snapshot_shows_the_same_rows() -> Result<()> {
    let test = documents(1500).await?;
    let table = sample_table("documents")?;
    let first = Snapshot::take(&test.database(), &[]).await?;
    let nullable = first.nullable(table).await?;
    let mut pages = first.pages(table, &nullable, None);
    let page = pages.next().await?.context("no page")?;
    let (after, time) = (page.last_key().clone(), first.time().to_owned());
    assert!(after.as_integer() < Some(11_500), "there is no more behind it");
    let id = first.release();
    test.sql("DELETE FROM documents").await?;
    test.sql("INSERT INTO documents VALUES (99999, 'New', '2022-01-01', NULL, NULL)").await?;

    let second = Snapshot::resume(&test.database(), id.clone(), time.clone());
    assert_eq!((second.id(), second.time()), (&*id, &*time));
    let mut pages = second.pages(table, &nullable, Some(after.clone()));
    let mut last = after;
    while let Some(page) = pages.next().await? {
        last = page.last_key().clone();
    }
    assert_eq!(last.as_integer(), Some(11_500));
    assert_eq!(all(&second, table).await?.len(), 1500);
    second.end().await;
    assert_eq!(test.open_transactions(), 0);
    Ok(())
}

/// Statements that would wait for a page's lock, and fail here instead.
pub(super) async fn at_once(test: &TestDatabase, statements: &[&str]) -> Result<()> {
    let mut conn = test.connect().await?;
    conn.query_drop("SET lock_wait_timeout = 0").await?;
    for sql in statements {
        conn.query_drop(*sql).await.with_context(|| (*sql).to_owned())?;
    }
    conn.disconnect().await?;
    Ok(())
}

#[tokio::test]
async fn a_swap_or_an_alter_between_two_pages_does_not_wait_and_ends_the_snapshot() -> Result<()> {
    let swap = [
        "CREATE TABLE shadow LIKE documents",
        "INSERT INTO shadow SELECT * FROM documents",
        "RENAME TABLE documents TO kept, shadow TO documents",
    ];
    let alter = ["ALTER TABLE documents ADD COLUMN note INT NOT NULL DEFAULT 0 FIRST, ALGORITHM = COPY"];
    for statements in [&swap[..], &alter] {
        let test = documents(1500).await?;
        let table = sample_table("documents")?;
        let snapshot = Snapshot::take(&test.database(), &[]).await?;
        let nullable = snapshot.nullable(table).await?;
        let mut pages = snapshot.pages(table, &nullable, None);
        assert!(pages.next().await?.is_some());
        at_once(&test, statements).await?;
        let next = pages.next().await;
        assert!(matches!(next, Err(Error::TransactionLost { .. })), "{next:?}");
        snapshot.end().await;
        let again = Snapshot::take(&test.database(), &[]).await?;
        assert_eq!(all(&again, table).await?.len(), 1500);
    }
    Ok(())
}

#[tokio::test]
async fn a_failed_page_leaves_no_lock_behind() -> Result<()> {
    let test = documents(10).await?;
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    let too_large = "SELECT REPEAT(name, 8000) AS r FROM documents".to_owned();
    assert!(matches!(snapshot.page(too_large).await, Err(Error::TooLarge { .. })));
    at_once(&test, &["RENAME TABLE documents TO gone"]).await?;
    let missing = all(&snapshot, sample_table("documents")?).await;
    assert!(matches!(missing, Err(Error::Sql { code: Some(1146), .. })), "{missing:?}");
    Ok(())
}

#[tokio::test]
async fn a_table_that_is_altered_in_place_is_read_as_it_was_or_ends_the_snapshot() -> Result<()> {
    let test = documents(1500).await?;
    let table = sample_table("documents")?;
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    let nullable = snapshot.nullable(table).await?;
    let mut pages = snapshot.pages(table, &nullable, None);
    let first = pages.next().await?.context("no page")?.len();
    let mut rows = first;
    at_once(&test, &["ALTER TABLE documents ADD COLUMN note INT NULL, ALGORITHM = INSTANT"]).await?;
    test.database().execute(Statement::new("DELETE FROM documents")).await?;
    // MariaDB continues, MySQL 9.7 fails (1412); no page ever shows another time.
    let is_mariadb = test.value("SELECT VERSION()").await?.contains("MariaDB");
    loop {
        match pages.next().await {
            Ok(Some(page)) => rows += page.len(),
            Ok(None) => break assert_eq!(rows, 1500),
            Err(Error::TransactionLost { .. }) => break assert_eq!((rows, is_mariadb), (first, false)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
