//! Tables that were made before the snapshot and take a table's place after it: MySQL says nothing
//! of them.

use std::time::Duration;

use anyhow::{Context, Result};
use aurora::snapshot::Snapshot;
use aurora::{Error, loads, restores};
use domain::dictionary::LoadMode;
use testkit::{TestDatabase, numbers};

use super::{all, documents, sample_table};
use crate::restores::worker::{self, Work};
use crate::swap::loader::{self, DIGEST, File, TABLE, named};

/// Returns true if a table is certainly no longer the one of the snapshot.
async fn is_lost(snapshot: &Snapshot, table: &str) -> Result<bool, Error> {
    match snapshot.check(table).await {
        Ok(()) => Ok(false),
        Err(Error::TransactionLost { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// A database with twenty collections.
async fn collections() -> Result<TestDatabase> {
    let test = TestDatabase::migrated().await?;
    test.sql(&format!("INSERT INTO collections SELECT seq, 'old' FROM {}", numbers(20))).await?;
    Ok(test)
}

#[tokio::test]
async fn a_restore_that_was_half_filled_at_the_snapshot_and_swapped_since_is_noticed() -> Result<()> {
    let test = collections().await?;
    let db = test.database();
    let work = Work::of(&[TABLE], "new");
    worker::begin(&db, &work).await?;
    let restores::Prepared::Fill { shadow } = restores::prepare(&db, &work.id, worker::table(TABLE)).await?
    else {
        anyhow::bail!("no shadow");
    };
    worker::commit(&db, &work, TABLE, &shadow, 0).await?;

    let snapshot = Snapshot::take(&db, &[TABLE, "tags"]).await?;
    assert!(!is_lost(&snapshot, TABLE).await?);
    worker::restore(&db, &work).await?;
    // This is why the ledger is asked: two rows of five, and no error.
    assert_eq!(all(&snapshot, sample_table(TABLE)?).await?.len(), 2);
    assert!(is_lost(&snapshot, TABLE).await?);
    assert!(!is_lost(&snapshot, "tags").await?, "nobody has touched it");
    snapshot.end().await;
    let again = Snapshot::take(&db, &[TABLE]).await?;
    assert_eq!(all(&again, sample_table(TABLE)?).await?.len(), 5);
    assert!(!is_lost(&again, TABLE).await?);
    Ok(())
}

/// Raises every fence, as a load does before its swap.
fn raise(since: &str) -> String {
    format!(
        "UPDATE rowgate_table_fences SET job_id = REPEAT('0', 32), \
         commit_marker = CONCAT('rowgate_swap_', REPEAT('0', 32), '_00000000'), fenced_since = {since}"
    )
}

#[tokio::test]
async fn a_replace_that_was_half_filled_at_the_snapshot_and_swapped_since_is_noticed() -> Result<()> {
    let test = collections().await?;
    let db = test.database();
    let file = File::replace("v1", named(1..=6, "new"));
    let (run, target) = loader::begin(&db, &file).await?.context("it has ended")?;
    loader::commit(&db, &file, &run, &target, &file.chunks()[0]).await?;

    let snapshot = Snapshot::take(&db, &[TABLE]).await?;
    loader::fill(&db, &file, &run, &target).await?;
    loads::swap(&db, &run, loader::table(), DIGEST).await?;
    assert!(all(&snapshot, sample_table(TABLE)?).await?.len() < 6);
    assert!(is_lost(&snapshot, TABLE).await?);
    Ok(())
}

#[tokio::test]
async fn an_undo_between_two_pages_is_noticed_by_the_next_invocation_too() -> Result<()> {
    let test = documents(1500).await?;
    let db = test.database();
    let first = Work::of(&["documents"], "new");
    let back = first.undone();
    for work in [&first, &back] {
        worker::restore(&db, work).await?;
    }
    let table = sample_table("documents")?;
    let snapshot = Snapshot::take(&db, &["documents"]).await?;
    let nullable = snapshot.nullable(table).await?;
    let mut pages = snapshot.pages(table, &nullable, None);
    assert!(pages.next().await?.is_some());
    worker::restore(&db, &back.undone()).await?;
    assert!(pages.next().await?.is_none(), "rows are behind it in the table that was set aside");
    assert!(is_lost(&snapshot, "documents").await?);
    let time = snapshot.time().to_owned();
    let resumed = Snapshot::resume(&db, snapshot.release(), time);
    assert!(is_lost(&resumed, "documents").await?);
    resumed.end().await;
    Ok(())
}

#[tokio::test]
async fn a_swap_that_is_not_over_counts_and_one_that_did_not_take_place_does_not() -> Result<()> {
    let test = collections().await?;
    let db = test.database();
    loader::load(&db, &File::append("v1", named(100..=102, "added"))).await?;
    let snapshot = Snapshot::take(&db, &[TABLE]).await?;
    // As a function leaves it that is killed after the RENAME, or before it.
    test.sql(&raise("UTC_TIMESTAMP(3)")).await?;
    assert!(is_lost(&snapshot, TABLE).await?);
    test.sql("UPDATE rowgate_table_fences SET job_id = NULL, commit_marker = NULL, fenced_since = NULL")
        .await?;
    assert!(!is_lost(&snapshot, TABLE).await?);
    for work in [Work::of(&[TABLE], "new").verify(), Work::of(&["tags"], "new")] {
        worker::restore(&db, &work).await?;
    }
    for mode in [LoadMode::Append, LoadMode::Upsert] {
        loader::load(&db, &File::new(mode, "v2", named(200..=202, "added"))).await?;
    }
    assert_eq!(all(&snapshot, sample_table(TABLE)?).await?.len(), 23);
    assert!(!is_lost(&snapshot, TABLE).await?);
    Ok(())
}

#[tokio::test]
async fn a_snapshot_waits_for_a_swap_that_is_under_way_and_ends_one_that_was_left_alone() -> Result<()> {
    let test = collections().await?;
    let db = test.database();
    loader::load(&db, &File::append("v1", named(100..=102, "added"))).await?;
    test.sql(&raise("UTC_TIMESTAMP(3)")).await?;
    let waits = tokio::time::timeout(Duration::from_secs(1), Snapshot::take(&db, &["tags", TABLE])).await;
    assert!(waits.is_err());
    let other = Snapshot::take(&db, &["tags"]).await?;
    assert!(is_lost(&other, TABLE).await?, "the snapshot was taken within a swap");
    test.sql(&raise("UTC_TIMESTAMP(3) - INTERVAL 3 MINUTE")).await?;
    let snapshot = Snapshot::take(&db, &["tags", TABLE]).await?;
    assert!(!is_lost(&snapshot, TABLE).await?);
    Ok(())
}
