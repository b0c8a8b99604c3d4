use std::time::{Duration, Instant};

use anyhow::Result;
use aurora::{Database, Deadline, Error, Statement};
use testkit::TestDatabase;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Loss, Operation, Rule};

use crate::{insert, insert_all, names, rename, things};

fn fault(test: &TestDatabase, rule: Rule) {
    test.data_api().set(Faults::default().with(rule));
}

#[tokio::test]
async fn waits_for_a_database_that_resumes() -> Result<()> {
    let test = things().await?;
    test.data_api().set(Faults { resume_ms: 1500, ..Faults::default() });
    let started = Instant::now();
    assert_eq!(test.database().execute(insert(3)).await?.updated, 1);
    assert!(started.elapsed() >= Duration::from_millis(1400));
    assert_eq!(names(&test).await?, "one,two,new");
    Ok(())
}

#[tokio::test]
async fn begins_a_transaction_on_a_database_that_resumes() -> Result<()> {
    let test = things().await?;
    test.data_api().set(Faults { resume_ms: 1000, ..Faults::default() });
    insert_all(&test.database(), &[3, 4]).await?;
    assert_eq!(names(&test).await?, "one,two,new,new");
    Ok(())
}

#[tokio::test]
async fn gives_up_on_a_database_that_does_not_resume_in_time() -> Result<()> {
    let test = things().await?;
    test.data_api().set(Faults { resume_ms: 60_000, ..Faults::default() });
    let database = test.database().with_deadline(Deadline::after(Duration::from_secs(1)));
    let started = Instant::now();
    let error = database.execute(insert(3)).await.unwrap_err();
    assert!(matches!(error, Error::Resuming { .. }) && error.is_retryable(), "{error:?}");
    assert!(started.elapsed() < Duration::from_millis(1500));
    Ok(())
}

#[tokio::test]
async fn backs_off_when_throttled() -> Result<()> {
    let test = things().await?;
    fault(&test, Rule::error(ErrorKind::ThrottlingException).times(4));
    assert_eq!(test.database().execute(insert(3)).await?.updated, 1);
    assert_eq!(test.data_api().injected(), 4);
    Ok(())
}

#[tokio::test]
async fn a_throttled_statement_of_a_transaction_goes_out_again() -> Result<()> {
    let test = things().await?;
    fault(
        &test,
        Rule::error(ErrorKind::ThrottlingException).on(Operation::ExecuteStatement).after(1).times(2),
    );
    insert_all(&test.database(), &[3, 4]).await?;
    assert_eq!(names(&test).await?, "one,two,new,new");
    Ok(())
}

#[tokio::test]
async fn a_read_is_repeated_when_its_answer_is_lost() -> Result<()> {
    let test = things().await?;
    for loss in [Loss::Drop, Loss::GatewayTimeout] {
        fault(&test, Rule::new(Effect::LoseAnswer(loss)).times(2));
        let rows: Vec<serde_json::Value> =
            test.database().query(Statement::new("SELECT id FROM things")).await?;
        assert_eq!(rows.len(), 2);
    }
    fault(&test, Rule::error(ErrorKind::InternalServerErrorException).times(1));
    let rows: Vec<serde_json::Value> = test.database().query(Statement::new("SELECT id FROM things")).await?;
    assert_eq!(rows.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_an_unknown_outcome_and_goes_out_once() -> Result<()> {
    let test = things().await?;
    test.sql("ALTER TABLE things DROP PRIMARY KEY").await?;
    for loss in [Loss::Drop, Loss::GatewayTimeout] {
        fault(&test, Rule::new(Effect::LoseAnswer(loss)).times(1));
        let error = test.database().execute(insert(3)).await.unwrap_err();
        assert!(error.is_unknown_outcome(), "{error:?}");
    }
    assert_eq!(test.value("SELECT COUNT(*) FROM things WHERE id = 3").await?, "2");
    Ok(())
}

#[tokio::test]
async fn an_idempotent_write_is_repeated_when_its_answer_is_lost() -> Result<()> {
    let test = things().await?;
    fault(&test, Rule::lose_answer().times(2));
    test.database().execute(rename(1, "eins").idempotent()).await?;
    assert_eq!(names(&test).await?, "eins,two");
    Ok(())
}

#[tokio::test]
async fn a_transaction_starts_over_when_an_answer_in_it_is_lost() -> Result<()> {
    let test = things().await?;
    for operation in
        [Operation::BeginTransaction, Operation::ExecuteStatement, Operation::RollbackTransaction]
    {
        test.sql("DELETE FROM things WHERE id > 2").await?;
        fault(&test, Rule::lose_answer().on(operation).times(1));
        insert_all(&test.database(), &[3, 4]).await?;
        assert_eq!(names(&test).await?, "one,two,new,new", "{operation:?}");
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_that_is_too_late_for_the_deadline_leaves_a_write_unknown() -> Result<()> {
    let test = things().await?;
    fault(&test, Rule::new(Effect::DelayMs(3000)).times(1));
    let database = test.database().with_deadline(Deadline::after(Duration::from_millis(400)));
    let error = database.execute(insert(3)).await.unwrap_err();
    assert!(error.is_unknown_outcome(), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn a_service_that_nobody_runs_did_not_run_the_write() -> Result<()> {
    let test = things().await?;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let config = test.client().config().to_builder().endpoint_url(format!("http://{nobody}")).build();
    let database = Database::new(testkit::sdk::Client::from_conf(config), test.target())
        .with_deadline(Deadline::after(Duration::from_millis(500)));
    let error = database.execute(insert(3)).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { may_have_run: false, .. }), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn many_writers_under_random_faults_lose_nothing_and_count_nothing_twice() -> Result<()> {
    let test = things().await?;
    test.data_api().set(
        Faults { seed: 42, ..Faults::default() }
            .with(Rule::error(ErrorKind::ThrottlingException).rate(0.1))
            .with(Rule::error(ErrorKind::ServiceUnavailableError).rate(0.05))
            .with(Rule::lose_answer().rate(0.05)),
    );
    let database = &test.database();
    let write = |first: i64| async move {
        for id in first..first + 10 {
            // The rule of the house: after an unknown outcome, look before trying again.
            while let Err(error) = insert_all(database, &[id]).await {
                assert!(error.is_unknown_outcome(), "{error:?}");
                let sql = "SELECT id FROM things WHERE id = :id";
                let seen: Vec<serde_json::Value> = database.query(Statement::new(sql).bind("id", id)).await?;
                if !seen.is_empty() {
                    break;
                }
            }
        }
        Ok::<_, Error>(())
    };
    let (a, b, c, d) = tokio::join!(write(100), write(200), write(300), write(400));
    for result in [a, b, c, d] {
        result?;
    }
    test.data_api().clear();
    assert_eq!(test.value("SELECT COUNT(*) FROM things WHERE id >= 100").await?, "40");
    Ok(())
}
