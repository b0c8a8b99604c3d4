use std::time::Duration;

use anyhow::{Context, Result};
use aurora::migrations::{MigrateError, Outcome, migrate};
use aurora::{Deadline, Error};
use domain::built_in;
use domain::migration::{Migration, newest, parse_all};
use testkit::TestDatabase;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Loss, Rule};
use tokio::task::JoinSet;

const A: &str = "20261121_create_a";
const B: &str = "20261122_fill_a";

fn pair() -> Result<Vec<Migration>> {
    migrations(&[
        (
            A,
            "CREATE TABLE a (id INT PRIMARY KEY) ENGINE = InnoDB;\nALTER TABLE a ADD COLUMN name VARCHAR(9);",
        ),
        (B, "INSERT INTO a VALUES (1, 'one');\nINSERT INTO a SELECT MAX(id) + 1, 'next' FROM a;"),
    ])
}

fn migrations(files: &[(&str, &str)]) -> Result<Vec<Migration>> {
    Ok(parse_all(files.iter().map(|(name, text)| (*name, *text)))?)
}

async fn run(test: &TestDatabase, migrations: &[Migration]) -> Result<Outcome, MigrateError> {
    migrate(&test.admin(), migrations, "test").await
}

/// Checks what migrations A and B leave behind, and that the records are complete.
async fn assert_all_in(test: &TestDatabase) -> Result<()> {
    assert_eq!(test.value("SELECT GROUP_CONCAT(id, name ORDER BY id) FROM a").await?, "1one,2next");
    let sql = "SELECT COUNT(*) FROM rowgate_migrations WHERE statements_done = 2 AND statements_started = 2 AND finished_at IS NOT NULL";
    assert_eq!(test.value(sql).await?, "2");
    assert_eq!(test.value("SELECT owner = '' FROM rowgate_leases").await?, "1");
    Ok(())
}

#[tokio::test]
async fn applies_what_is_missing_in_order_and_nothing_twice() -> Result<()> {
    let test = TestDatabase::start().await?;
    let both = pair()?;
    let outcome = run(&test, &both[..1]).await?;
    assert_eq!((outcome.applied, outcome.schema_version), (vec![A.to_owned()], Some(A.to_owned())));
    let outcome = run(&test, &both).await?;
    assert_eq!((outcome.applied, outcome.schema_version), (vec![B.to_owned()], Some(B.to_owned())));
    let outcome = run(&test, &both).await?;
    assert_eq!((outcome.applied, outcome.schema_version), (vec![], Some(B.to_owned())));
    assert_all_in(&test).await
}

#[tokio::test]
async fn runs_at_the_same_time_apply_everything_once() -> Result<()> {
    let test = TestDatabase::start().await?;
    let both = pair()?;
    let (a, b, c) = tokio::join!(run(&test, &both), run(&test, &both), run(&test, &both));
    let mut applied: Vec<String> = [a?, b?, c?].into_iter().flat_map(|outcome| outcome.applied).collect();
    applied.sort();
    assert_eq!(applied, [A, B]);
    assert_all_in(&test).await
}

