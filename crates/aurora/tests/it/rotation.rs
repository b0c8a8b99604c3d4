//! Calls go on while the password of their user is rotated.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use aurora::users::Role;
use aurora::{Deadline, Error, Statement};
use testkit::{DatabaseServer, TestDatabase};

use crate::{insert, insert_all};

/// The time in which the secret and the database differ.
const GAP: Duration = Duration::from_millis(500);

/// Who gets a new password first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Database,
    Secret,
}

/// A database whose user is the test's own, behind a Data API that keeps this many sessions.
async fn things(idle_sessions: usize) -> Result<TestDatabase> {
    // Of its own: its failed logins are counted.
    let server = Arc::new(DatabaseServer::start()?);
    let test = TestDatabase::start_on(server, |config| config.idle_sessions = idle_sessions).await?;
    // Without a key, a row that is written twice is there twice.
    test.sql("CREATE TABLE things (id INT NOT NULL, name VARCHAR(20) NULL) ENGINE = InnoDB").await?;
    Ok(test)
}

async fn change_in_database(test: &TestDatabase, password: &str) -> Result<()> {
    let user = test.user(Role::Writer);
    test.sql(&format!("ALTER USER '{user}'@'%' IDENTIFIED BY '{password}'")).await?;
    Ok(())
}

fn change_in_secret(test: &TestDatabase, password: &str) {
    test.secrets().put(test.target().secret_arn, test.user(Role::Writer), password);
}

async fn rotate(test: &TestDatabase, first: First, password: &str) -> Result<()> {
    match first {
        First::Database => {
            change_in_database(test, password).await?;
            tokio::time::sleep(GAP).await;
            change_in_secret(test, password);
        }
        First::Secret => {
            change_in_secret(test, password);
            tokio::time::sleep(GAP).await;
            change_in_database(test, password).await?;
        }
    }
    Ok(())
}

async fn refused_logins(test: &TestDatabase) -> Result<u64> {
    let row = test.sql("SHOW GLOBAL STATUS LIKE 'Aborted_connects'").await?.remove(0);
    Ok(row[1].as_deref().unwrap_or_default().parse()?)
}

/// Writes rows, one by one and in transactions, until told to stop.
async fn write(test: &TestDatabase, next: &AtomicI64, stop: &AtomicBool) -> Result<(), Error> {
    while !stop.load(Ordering::Relaxed) {
        let id = next.fetch_add(3, Ordering::Relaxed);
        test.database().execute(insert(id)).await?;
        insert_all(&test.database(), &[id + 1, id + 2]).await?;
    }
    Ok(())
}

/// Reads, and sees nothing vanish, until told to stop.
async fn read(test: &TestDatabase, stop: &AtomicBool) -> Result<(), Error> {
    #[derive(serde::Deserialize)]
    struct Count {
        rows_now: i64,
    }
    let mut seen = 0;
    while !stop.load(Ordering::Relaxed) {
        let counts: Vec<Count> =
            test.database().query(Statement::new("SELECT COUNT(*) AS rows_now FROM things")).await?;
        assert!(counts[0].rows_now >= seen);
        seen = counts[0].rows_now;
    }
    Ok(())
}

async fn no_call_fails(idle_sessions: usize) -> Result<()> {
    let test = &things(idle_sessions).await?;
    let (next, stop) = (&AtomicI64::new(1), &AtomicBool::new(false));
    let refused_before = refused_logins(test).await?;
    let rotations = async {
        for round in 0..6 {
            let first = if round % 2 == 0 { First::Database } else { First::Secret };
            rotate(test, first, &format!("RotatedPassword{round}")).await?;
            tokio::time::sleep(GAP / 2).await;
        }
        stop.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let (rotated, one, two, three, four, five) = tokio::join!(
        rotations,
        write(test, next, stop),
        write(test, next, stop),
        write(test, next, stop),
        read(test, stop),
        read(test, stop)
    );
    rotated?;
    for result in [one, two, three, four, five] {
        result?;
    }
    assert!(refused_logins(test).await? > refused_before, "the rotations were noticed");
    let written = next.load(Ordering::Relaxed) - 1;
    let found = test.sql("SELECT COUNT(*), COUNT(DISTINCT id), MIN(id), MAX(id) FROM things").await?;
    let written = written.to_string();
    assert_eq!(found, [[&*written, &written, "1", &written].map(|text| Some(text.to_owned()))]);
    Ok(())
}

/// The stricter reading: the service logs in for every call that is not in a transaction.
#[tokio::test]
async fn no_call_fails_while_passwords_are_rotated_and_every_call_logs_in() -> Result<()> {
    no_call_fails(0).await
}

#[tokio::test]
async fn no_call_fails_while_passwords_are_rotated_and_sessions_are_kept() -> Result<()> {
    no_call_fails(32).await
}

#[tokio::test]
async fn a_transaction_does_not_log_in_again() -> Result<()> {
    let test = things(0).await?;
    for (number, first) in (1..).zip([First::Database, First::Secret]) {
        let transaction = test.database().begin().await?;
        transaction.execute(insert(10 * number)).await?;
        let refused_before = refused_logins(&test).await?;
        let password = format!("RotatedPassword{number}");
        match first {
            First::Database => change_in_database(&test, &password).await?,
            First::Secret => change_in_secret(&test, &password),
        }
        transaction.execute(insert(10 * number + 1)).await?;
        transaction.commit().await?;
        assert_eq!(refused_logins(&test).await?, refused_before, "{first:?}");
        match first {
            First::Database => change_in_secret(&test, &password),
            First::Secret => change_in_database(&test, &password).await?,
        }
    }
    assert_eq!(test.value("SELECT GROUP_CONCAT(id ORDER BY id) FROM things").await?, "10,11,20,21");
    Ok(())
}

#[tokio::test]
async fn a_password_that_stays_wrong_ends_in_time_with_a_clear_error() -> Result<()> {
    let test = things(0).await?;
    change_in_secret(&test, "WrongPassword1234");
    let time = Duration::from_secs(3);
    let database = test.database().with_deadline(Deadline::after(time));
    let started = Instant::now();
    let error = insert_all(&database, &[1]).await.unwrap_err();
    assert!(started.elapsed() <= time && refused_logins(&test).await? > 2, "{error:?}");
    assert!(matches!(error, Error::LoginRefused { .. }) && error.is_retryable(), "{error:?}");
    let text = error.to_string().replace(&test.user(Role::Writer), "USER");
    let start = "the database refuses the login with the user name and password of the secret (Access denied for user \
                 'USER'@'localhost' (using password: YES)";
    let end = "if the password is not being rotated right now, the secret does not hold the user's password";
    assert!(text.starts_with(start) && text.ends_with(end), "{text}");
    assert_eq!(error.to_problem().kind, domain::problem::ProblemKind::Unavailable);
    assert_eq!(test.value("SELECT COUNT(*) FROM things").await?, "0");
    Ok(())
}
