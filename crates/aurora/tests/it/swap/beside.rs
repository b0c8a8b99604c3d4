//! Concurrency with a swap: readers, appends, upserts, other replaces, the insert API, migrations.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use aurora::loads::{self, Claim, Swapped};
use aurora::swap::{self, Fence};
use aurora::{Error, Insert, Statement};
use domain::batch::Batch;
use domain::dictionary::LoadMode;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use testkit::TestDatabase;

use super::job::{Job, Kind};
use super::loader::{DIGEST, File, begin, commit, fill, load, named, table};
use super::{TABLE, assert_settled, content, database, fence, let_time_pass, status};
use crate::restores::database_with;

/// Proves S1.
#[tokio::test]
async fn readers_see_the_old_table_or_the_new_one_and_nothing_between() -> Result<()> {
    let test = Arc::new(database().await?);
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for _ in 0..3 {
        let (test, done) = (Arc::clone(&test), Arc::clone(&done));
        readers.push(tokio::spawn(async move {
            let mut conn = test.connect().await?;
            let mut seen = 0;
            while !done.load(Ordering::Relaxed) {
                let sql = "SELECT COUNT(*), MIN(collection_name), MAX(collection_name) FROM collections";
                let row: Option<(u64, String, String)> = conn.query_first(sql).await?;
                let (count, least, greatest) = row.unwrap_or_default();
                ensure!(least == greatest, "{least} beside {greatest}");
                ensure!(count == if least == "old" { 3 } else { 40 }, "{count} rows of {least}");
                seen += 1;
            }
            conn.disconnect().await?;
            Ok::<_, anyhow::Error>(seen)
        }));
    }
    for version in ["one", "two", "three", "four"] {
        load(&test.database(), &File::replace(version, named(1..=40, version))).await?;
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await?? > 0);
    }
    assert_settled(&test).await
}

/// Proves S7.
#[tokio::test]
async fn an_append_that_is_half_in_when_its_table_is_replaced_begins_again_in_the_new_one() -> Result<()> {
    for mode in [LoadMode::Append, LoadMode::Upsert] {
        let test = database().await?;
        let db = test.database();
        let other = File::new(mode, "v1", named(100..=111, "added"));
        let (run, target) = begin(&db, &other).await?.unwrap();
        assert_eq!(commit(&db, &other, &run, &target, &other.chunks()[0]).await?, Claim::Ours);
        let file = File::replace("v1", named(1..=6, "new"));
        load(&db, &file).await?;
        assert_eq!(content(&test).await?, file.rows);
        // The run before is over, and the load stands as if it had just begun.
        assert_eq!(commit(&db, &other, &run, &target, &other.chunks()[1]).await?, Claim::Restarted);
        assert_eq!(status(&test, &other).await?, "running 0 = 0 + 0");
        loads::end(&db, &run, loads::Ending::Completed(DIGEST)).await?;
        assert_eq!(status(&test, &other).await?, "running 0 = 0 + 0");
        load(&db, &other).await?;
        assert_eq!(content(&test).await?, [file.rows, other.rows.clone()].concat());
        assert_eq!(status(&test, &other).await?, "completed 12 = 12 + 0");
        assert_settled(&test).await?;
    }
    Ok(())
}

/// Proves S7.
#[tokio::test]
async fn an_abandoned_load_begins_again_if_its_table_has_been_replaced_since() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let other = File::append("v1", named(100..=111, "added"));
    let (run, target) = begin(&db, &other).await?.unwrap();
    commit(&db, &other, &run, &target, &other.chunks()[0]).await?;
    loads::end(&db, &run, loads::Ending::Abandoned("tired")).await?;
    let file = File::replace("v1", named(1..=6, "new"));
    load(&db, &file).await?;
    assert_eq!(status(&test, &other).await?, "failed 0 = 0 + 0");
    load(&db, &other).await?;
    assert_eq!(content(&test).await?, [file.rows, other.rows.clone()].concat());
    assert_settled(&test).await
}

/// Proves S3.
#[tokio::test]
async fn a_swap_waits_for_a_chunk_that_is_under_way() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let other = File::append("v1", named(100..=102, "added"));
    let (run, _) = begin(&db, &other).await?.unwrap();
    let chunk = &other.chunks()[0];
    let under_way = db.begin().await?;
    let claim = loads::claim_chunk(&under_way, &run, chunk, loads::ChunkCounts::default(), None).await?;
    assert_eq!(claim, Claim::Ours);
    let file = File::replace("v1", named(1..=6, "new"));
    let (replacing, target) = begin(&db, &file).await?.unwrap();
    fill(&db, &file, &replacing, &target).await?;
    let swap = tokio::spawn({
        let db = test.database();
        async move { loads::swap(&db, &replacing, table(), DIGEST).await }
    });
    // It can only wait, however long it is given.
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!swap.is_finished());
    assert_eq!(swap::recover(&db, TABLE).await?, Fence::Lifted);
    under_way.execute(super::loader::insert(&other, TABLE, chunk)).await?;
    under_way.commit().await?;
    assert_eq!(swap.await??, Swapped::Ended);
    assert_eq!(content(&test).await?, file.rows);
    load(&db, &other).await?;
    assert_eq!(content(&test).await?, [file.rows, other.rows.clone()].concat());
    assert_settled(&test).await
}