#[tokio::test]
async fn says_who_is_migrating_when_it_cannot_wait_any_longer() -> Result<()> {
    let test = TestDatabase::start().await?;
    run(&test, &pair()?).await?;
    test.sql("UPDATE rowgate_leases SET owner = 'somebody', expires_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR")
        .await?;
    let database = test.admin().with_deadline(Deadline::after(Duration::from_secs(2)));
    let error = migrate(&database, &pair()?, "me").await.unwrap_err();
    assert!(matches!(&error, MigrateError::Busy { owner, .. } if owner == "somebody"), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn takes_over_an_expired_lease() -> Result<()> {
    let test = TestDatabase::start().await?;
    run(&test, &pair()?[..1]).await?;
    test.sql("UPDATE rowgate_leases SET owner = 'killed', expires_at = UTC_TIMESTAMP(3) + INTERVAL 1 SECOND")
        .await?;
    run(&test, &pair()?).await?;
    assert_all_in(&test).await
}

#[tokio::test]
async fn refuses_a_migration_that_was_changed_after_it_was_applied() -> Result<()> {
    let test = TestDatabase::start().await?;
    run(&test, &pair()?[..1]).await?;
    let changed =
        migrations(&[(A, "CREATE TABLE a (id BIGINT PRIMARY KEY) ENGINE = InnoDB;"), (B, "DROP TABLE a;")])?;
    let error = run(&test, &changed).await.unwrap_err();
    assert!(matches!(&error, MigrateError::Changed { name, .. } if name == A), "{error:?}");
    assert_eq!(test.value("SELECT COUNT(*) FROM a").await?, "0");
    Ok(())
}

#[tokio::test]
async fn refuses_a_migration_that_comes_before_an_applied_one() -> Result<()> {
    let test = TestDatabase::start().await?;
    let files = [(A, "CREATE TABLE a (id INT PRIMARY KEY);"), (B, "CREATE TABLE b (id INT PRIMARY KEY);")];
    run(&test, &migrations(&files[1..])?).await?;
    let error = run(&test, &migrations(&files)?).await.unwrap_err();
    let MigrateError::Late { name, applied } = &error else { panic!("{error:?}") };
    assert_eq!((name.as_str(), applied.as_str()), (A, B));
    assert!(test.value("SELECT COUNT(*) FROM a").await.is_err(), "nothing is done");
    Ok(())
}

#[tokio::test]
async fn refuses_a_database_that_is_ahead_of_the_code() -> Result<()> {
    let test = TestDatabase::start().await?;
    run(&test, &pair()?).await?;
    let error = run(&test, &pair()?[1..]).await.unwrap_err();
    assert!(matches!(&error, MigrateError::Unknown { name } if name == A), "{error:?}");
    assert!(error.to_string().contains("deploy the version that brought it"));
    Ok(())
}

#[tokio::test]
async fn stops_at_a_wrong_statement_and_continues_there_once_it_is_mended() -> Result<()> {
    let test = TestDatabase::start().await?;
    let create = "CREATE TABLE a (id INT PRIMARY KEY) ENGINE = InnoDB;\n";
    let wrong = migrations(&[(A, &format!("{create}ALTER TABLE a ADD COLUMN;"))])?;
    for _ in 0..2 {
        let error = run(&test, &wrong).await.unwrap_err();
        let MigrateError::Statement {
            statement: 2,
            statements: 2,
            source: Error::Sql { code: Some(1064), .. },
            ..
        } = error
        else {
            panic!("{error:?}");
        };
    }
    let mended = migrations(&[(A, &format!("{create}ALTER TABLE a ADD COLUMN name VARCHAR(9);"))])?;
    assert_eq!(run(&test, &mended).await?.applied, [A]);
    assert_eq!(test.value("SELECT COUNT(name) FROM a").await?, "0");
    Ok(())
}

#[tokio::test]
async fn a_table_that_was_there_before_is_an_error_every_time() -> Result<()> {
    let test = TestDatabase::start().await?;
    test.sql("CREATE TABLE a (other INT)").await?;
    for _ in 0..2 {
        let error = run(&test, &pair()?).await.unwrap_err();
        assert!(
            matches!(
                error,
                MigrateError::Statement { statement: 1, source: Error::Sql { code: Some(1050), .. }, .. }
            ),
            "{error:?}"
        );
    }
    Ok(())
}

/// A run that dies at any one of its calls (its answers stop coming) is finished by the next one,
/// whether the call had reached the database or not.
#[tokio::test]
async fn continues_where_a_killed_run_stopped_whichever_call_it_was() -> Result<()> {
    for effect in [Effect::DropRequest, Effect::LoseAnswer(Loss::Drop)] {
        let mut calls = 0;
        loop {
            // Some at a time, each in its own database.
            let mut runs = JoinSet::new();
            for call in calls..calls + 6 {
                runs.spawn(killed_at(effect, call));
            }
            calls += 6;
            let survived = runs.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
            if survived.into_iter().any(|survived| survived) {
                break;
            }
        }
        assert!(calls > 12, "{effect:?}: {calls}");
    }
    Ok(())
}

/// Returns true if the run was over before it was killed.
async fn killed_at(effect: Effect, call: u32) -> Result<bool> {
    let test = TestDatabase::start().await?;
    let both = pair()?;
    test.data_api().set(
        Faults::default()
            .with(Rule::new(effect).after(call).times(1))
            .with(Rule::error(ErrorKind::AccessDeniedException).after(call + 1)),
    );
    let killed = run(&test, &both).await;
    test.data_api().clear();
    // A killed run does not give its lease back.
    test.sql("UPDATE rowgate_leases SET expires_at = UTC_TIMESTAMP(3)").await.ok();
    run(&test, &both).await.with_context(|| format!("after a kill at call {call}"))?;
    assert_all_in(&test).await?;
    Ok(killed.is_ok())
}

#[tokio::test]
async fn migrates_while_answers_get_lost_and_the_service_throttles() -> Result<()> {
    let test = TestDatabase::start().await?;
    test.data_api().set(
        Faults { seed: 7, resume_ms: 300, ..Faults::default() }
            .with(Rule::error(ErrorKind::ThrottlingException).rate(0.1))
            .with(Rule::new(Effect::DropRequest).rate(0.1))
            .with(Rule::lose_answer().rate(0.1)),
    );
    run(&test, &pair()?).await?;
    test.data_api().clear();
    assert_all_in(&test).await
}

#[tokio::test]
async fn waits_for_a_definition_that_runs_longer_than_a_call() -> Result<()> {
    let test = TestDatabase::start_with(|config| config.limits.call = Duration::from_millis(500)).await?;
    let both = pair()?;
    run(&test, &both[..1]).await?;
    // The ALTER waits for this reader of the table, longer than the service waits for the ALTER.
    let mut reader = test.connect().await?;
    mysql_async::prelude::Queryable::query_drop(&mut reader, "BEGIN; SELECT * FROM a").await?;
    let more = migrations(&[(A, &sql(&both[0])), (B, "ALTER TABLE a ADD COLUMN more INT;")])?;
    let release = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        mysql_async::prelude::Queryable::query_drop(&mut reader, "COMMIT").await
    };
    let (outcome, released) = tokio::join!(run(&test, &more), release);
    released?;
    assert_eq!(outcome?.applied, [B]);
    assert_eq!(test.value("SELECT COUNT(more) FROM a").await?, "0");
    Ok(())
}

fn sql(migration: &Migration) -> String {
    migration.statements().iter().map(|step| format!("{};\n", step.sql)).collect()
}

#[tokio::test]
async fn the_migrations_of_the_repository_apply_to_an_empty_database() -> Result<()> {
    let test = TestDatabase::start().await?;
    let all = &testkit::folder().migrations;
    let outcome = run(&test, all).await?;
    assert_eq!(outcome.applied.len(), all.len());
    assert!(run(&test, all).await?.applied.is_empty());
    let collation = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
                     AND (ENGINE <> 'InnoDB' OR TABLE_COLLATION NOT LIKE 'utf8mb4%')";
    assert_eq!(test.value(collation).await?, "0");
    Ok(())
}

/// Rowgate's own migrations come first, though the database has a folder's that are newer by date.
#[tokio::test]
async fn a_later_migration_of_rowgates_applies_after_those_of_the_folder() -> Result<()> {
    let test = TestDatabase::start().await?;
    let all = &testkit::folder().migrations;
    let own = built_in::migrations()?;
    let last = own.last().context("Rowgate has migrations")?;
    let before: Vec<Migration> = all.iter().filter(|migration| *migration != last).cloned().collect();
    // Older versions of Rowgate had one order for all, that of the names.
    let mut by_name = before;
    by_name.sort_by(|a, b| a.name().cmp(b.name()));
    run(&test, &by_name).await?;
    let outcome = run(&test, all).await?;
    assert_eq!(outcome.applied, [last.name()]);
    assert_eq!(outcome.schema_version.as_deref(), newest(all));
    Ok(())
}
