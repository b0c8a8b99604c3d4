//! Changes of accounts are made one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use aurora::{AccountLock, Deadline, Error};
use testkit::TestDatabase;
use tokio::task::JoinSet;

#[tokio::test]
async fn one_caller_has_the_lock_at_a_time() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let inside = Arc::new(AtomicUsize::new(0));
    let mut changes = JoinSet::new();
    for _ in 0..8 {
        let (database, inside) = (test.database(), Arc::clone(&inside));
        changes.spawn(async move {
            let lock = AccountLock::take(&database).await.unwrap();
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
            tokio::time::sleep(Duration::from_millis(20)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            lock.release().await;
        });
    }
    while let Some(change) = changes.join_next().await {
        change?;
    }
    assert_eq!(test.open_transactions(), 0);
    Ok(())
}

#[tokio::test]
async fn a_wait_that_times_out_leaves_no_lock_behind() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let database = test.database();
    let lock = AccountLock::take(&database).await?;
    let hasty = database.with_deadline(Deadline::after(Duration::from_millis(300)));
    assert!(matches!(AccountLock::take(&hasty).await, Err(Error::OutOfTime)));
    assert_eq!(test.open_transactions(), 1, "that of who has the lock");
    let started = Instant::now();
    let patient = database.with_deadline(Deadline::after(Duration::from_secs(60)));
    assert!(matches!(AccountLock::take(&patient).await, Err(Error::OutOfTime)));
    assert!(started.elapsed() < Duration::from_secs(20), "nobody waits for all of the time");
    lock.release().await;
    AccountLock::take(&database).await?.release().await;
    Ok(())
}

#[tokio::test]
async fn a_lock_that_is_dropped_is_released() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    drop(AccountLock::take(&test.database()).await?);
    AccountLock::take(&test.database()).await?.release().await;
    Ok(())
}
