use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Result;
use aurora::{Deadline, Error, MaybeDatabase, Statement, Target};
use testkit::local_data_api::{ErrorKind, ErrorStyle, Faults, OnError, Operation, Rule};

use crate::{insert, insert_all, names, rename, things, things_with};

/// Both things that may become of a transaction when a statement of it fails.
const ON_ERROR: [OnError; 2] = [OnError::Abort, OnError::Keep];

#[tokio::test]
async fn a_commit_makes_all_of_it_visible_and_nothing_before() -> Result<()> {
    let test = things().await?;
    let transaction = test.database().begin().await?;
    transaction.execute(rename(1, "eins")).await?;
    transaction.execute(insert(3)).await?;
    let seen: Vec<serde_json::Value> = transaction.query(Statement::new("SELECT id FROM things")).await?;
    assert_eq!(seen.len(), 3);
    assert_eq!(names(&test).await?, "one,two");
    transaction.commit().await?;
    assert_eq!(names(&test).await?, "eins,two,new");
    assert_eq!(test.open_transactions(), 0);
    Ok(())
}

#[tokio::test]
async fn a_rollback_undoes_all_of_it() -> Result<()> {
    let test = things().await?;
    let transaction = test.database().begin().await?;
    transaction.execute(rename(1, "eins")).await?;
    let tx = transaction.handle();
    transaction.rollback().await;
    assert_eq!(names(&test).await?, "one,two");
    let late = tx.execute(insert(3)).await;
    assert!(matches!(late, Err(Error::TransactionLost { .. })), "{late:?}");
    Ok(())
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back() -> Result<()> {
    let test = things().await?;
    let transaction = test.database().begin().await?;
    transaction.execute(rename(1, "eins")).await?;
    drop(transaction);
    for _ in 0..200 {
        if test.open_transactions() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(test.open_transactions(), 0);
    assert_eq!(names(&test).await?, "one,two");
    Ok(())
}

#[tokio::test]
async fn a_failure_of_the_work_itself_rolls_back_and_is_handed_on() -> Result<()> {
    #[derive(Debug)]
    enum Failure {
        Mine,
        Database,
    }
    impl From<Error> for Failure {
        fn from(_: Error) -> Self {
            Self::Database
        }
    }
    impl MaybeDatabase for Failure {
        fn database(&self) -> Option<&Error> {
            None
        }
    }
    let test = things().await?;
    let result: Result<(), Failure> = test
        .database()
        .transaction(|tx| async move {
            tx.execute(insert(3)).await?;
            Err(Failure::Mine)
        })
        .await;
    assert!(matches!(result, Err(Failure::Mine)), "{result:?}");
    assert_eq!(names(&test).await?, "one,two");
    assert_eq!(test.open_transactions(), 0);
    Ok(())
}

#[tokio::test]
async fn after_any_failed_statement_a_transaction_can_only_be_rolled_back() -> Result<()> {
    for on_error in ON_ERROR {
        let test = things_with(|config| config.on_error = on_error).await?;
        for failing in [insert(1), rename(1, &"x".repeat(21)), Statement::new("SELECT * FROM nowhere")] {
            let transaction = test.database().begin().await?;
            transaction.execute(insert(3)).await?;
            assert!(transaction.execute(failing).await.is_err());
            let next = transaction.execute(insert(4)).await;
            assert!(matches!(next, Err(Error::TransactionLost { .. })), "{on_error:?}: {next:?}");
            let commit = transaction.commit().await;
            assert!(matches!(commit, Err(Error::TransactionLost { .. })), "{on_error:?}: {commit:?}");
            assert_eq!((names(&test).await?.as_str(), test.open_transactions()), ("one,two", 0));
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_failure_is_handed_on_and_the_next_transaction_works_whatever_the_wording() -> Result<()> {
    for on_error in ON_ERROR {
        for style in ErrorStyle::ALL {
            let test = things_with(|config| {
                config.on_error = on_error;
                config.error_style = *style;
            })
            .await?;
            let failed = insert_all(&test.database(), &[3, 1]).await;
            assert!(failed.is_err_and(|error| error.is_duplicate_key()), "{on_error:?} {style:?}");
            assert_eq!(test.open_transactions(), 0, "{on_error:?} {style:?}");
            insert_all(&test.database(), &[3]).await?;
            assert_eq!(names(&test).await?, "one,two,new");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_transaction_that_is_gone_is_run_again_whatever_the_wording() -> Result<()> {
    for style in ErrorStyle::ALL {
        let test = things_with(|config| config.error_style = *style).await?;
        let (runs, test) = (&AtomicU32::new(0), &test);
        let ended = |tx: aurora::Tx| async move {
            let Target { cluster_arn, secret_arn, .. } = test.target();
            let rollback = test.client().rollback_transaction().transaction_id(tx.id());
            rollback.resource_arn(cluster_arn).secret_arn(secret_arn).send().await.map(drop)
        };
        test.database()
            .transaction(|tx| async move {
                tx.execute(insert(3)).await?;
                if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                    ended(tx.clone()).await.unwrap();
                }
                tx.execute(insert(4)).await?;
                Ok::<_, Error>(())
            })
            .await?;
        assert_eq!(runs.load(Ordering::Relaxed), 2, "{style:?}");
        assert_eq!(names(test).await?, "one,two,new,new");
    }
    Ok(())
}

#[tokio::test]
async fn a_deadlock_runs_the_work_again() -> Result<()> {
    let test = things().await?;
    let database = test.database();
    let runs = AtomicU32::new(0);
    let barrier = tokio::sync::Barrier::new(2);
    let (runs, barrier) = (&runs, &barrier);
    // Two transactions lock the two rows crosswise; they meet in the middle the first time, so one
    // is the victim.
    let crosswise = |first: i64, second: i64, suffix: &'static str| {
        database.transaction(move |tx| async move {
            let run = runs.fetch_add(1, Ordering::Relaxed);
            let sql = "UPDATE things SET name = CONCAT(name, :suffix) WHERE id = :id";
            let statement = Statement::new(sql).bind("suffix", suffix);
            tx.execute(statement.clone().bind("id", first)).await?;
            if run < 2 {
                barrier.wait().await;
            }
            tx.execute(statement.bind("id", second)).await?;
            Ok::<_, Error>(())
        })
    };
    let (a, b) = tokio::join!(crosswise(1, 2, "a"), crosswise(2, 1, "b"));
    a?;
    b?;
    assert_eq!(runs.load(Ordering::Relaxed), 3);
    let names = names(&test).await?;
    assert!(["oneab,twoab", "oneba,twoba"].contains(&names.as_str()), "{names}");
    Ok(())
}

#[tokio::test]
async fn a_lock_wait_runs_the_work_again_until_the_lock_is_free() -> Result<()> {
    let test =
        things_with(|config| config.session_init.push("SET innodb_lock_wait_timeout = 1".to_owned())).await?;
    let database = test.database();
    let holder = database.begin().await?;
    holder.execute(rename(1, "held")).await?;
    let runs = AtomicU32::new(0);
    let runs = &runs;
    let waiter = database.transaction(|tx| async move {
        runs.fetch_add(1, Ordering::Relaxed);
        tx.execute(rename(1, "mine")).await?;
        Ok::<_, Error>(())
    });
    let release = async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        holder.commit().await
    };
    let (waited, released) = tokio::join!(waiter, release);
    waited?;
    released?;
    assert!(runs.load(Ordering::Relaxed) > 1);
    assert_eq!(names(&test).await?, "mine,two");
    Ok(())
}

#[tokio::test]
async fn swallowing_a_deadlock_does_not_commit_the_rest() -> Result<()> {
    let test = things().await?;
    let rule = Rule::error(ErrorKind::DatabaseUnavailableException).sql("UPDATE things").times(1);
    test.data_api().set(Faults::default().with(rule));
    let transaction = test.database().begin().await?;
    transaction.execute(insert(3)).await?;
    assert!(transaction.execute(rename(1, "eins")).await.is_err());
    let next = transaction.execute(insert(4)).await;
    assert!(matches!(next, Err(Error::TransactionLost { .. })), "{next:?}");
    let commit = transaction.commit().await;
    assert!(matches!(commit, Err(Error::TransactionLost { .. })), "{commit:?}");
    assert_eq!(names(&test).await?, "one,two");
    assert_eq!(test.open_transactions(), 0);
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_to_commit_is_an_unknown_outcome_and_the_work_runs_once() -> Result<()> {
    let test = things().await?;
    let rule = Rule::lose_answer().on(Operation::CommitTransaction).times(1);
    test.data_api().set(Faults::default().with(rule));
    let error = insert_all(&test.database(), &[3]).await.unwrap_err();
    assert!(error.is_unknown_outcome() && !error.is_retryable(), "{error:?}");
    // It did get through; only reading can tell.
    assert_eq!(names(&test).await?, "one,two,new");
    Ok(())
}

#[tokio::test]
async fn a_commit_that_never_arrived_is_an_unknown_outcome_too() -> Result<()> {
    let test = things().await?;
    let rule =
        Rule::new(testkit::local_data_api::Effect::DropRequest).on(Operation::CommitTransaction).times(1);
    test.data_api().set(Faults::default().with(rule));
    let error = insert_all(&test.database(), &[3]).await.unwrap_err();
    assert!(error.is_unknown_outcome(), "{error:?}");
    // The rest of it is rolled back, so what a read shows now is final.
    assert_eq!(test.open_transactions(), 0);
    assert_eq!(names(&test).await?, "one,two");
    Ok(())
}

#[tokio::test]
async fn a_commit_that_was_refused_leaves_no_transaction_behind() -> Result<()> {
    let test = things().await?;
    let rule = Rule::error(ErrorKind::ForbiddenException).on(Operation::CommitTransaction);
    test.data_api().set(Faults::default().with(rule));
    let transaction = test.database().begin().await?;
    transaction.execute(insert(3)).await?;
    let commit = transaction.commit().await;
    assert!(matches!(commit, Err(Error::AccessDenied { .. })), "{commit:?}");
    // Not even briefly: once it has answered, a function is frozen with whatever it still meant to
    // do.
    assert_eq!(test.open_transactions(), 0);
    assert_eq!(names(&test).await?, "one,two");
    Ok(())
}

#[tokio::test]
async fn a_throttled_commit_goes_out_again() -> Result<()> {
    let test = things().await?;
    let rule = Rule::error(ErrorKind::ThrottlingException).on(Operation::CommitTransaction).times(3);
    test.data_api().set(Faults::default().with(rule));
    insert_all(&test.database(), &[3]).await?;
    assert_eq!(names(&test).await?, "one,two,new");
    Ok(())
}

#[tokio::test]
async fn a_transaction_that_the_service_gave_up_is_run_again() -> Result<()> {
    let test = things_with(|config| config.limits.transaction_idle = Duration::from_millis(300)).await?;
    let runs = AtomicU32::new(0);
    let runs = &runs;
    test.database()
        .transaction(|tx| async move {
            tx.execute(insert(3)).await?;
            if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                tokio::time::sleep(Duration::from_millis(1500)).await;
            }
            tx.execute(insert(4)).await?;
            Ok::<_, Error>(())
        })
        .await?;
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    assert_eq!(names(&test).await?, "one,two,new,new");
    Ok(())
}

#[tokio::test]
async fn a_transaction_whose_time_is_up_is_rolled_back_and_not_committed() -> Result<()> {
    let test = things().await?;
    let database = test.database().with_deadline(Deadline::after(Duration::from_millis(800)));
    let transaction = database.begin().await?;
    transaction.execute(insert(3)).await?;
    tokio::time::sleep(Duration::from_millis(900)).await;
    let commit = transaction.commit().await;
    assert!(matches!(commit, Err(Error::OutOfTime)), "{commit:?}");
    assert_eq!(names(&test).await?, "one,two");
    assert_eq!(test.open_transactions(), 0);
    Ok(())
}
