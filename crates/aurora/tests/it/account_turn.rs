//! Changes of accounts are made one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use aurora::{AccountTurn, Deadline, Error};
use testkit::TestDatabase;
use tokio::task::JoinSet;

#[tokio::test]
async fn one_has_the_turn_at_a_time() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let inside = Arc::new(AtomicUsize::new(0));
    let mut changes = JoinSet::new();
    for _ in 0..8 {
        let (database, inside) = (test.database(), Arc::clone(&inside));
        changes.spawn(async move {
            let turn = AccountTurn::take(&database).await.unwrap();
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
            tokio::time::sleep(Duration::from_millis(20)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            turn.end().await;
        });
    }
    while let Some(change) = changes.join_next().await {
        change?;
    }
    assert_eq!(test.open_transactions(), 0);
    Ok(())
}

#[tokio::test]
async fn whoever_waits_too_long_gets_no_turn_and_leaves_none_behind() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let database = test.database();
    let turn = AccountTurn::take(&database).await?;
    let hasty = database.with_deadline(Deadline::after(Duration::from_millis(300)));
    assert!(matches!(AccountTurn::take(&hasty).await, Err(Error::OutOfTime)));
    assert_eq!(test.open_transactions(), 1, "that of who has the turn");
    let started = Instant::now();
    let patient = database.with_deadline(Deadline::after(Duration::from_secs(60)));
    assert!(matches!(AccountTurn::take(&patient).await, Err(Error::OutOfTime)));
    assert!(started.elapsed() < Duration::from_secs(20), "nobody waits for all of the time");
    turn.end().await;
    AccountTurn::take(&database).await?.end().await;
    Ok(())
}

#[tokio::test]
async fn a_turn_that_is_dropped_is_over() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    drop(AccountTurn::take(&test.database()).await?);
    AccountTurn::take(&test.database()).await?.end().await;
    Ok(())
}