/// Proves S7.
#[tokio::test]
async fn loads_of_every_mode_at_once_end_with_every_row_once() -> Result<()> {
    let test = Arc::new(database().await?);
    for round in 0..4 {
        let first = 100 * (round + 1);
        let files: Vec<File> = vec![
            File::append(&round.to_string(), named(first..=first + 19, "appended")),
            File::new(LoadMode::Upsert, &round.to_string(), named(first + 20..=first + 39, "upserted")),
            File::replace(&format!("{round} a"), named(1..=20, &format!("a {round}"))),
            File::replace(&format!("{round} b"), named(1..=20, &format!("b {round}"))),
        ];
        let tasks: Vec<_> = files
            .iter()
            .cloned()
            .map(|file| {
                let db = test.database();
                tokio::spawn(async move { load(&db, &file).await })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        for file in &files {
            assert_eq!(status(&test, file).await?, "completed 20 = 20 + 0", "{file:?}");
        }
        // In the order in which they completed: a replace takes all away that was there.
        let sql = "SELECT load_id FROM rowgate_loads ORDER BY finished_at, mode = 'replace'";
        let mut expected = Vec::new();
        for row in test.sql(sql).await? {
            let id = row.into_iter().next().flatten().unwrap_or_default();
            if let Some(file) = files.iter().find(|file| file.id.as_str() == id) {
                if file.mode == LoadMode::Replace {
                    expected.clear();
                }
                expected.extend(file.rows.clone());
            }
        }
        expected.sort();
        assert_eq!(content(&test).await?, expected, "round {round}");
        assert_settled(&test).await?;
    }
    Ok(())
}

/// Proves S3.
#[tokio::test]
async fn a_replace_of_a_table_that_another_is_swapping_waits_for_it() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let (one, two) = (File::replace("v1", named(1..=6, "one")), File::replace("v2", named(1..=6, "two")));
    let (run, target) = begin(&db, &two).await?.unwrap();
    fill(&db, &two, &run, &target).await?;
    // The first one is about to swap, and left alone.
    load(&db, &one).await?;
    fence(&test, one.id.as_str(), &[TABLE]).await?;
    let swap = tokio::spawn({
        let db = test.database();
        async move { loads::swap(&db, &run, table(), DIGEST).await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!swap.is_finished());
    assert_eq!(content(&test).await?, one.rows);
    let_time_pass(&test).await?;
    assert_eq!(swap.await??, Swapped::Ended);
    assert_eq!(content(&test).await?, two.rows);
    assert_settled(&test).await
}

/// A database whose calls end after two seconds: long enough for everything that waits for nobody,
/// on a busy machine too; and a transaction that has read a table, which a RENAME waits for.
async fn held() -> Result<(TestDatabase, Conn)> {
    let test = database_with(|config| config.limits.call = Duration::from_secs(2)).await?;
    let mut holder = test.connect().await?;
    holder.query_drop("START TRANSACTION").await?;
    holder.query_drop("SELECT * FROM collections").await?;
    Ok((test, holder))
}

#[tokio::test]
async fn a_swap_that_an_open_transaction_keeps_waiting_lets_writers_through_between_its_tries() -> Result<()>
{
    for kind in Kind::BOTH {
        let (test, mut holder) = held().await?;
        let job = Job::new(kind, "new");
        let swap = tokio::spawn(job.fill(&test).await?.swap(test.database()));
        let append = File::append("v1", named(100..=102, "added"));
        load(&test.database(), &append).await?;
        assert!(!swap.is_finished());
        assert_eq!(status(&test, &append).await?, "completed 3 = 3 + 0");
        holder.query_drop("COMMIT").await?;
        swap.await??;
        // The append was through before the swap: its rows went with the previous table.
        let old = named(1..=3, "old");
        job.assert_done(&test, &[[old.clone(), append.rows].concat(), old], "held up").await?;
        assert_settled(&test).await?;
    }
    Ok(())
}

/// Proves S4.
#[tokio::test]
async fn a_swap_out_of_time_leaves_the_fences_lifted() -> Result<()> {
    for kind in Kind::BOTH {
        let (test, mut holder) = held().await?;
        let job = Job::new(kind, "new");
        let before = job.content(&test).await?;
        let db = test.database().with_deadline(aurora::Deadline::after(Duration::from_secs(12)));
        let swapped = job.fill(&test).await?.swap(db).await;
        assert!(swapped.as_ref().is_err_and(|e| e.is_retryable() || e.is_unknown_outcome()), "{swapped:?}");
        for table in job.tables() {
            assert_eq!(swap::recover(&test.database(), table).await?, Fence::Lifted);
        }
        holder.query_drop("COMMIT").await?;
        job.clone().run(test.database()).await?;
        job.assert_done(&test, &before, "out of time").await?;
        crate::reap(&test.database()).await?;
        assert_settled(&test).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_insert_api_needs_no_fence() -> Result<()> {
    let test = Arc::new(database().await?);
    let dictionary = testkit::dictionary();
    let done = Arc::new(AtomicBool::new(false));
    let inserting = tokio::spawn({
        let (test, done) = (Arc::clone(&test), Arc::clone(&done));
        async move {
            let mut id = 1000;
            while !done.load(Ordering::Relaxed) {
                id += 1;
                // Of two tables, so that it is a transaction; and it asks before it inserts.
                let body = format!(
                    r#"{{"collections": [{{"id": {id}, "collection_name": "inserted"}}],
                        "tags": [{{"id": {id}, "tag_name": "inserted"}}]}}"#
                );
                let batch = Batch::read(dictionary, body.as_bytes())?;
                let insert = Insert {
                    dictionary,
                    batch: &batch,
                    preference: None,
                    request_id: "request",
                    actor: None,
                };
                let answer = insert.run(&test.database()).await?;
                ensure!(answer.inserted() == 2, "{id}: {answer:?}");
            }
            Ok::<_, anyhow::Error>(id)
        }
    });
    for version in ["one", "two", "three", "four", "five"] {
        load(&test.database(), &File::replace(version, named(1..=6, version))).await?;
    }
    done.store(true, Ordering::Relaxed);
    let last = inserting.await??;
    // Everything since the last swap is there without a gap, and before it nothing is.
    let inserted =
        "SELECT CONCAT(COUNT(*), ' up to ', COALESCE(MAX(id), 0)) FROM collections WHERE id > 1000";
    let count: i64 = test.value("SELECT COUNT(*) FROM collections WHERE id > 1000").await?.parse()?;
    let first: i64 =
        test.value("SELECT COALESCE(MIN(id), 0) FROM collections WHERE id > 1000").await?.parse()?;
    if count > 0 {
        assert_eq!(test.value(inserted).await?, format!("{} up to {last}", last - first + 1));
    }
    assert_eq!(test.value("SELECT COUNT(*) FROM tags WHERE id > 1000").await?, (last - 1000).to_string());
    assert_eq!(test.value("SELECT COUNT(*) FROM collections WHERE collection_name = 'five'").await?, "6");
    assert_settled(&test).await
}

#[tokio::test]
async fn a_transaction_that_is_older_than_the_table_it_reads_is_one_to_run_again() -> Result<()> {
    let test = database().await?;
    let transaction = test.database().begin().await?;
    let _: Vec<serde_json::Value> = transaction.query(Statement::new("SELECT id FROM tags")).await?;
    load(&test.database(), &File::replace("v1", named(1..=6, "new"))).await?;
    let read: Result<Vec<serde_json::Value>, Error> =
        transaction.query(Statement::new("SELECT id FROM collections")).await;
    assert!(read.as_ref().is_err_and(Error::is_retryable), "{read:?}");
    Ok(())
}

/// Proves S9.
#[tokio::test]
async fn a_migration_under_a_replace_survives_and_the_load_begins_again() -> Result<()> {
    for migration in [
        "ALTER TABLE collections ADD COLUMN note VARCHAR(10) NULL",
        "ALTER TABLE collections ADD KEY collections_by_name (collection_name)",
    ] {
        let test = database().await?;
        let db = test.database();
        let file = File::replace("v1", named(1..=6, "new"));
        let (run, target) = begin(&db, &file).await?.unwrap();
        fill(&db, &file, &run, &target).await?;
        test.sql(migration).await?;
        assert_eq!(loads::swap(&db, &run, table(), DIGEST).await?, Swapped::Unfilled, "{migration}");
        assert_eq!(test.value("SELECT MAX(collection_name) FROM collections").await?, "old");
        load(&db, &file).await?;
        assert_eq!(content(&test).await?, file.rows);
        let there = "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() \
                     AND table_name = 'collections' AND (column_name = 'note' OR column_key = 'MUL')";
        assert_eq!(test.value(there).await?, "1", "{migration}");
        assert_settled(&test).await?;
    }
    Ok(())
}
