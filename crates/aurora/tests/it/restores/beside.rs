//! Concurrency with a restore: readers, the insert API, other restores, transactions that stay
//! open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use aurora::Insert;
use domain::batch::Batch;
use mysql_async::prelude::Queryable;
use testkit::TestDatabase;

use super::worker::{Work, begin, named, restore};
use super::{THREE, assert_settled, content, database, previous, previous_content, status};

/// Proves S1.
#[tokio::test]
async fn readers_of_two_tables_see_both_as_they_were_or_both_as_they_are() -> Result<()> {
    let test = Arc::new(database().await?);
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for sql in [
        "SELECT MIN(collection_name), MAX(tag_name) FROM collections JOIN tags USING (id)",
        "SELECT MIN(tag_name), MAX(collection_name) FROM tags JOIN collections USING (id)",
        "SELECT MIN(name), MAX(collection_name) FROM documents JOIN collections USING (id)",
    ] {
        let (test, done) = (Arc::clone(&test), Arc::clone(&done));
        readers.push(tokio::spawn(async move {
            let mut conn = test.connect().await?;
            let mut seen = 0;
            while !done.load(Ordering::Relaxed) {
                let row: Option<(String, String)> = conn.query_first(sql).await?;
                let (one, other) = row.unwrap_or_default();
                ensure!(one == other, "{one} beside {other}");
                seen += 1;
            }
            conn.disconnect().await?;
            Ok::<_, anyhow::Error>(seen)
        }));
    }
    for name in ["one", "two", "three", "four"] {
        let work = Work::of(&THREE, name);
        restore(&test.database(), &work).await?;
        restore(&test.database(), &work.undone()).await?;
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await?? > 0);
    }
    assert_settled(&test).await
}

/// Inserts rows of all three tables, each three in one request, until told to stop; gives the last
/// id.
async fn insert_until(test: Arc<TestDatabase>, first: i64, done: Arc<AtomicBool>) -> Result<i64> {
    let dictionary = testkit::dictionary();
    let mut id = first;
    while !done.load(Ordering::Relaxed) {
        id += 1;
        let body = format!(
            r#"{{"collections": [{{"id": {id}, "collection_name": "inserted"}}],
                "tags": [{{"id": {id}, "tag_name": "inserted"}}],
                "documents": [{{"id": {id}, "name": "inserted", "datetime": "2021-07-27T16:02:08Z",
                                "collection_id": {id}, "tag_id": {id}}}]}}"#
        );
        let batch = Batch::read(dictionary, body.as_bytes())?;
        let insert =
            Insert { dictionary, batch: &batch, preference: None, request_id: "request", actor: None };
        let answer = insert.run(&test.database()).await?;
        ensure!(answer.inserted() == 3, "{id}: {answer:?}");
    }
    Ok(id)
}

#[tokio::test]
async fn every_committed_row_is_in_the_previous_or_the_restored_tables_and_in_all_three_alike() -> Result<()>
{
    for _ in 0..3 {
        let test = Arc::new(database().await?);
        let done = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = [1000, 100_000]
            .map(|first| (first, tokio::spawn(insert_until(Arc::clone(&test), first, Arc::clone(&done)))))
            .into();
        let work = Work::of(&THREE, "new");
        tokio::time::sleep(Duration::from_millis(100)).await;
        restore(&test.database(), &work).await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
        done.store(true, Ordering::Relaxed);
        for (first, writer) in writers {
            let last = writer.await??;
            let ids = |rows: super::Rows| -> Vec<i64> {
                rows.into_iter().map(|(id, _)| id).filter(|id| (first..first + 50_000).contains(id)).collect()
            };
            let before = ids(previous_content(&test, &work, "tags").await?);
            let after = ids(content(&test, "tags").await?);
            assert!(!before.is_empty() && !after.is_empty(), "{before:?} {after:?}");
            // In the order in which they were acknowledged, without a gap: first those, then these.
            assert_eq!([before.clone(), after.clone()].concat(), (first + 1..=last).collect::<Vec<_>>());
            for table in ["collections", "documents"] {
                assert_eq!(ids(previous_content(&test, &work, table).await?), before, "{table}");
                assert_eq!(ids(content(&test, table).await?), after, "{table}");
            }
        }
        assert_settled(&test).await?;
    }
    Ok(())
}

