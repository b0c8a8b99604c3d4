//! Loads and restores of the same table.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use aurora::loads::{self, Claim, Swapped};
use aurora::restores;
use aurora::swap::{self, Fence};
use domain::dictionary::LoadMode;
use testkit::TestDatabase;

use super::worker::{Work, begin, fill, named, restore};
use super::{assert_settled, content, database, let_time_pass, previous_content, status};
use crate::swap::loader::{self, DIGEST, File, commit};
use crate::swap::{fence, status as load_status};

const TABLE: &str = "collections";

async fn ready(test: &TestDatabase) -> Result<Work> {
    let work = Work::of(&[TABLE, "tags"], "restored");
    begin(&test.database(), &work).await?;
    fill(&test.database(), &work).await?;
    Ok(work)
}

/// Proves S7.
#[tokio::test]
async fn a_load_that_is_half_in_when_its_table_is_restored_begins_again_in_the_restored_one() -> Result<()> {
    for (mode, given_up) in [(LoadMode::Append, false), (LoadMode::Upsert, false), (LoadMode::Append, true)] {
        let test = database().await?;
        let db = test.database();
        let file = File::new(mode, "v1", named(100..=111, "added"));
        let (run, target) = loader::begin(&db, &file).await?.unwrap();
        assert_eq!(commit(&db, &file, &run, &target, &file.chunks()[0]).await?, Claim::Ours);
        if given_up {
            loads::end(&db, &run, loads::Ending::Abandoned("tired")).await?;
        }
        let work = Work::of(&["tags", TABLE], "restored");
        restore(&db, &work).await?;
        assert_eq!(content(&test, TABLE).await?, work.rows(TABLE));
        // The rows that it had added are in the previous table.
        assert_eq!(previous_content(&test, &work, TABLE).await?.len(), 3 + file.chunks()[0].records().len());
        assert!(load_status(&test, &file).await?.ends_with(" 0 = 0 + 0"));
        if !given_up {
            assert_eq!(commit(&db, &file, &run, &target, &file.chunks()[1]).await?, Claim::Restarted);
        }
        loader::load(&db, &file).await?;
        assert_eq!(content(&test, TABLE).await?, [work.rows(TABLE), &file.rows].concat());
        assert_eq!(load_status(&test, &file).await?, "completed 12 = 12 + 0");
        assert_settled(&test).await?;
    }
    Ok(())
}

/// Proves S3.
#[tokio::test]
async fn a_restore_waits_for_a_chunk_that_is_under_way_and_refuses_those_that_come_then() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let file = File::append("v1", named(100..=102, "added"));
    let (run, _) = loader::begin(&db, &file).await?.unwrap();
    let chunk = &file.chunks()[0];
    let under_way = db.begin().await?;
    let claim = loads::claim_chunk(&under_way, &run, chunk, loads::ChunkCounts::default(), None).await?;
    assert_eq!(claim, Claim::Ours);
    let work = ready(&test).await?;
    let swap = tokio::spawn({
        let (db, id) = (test.database(), work.id.clone());
        async move { restores::swap(&db, &id).await }
    });
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!swap.is_finished());
    under_way.execute(loader::insert(&file, TABLE, chunk)).await?;
    under_way.commit().await?;
    assert_eq!(swap.await??, Swapped::Ended);
    assert_eq!(content(&test, TABLE).await?, work.rows(TABLE));
    assert_eq!(previous_content(&test, &work, TABLE).await?.len(), 3 + chunk.records().len());
    loader::load(&db, &file).await?;
    assert_eq!(content(&test, TABLE).await?, [work.rows(TABLE), &file.rows].concat());
    assert_settled(&test).await
}

/// Proves S3, S4.
#[tokio::test]
async fn chunks_wait_while_a_restore_holds_the_fence_and_lift_it_when_it_was_left_raised() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let work = ready(&test).await?;
    let file = File::append("v1", named(100..=102, "added"));
    let (run, _) = loader::begin(&db, &file).await?.unwrap();
    fence(&test, work.id.as_str(), &[TABLE]).await?;
    assert!(loads::is_under_way(&db).await?);
    let chunk = &file.chunks()[0];
    let claimed = db
        .transaction(|tx| {
            let (run, chunk) = (run.clone(), chunk.clone());
            async move { loads::claim_chunk(&tx, &run, &chunk, loads::ChunkCounts::default(), None).await }
        })
        .await?;
    assert_eq!(claimed, Claim::Fenced);
    assert_eq!(swap::recover(&db, TABLE).await?, Fence::Raised);
    let_time_pass(&test).await?;
    loader::load(&db, &file).await?;
    assert_eq!(load_status(&test, &file).await?, "completed 3 = 3 + 0");
    restore(&db, &work).await?;
    assert_eq!(previous_content(&test, &work, TABLE).await?, [named(1..=3, "old"), file.rows].concat());
    assert_settled(&test).await
}

/// Proves S3.
#[tokio::test]
async fn a_replace_of_a_table_that_a_restore_is_swapping_waits_for_it() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let work = ready(&test).await?;
    let file = File::replace("v1", named(1..=6, "loaded"));
    let (run, target) = loader::begin(&db, &file).await?.unwrap();
    loader::fill(&db, &file, &run, &target).await?;
    fence(&test, work.id.as_str(), &[TABLE]).await?;
    let swap = tokio::spawn({
        let db = test.database();
        async move { loads::swap(&db, &run, loader::table(), DIGEST).await }
    });
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!swap.is_finished());
    assert_eq!(content(&test, TABLE).await?, named(1..=3, "old"));
    let_time_pass(&test).await?;
    assert_eq!(swap.await??, Swapped::Ended);
    assert_eq!(content(&test, TABLE).await?, file.rows);
    restore(&db, &work).await?;
    assert_eq!(previous_content(&test, &work, TABLE).await?, file.rows);
    assert_eq!(content(&test, TABLE).await?, work.rows(TABLE));
    assert_settled(&test).await
}

