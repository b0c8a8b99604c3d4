use std::time::Duration;

use anyhow::{Context, Result};
use aurora::snapshot::Snapshot;
use aurora::{Deadline, Error};
use testkit::TestDatabase;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Loss, OnError, Rule};

use super::consistency::at_once;
use super::{all, documents, sample_table};

#[tokio::test]
async fn a_page_that_may_be_had_later_is_asked_for_again_in_the_same_snapshot() -> Result<()> {
    let test = documents(2500).await?;
    let table = sample_table("documents")?;
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    test.sql("DELETE FROM documents WHERE id % 2 = 0").await?;
    for effect in [
        Effect::LoseAnswer(Loss::Drop),
        Effect::LoseAnswer(Loss::GatewayTimeout),
        Effect::DropRequest,
        Effect::Error(ErrorKind::ThrottlingException),
        Effect::Error(ErrorKind::ServiceUnavailableError),
        Effect::Error(ErrorKind::InternalServerErrorException),
        Effect::Error(ErrorKind::DatabaseResumingException),
    ] {
        for part in ["AS `r` FROM", "ROLLBACK TO"] {
            let rule = Rule::new(effect).sql(part).after(1).times(2);
            test.data_api().set(Faults::default().with(rule));
            assert_eq!(all(&snapshot, table).await?.len(), 2500, "{effect:?}");
            assert_eq!(test.data_api().injected(), 2, "{effect:?} {part}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn taking_a_snapshot_survives_what_passes() -> Result<()> {
    let test = documents(10).await?;
    for part in ["SHOW VARIABLES", "UTC_TIMESTAMP", "SAVEPOINT"] {
        test.data_api().set(Faults::default().with(Rule::lose_answer().sql(part).times(1)));
        let snapshot = Snapshot::take(&test.database(), &[]).await?;
        assert_eq!(test.data_api().injected(), 1, "{part}");
        assert_eq!(all(&snapshot, sample_table("documents")?).await?.len(), 10);
        snapshot.end().await;
    }
    assert_eq!(test.open_transactions(), 0);
    Ok(())
}

#[tokio::test]
async fn a_page_waits_for_one_that_still_runs() -> Result<()> {
    let test = documents(10).await?;
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    let slow = "SELECT CONCAT('', SLEEP(1)) AS r".to_owned();
    let given_up = tokio::time::timeout(Duration::from_millis(200), snapshot.page(slow)).await;
    assert!(given_up.is_err());
    test.data_api().clear();
    let rows = snapshot.page("SELECT name AS r FROM documents".to_owned()).await?;
    assert_eq!(rows.len(), 10);
    // A page, a ROLLBACK TO, and a try at least that found the transaction busy.
    assert!(test.data_api().calls() > 2);
    Ok(())
}

#[tokio::test]
async fn a_snapshot_that_lay_idle_for_too_long_is_lost() -> Result<()> {
    let test = TestDatabase::start_with(|config| config.limits.transaction_idle = Duration::from_millis(200))
        .await?;
    test.migrate().await?;
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    while test.open_transactions() > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let lost = all(&snapshot, sample_table("documents")?).await;
    assert!(matches!(lost, Err(Error::TransactionLost { .. })), "{lost:?}");
    snapshot.end().await;
    Ok(())
}

#[tokio::test]
async fn after_a_failed_page_the_snapshot_is_lost_or_unchanged() -> Result<()> {
    for on_error in [OnError::Abort, OnError::Keep] {
        let test = TestDatabase::start_with(|config| config.on_error = on_error).await?;
        test.migrate().await?;
        test.sql("INSERT INTO tags VALUES (1, 'a'), (2, 'b')").await?;
        let snapshot = Snapshot::take(&test.database(), &[]).await?;
        test.sql("DELETE FROM tags WHERE id = 1").await?;
        let failed = snapshot.page("SELECT nothing AS r FROM tags".to_owned()).await;
        assert!(matches!(failed, Err(Error::Sql { code: Some(1054), .. })), "{on_error:?}: {failed:?}");
        match (all(&snapshot, sample_table("tags")?).await, on_error) {
            (Ok(rows), OnError::Keep) => assert_eq!(rows, ["1,1:a", "2,1:b"]),
            (Err(Error::TransactionLost { .. }), OnError::Abort) => {}
            (other, _) => anyhow::bail!("{on_error:?}: {other:?}"),
        }
        // Nobody waits for the lock of the failed statement.
        at_once(&test, &["ALTER TABLE tags ADD COLUMN note INT"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_snapshot_whose_transaction_was_ended_underneath_is_lost() -> Result<()> {
    let test = documents(10).await?;
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    // As a server does that rolls back a transaction which waited too long for a lock.
    assert!(snapshot.page("ROLLBACK".to_owned()).await.is_err());
    let lost = all(&snapshot, sample_table("documents")?).await;
    assert!(matches!(lost, Err(Error::TransactionLost { .. })), "{lost:?}");
    Ok(())
}

#[tokio::test]
async fn a_database_without_snapshot_isolation_is_refused() -> Result<()> {
    for (level, kept) in [
        ("READ UNCOMMITTED", false),
        ("READ COMMITTED", false),
        ("REPEATABLE READ", true),
        ("SERIALIZABLE", false),
    ] {
        let init = format!("SET SESSION TRANSACTION ISOLATION LEVEL {level}");
        let test = TestDatabase::start_with(|config| config.session_init.push(init)).await?;
        test.migrate().await?;
        match Snapshot::take(&test.database(), &[]).await {
            Ok(_) => assert!(kept, "{level}"),
            Err(Error::Configuration { message }) => {
                assert!(!kept && message.contains("transaction_isolation"), "{message}");
            }
            Err(error) => return Err(error.into()),
        }
        // Neither the refused snapshot nor the dropped one stays open.
        while test.open_transactions() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    Ok(())
}

#[tokio::test]
async fn out_of_time_leaves_the_snapshot_to_whoever_has_more() -> Result<()> {
    let test = documents(1500).await?;
    let table = sample_table("documents")?;
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    let (id, time) = (snapshot.id().to_owned(), snapshot.time().to_owned());
    let hurried = Snapshot::resume(&test.database().with_deadline(Deadline::after(Duration::ZERO)), id, time);
    let mut pages = hurried.pages(table, &[], None);
    let late = pages.next().await;
    assert!(matches!(late, Err(Error::OutOfTime)), "{late:?}");
    let _ = hurried.release();
    assert_eq!(all(&snapshot, table).await?.len(), 1500);
    Ok(())
}

#[tokio::test]
async fn tables_and_columns_that_are_not_there_are_named() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    let table = sample_table("documents")?;
    assert_eq!(snapshot.nullable(table).await?, [false, false, false, true, true]);
    test.sql("ALTER TABLE documents DROP COLUMN tag_id").await?;
    let error = snapshot.nullable(table).await.err().context("it is there")?;
    assert!(matches!(&error, Error::Sql { code: Some(1054), message } if message.contains("tag_id")));
    test.sql("DROP TABLE documents").await?;
    let error = snapshot.nullable(table).await.err().context("it is there")?;
    assert!(matches!(&error, Error::Sql { code: Some(1146), message } if message.contains("documents")));
    Ok(())
}