#[tokio::test]
async fn of_two_restores_of_the_same_tables_at_once_one_completes_and_keeps_the_tables_as_they_were()
-> Result<()> {
    let test = database().await?;
    let mut before = named(1..=3, "old");
    for round in 0..5 {
        let works = [
            Work::of(&["collections", "tags"], &format!("one {round}")),
            Work::of(&["tags", "collections"], &format!("two {round}")),
        ];
        let mut tasks = Vec::new();
        for work in &works {
            begin(&test.database(), work).await?;
        }
        for work in works.clone() {
            let db = test.database();
            tasks.push(tokio::spawn(async move { restore(&db, &work).await }));
        }
        for task in tasks {
            task.await??;
        }
        let is_first = status(&test, &works[0]).await? == "completed";
        let (done, refused) = if is_first { (&works[0], &works[1]) } else { (&works[1], &works[0]) };
        assert_eq!(status(&test, done).await?, "completed", "round {round}");
        assert_eq!(status(&test, refused).await?, overtaken(done, "collections"), "round {round}");
        for table in ["collections", "tags"] {
            assert_eq!(content(&test, table).await?, done.rows(table), "round {round}");
            assert_eq!(previous_content(&test, done, table).await?, before, "round {round}");
            assert_eq!(previous(&test, refused, table).await?, None, "round {round}");
        }
        before = done.rows("tags").to_vec();
        crate::reap(&test.database()).await?;
        assert_settled(&test).await?;
    }
    Ok(())
}

/// Returns the state of a restore that another one has completed before.
fn overtaken(by: &Work, table: &str) -> String {
    format!(
        "failed: the table {table} was restored by {} since this restore began, and its former state would be lost: \
         start it again if that is meant; the tables are as they were before",
        by.id
    )
}

#[tokio::test]
async fn a_restore_that_was_sent_twice_keeps_the_original_tables_for_an_undo() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let (first, other) = (Work::of(&["collections", "tags"], "new"), Work::of(&["tags"], "new"));
    begin(&db, &first).await?;
    begin(&db, &other).await?;
    // It only verifies, and has ended since: that is in nobody's way.
    restore(&db, &Work::of(&["collections"], "verified").verify()).await?;
    restore(&db, &first).await?;
    restore(&db, &other).await?;
    assert_eq!(status(&test, &first).await?, "completed");
    assert_eq!(status(&test, &other).await?, overtaken(&first, "tags"));
    let back = first.undone();
    restore(&db, &back).await?;
    for table in ["collections", "tags"] {
        assert_eq!(content(&test, table).await?, named(1..=3, "old"));
    }
    // A restore that begins now is meant.
    let again = Work::of(&["tags"], "again");
    restore(&db, &again).await?;
    assert_eq!(status(&test, &again).await?, "completed");
    assert_eq!(content(&test, "tags").await?, again.rows("tags"));
    assert_settled(&test).await
}

#[tokio::test]
async fn a_restore_and_two_undos_of_the_same_table_at_once_lose_no_table_half() -> Result<()> {
    let test = database().await?;
    let mut last = Work::of(&["tags", "collections"], "first");
    restore(&test.database(), &last).await?;
    for round in 0..4 {
        let next = Work::of(&["tags"], &format!("next {round}"));
        let works = [last.undone(), last.undone(), next.clone()];
        let tasks: Vec<_> = works
            .iter()
            .map(|work| {
                let (db, work) = (test.database(), work.clone());
                tokio::spawn(async move { restore(&db, &work).await })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        let mut completed = 0;
        for work in &works[..2] {
            let status = status(&test, work).await?;
            assert!(status == "completed" || status.starts_with("failed: the restore "), "{status}");
            completed += u32::from(status == "completed");
        }
        let status = status(&test, &next).await?;
        assert!(
            status == "completed" || status.starts_with("failed: the table tags was restored by "),
            "{status}"
        );
        completed += u32::from(status == "completed");
        // An undo may be through before the restore begins, and nothing else.
        assert!((1..=2).contains(&completed), "{completed}");
        crate::reap(&test.database()).await?;
        assert_settled(&test).await?;
        last = Work::of(&["tags", "collections"], &format!("last {round}"));
        restore(&test.database(), &last).await?;
    }
    Ok(())
}