/// Proves S3.
#[tokio::test]
async fn a_restore_of_a_table_that_a_replace_is_swapping_waits_for_it() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let work = ready(&test).await?;
    let file = File::replace("v1", named(1..=6, "loaded"));
    let (run, target) = loader::begin(&db, &file).await?.unwrap();
    loader::fill(&db, &file, &run, &target).await?;
    fence(&test, file.id.as_str(), &[TABLE]).await?;
    let swap = tokio::spawn({
        let (db, id) = (test.database(), work.id.clone());
        async move { restores::swap(&db, &id).await }
    });
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!swap.is_finished());
    // It fences none of its tables meanwhile.
    assert_eq!(swap::recover(&db, "tags").await?, Fence::Lifted);
    let_time_pass(&test).await?;
    assert_eq!(swap.await??, Swapped::Ended);
    assert_eq!(content(&test, TABLE).await?, work.rows(TABLE));
    loader::load(&db, &file).await?;
    assert_eq!(content(&test, TABLE).await?, file.rows);
    assert_eq!(status(&test, &work).await?, "completed");
    assert_settled(&test).await
}

#[tokio::test]
async fn a_load_is_not_skipped_for_one_that_a_restore_has_taken_away() -> Result<()> {
    let test = database().await?;
    let db = test.database();
    let first = File::append("v1", named(100..=105, "added"));
    loader::load(&db, &first).await?;
    let same = loads::completed_of_size(&db, loader::table(), 7).await?;
    assert_eq!(same.len(), 1);
    let second = File::append("v2", named(100..=105, "added"));
    let (run, _) = loader::begin(&db, &second).await?.unwrap();
    let work = ready(&test).await?;
    fence(&test, work.id.as_str(), &[TABLE]).await?;
    assert!(!loads::skip(&db, &run, loader::table(), 7, &same[0]).await?);
    let_time_pass(&test).await?;
    crate::reap(&db).await?;
    let verified = Work::of(&[TABLE], "restored").verify();
    restore(&db, &verified).await?;
    assert_eq!(loads::completed_of_size(&db, loader::table(), 7).await?, same);
    restore(&db, &work).await?;
    assert!(!loads::skip(&db, &run, loader::table(), 7, &same[0]).await?);
    assert_eq!(loads::completed_of_size(&db, loader::table(), 7).await?, []);
    loader::load(&db, &second).await?;
    assert_eq!(content(&test, TABLE).await?, [work.rows(TABLE), &second.rows].concat());
    assert_settled(&test).await
}

/// Proves S7.
#[tokio::test]
async fn loads_of_every_mode_and_restores_at_once_end_with_every_row_once() -> Result<()> {
    let test = Arc::new(database().await?);
    for round in 0..4 {
        let first = 100 * (round + 1);
        let files = [
            File::append(&round.to_string(), named(first..=first + 19, "appended")),
            File::new(LoadMode::Upsert, &round.to_string(), named(first + 20..=first + 39, "upserted")),
            File::replace(&round.to_string(), named(1..=20, &format!("a {round}"))),
        ];
        let works = [
            Work::of(&["tags", TABLE], &format!("b {round}")),
            Work::of(&[TABLE, "documents"], &format!("c {round}")),
        ];
        let mut tasks = Vec::new();
        for file in files.clone() {
            let db = test.database();
            tasks.push(tokio::spawn(async move { loader::load(&db, &file).await }));
        }
        for work in works.clone() {
            let db = test.database();
            tasks.push(tokio::spawn(async move { restore(&db, &work).await }));
        }
        for task in tasks {
            task.await??;
        }
        // In the order in which they completed: a replace or a restore takes all away that was
        // there.
        let sql = "SELECT load_id AS id, finished_at, mode = 'replace' AS takes FROM rowgate_loads UNION ALL \
                   SELECT restore_id, finished_at, 1 FROM rowgate_restores WHERE status = 'completed' \
                   ORDER BY finished_at, takes";
        let mut expected = Vec::new();
        let mut last = None;
        for row in test.sql(sql).await? {
            let id = row.into_iter().next().flatten().unwrap_or_default();
            if let Some(file) = files.iter().find(|file| file.id.as_str() == id) {
                assert_eq!(load_status(&test, file).await?, "completed 20 = 20 + 0", "{file:?}");
                if file.mode == LoadMode::Replace {
                    expected.clear();
                }
                expected.extend(file.rows.clone());
            }
            if let Some(work) = works.iter().find(|work| work.id.as_str() == id) {
                expected = work.rows(TABLE).to_vec();
                last = Some(work);
            }
        }
        expected.sort();
        assert_eq!(content(&test, TABLE).await?, expected, "round {round}");
        assert!(last.is_some(), "round {round}");
        for work in &works {
            let status = status(&test, work).await?;
            assert!(
                status == "completed"
                    || status.starts_with(&format!("failed: the table {TABLE} was restored by ")),
                "{status}"
            );
            let is_kept = !previous_content(&test, work, TABLE).await?.is_empty();
            assert_eq!(is_kept, last.is_some_and(|last| last.id == work.id), "round {round}");
        }
        crate::reap(&test.database()).await?;
        swap::reap(&test.database()).await?;
        assert_settled(&test).await?;
    }
    Ok(())
}
