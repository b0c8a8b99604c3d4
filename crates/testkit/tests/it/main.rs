//! The guarantees that other tests rely on: isolation, and no server left behind.

mod function;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mysql_async::prelude::Queryable;
use testkit::{DatabaseServer, SOCKET_VARIABLE, TestDatabase};

#[tokio::test]
async fn databases_of_one_server_do_not_see_each_other() -> Result<()> {
    let (one, other) = (TestDatabase::start().await?, TestDatabase::start().await?);
    one.sql("CREATE TABLE t (id INT)").await?;
    assert_eq!(one.sql("SHOW TABLES").await?, [[Some("t".to_owned())]]);
    assert!(other.sql("SHOW TABLES").await?.is_empty());
    assert_eq!(one.mysql_socket(), other.mysql_socket());
    Ok(())
}

#[tokio::test]
async fn the_server_is_strict_and_in_utc() -> Result<()> {
    let test = TestDatabase::start().await?;
    let row = test.sql("SELECT @@sql_mode, @@time_zone, @@character_set_server, NULL").await?.remove(0);
    assert!(row[0].as_deref().is_some_and(|mode| mode.contains("STRICT_TRANS_TABLES")), "{row:?}");
    assert_eq!(row[1..], [Some("+00:00".to_owned()), Some("utf8mb4".to_owned()), None]);
    Ok(())
}

#[tokio::test]
async fn numbers_count_from_one() -> Result<()> {
    let test = TestDatabase::start().await?;
    for count in [1, 2, 60_000] {
        let sql = format!(
            "SELECT COUNT(DISTINCT seq), COUNT(*), MIN(seq), MAX(seq) FROM {}",
            testkit::numbers(count)
        );
        let count = count.to_string();
        assert_eq!(test.sql(&sql).await?, [[&*count, &count, "1", &count].map(|text| Some(text.to_owned()))]);
    }
    Ok(())
}

#[test]
fn a_server_ends_with_its_handle() -> Result<()> {
    let server = DatabaseServer::start()?;
    let socket = server.socket().to_owned();
    assert!(is_up(&socket));
    drop(server);
    assert!(!is_up(&socket) && !socket.exists());
    Ok(())
}

#[tokio::test]
async fn a_killed_server_comes_back_with_what_was_committed() -> Result<()> {
    let server = Arc::new(DatabaseServer::start()?);
    let test = TestDatabase::start_on(Arc::clone(&server), |_| {}).await?;
    test.sql("CREATE TABLE t (id INT PRIMARY KEY)").await?;
    test.sql("INSERT INTO t VALUES (1)").await?;
    let mut open = test.connect().await?;
    open.query_drop("START TRANSACTION").await?;
    open.query_drop("INSERT INTO t VALUES (2)").await?;
    server.kill()?;
    assert!(!is_up(server.socket()));
    server.start_again()?;
    assert_eq!(test.sql("SELECT id FROM t").await?, [[Some("1".to_owned())]]);
    Ok(())
}

#[test]
fn a_server_ends_with_a_process_that_is_killed() -> Result<()> {
    let (mut runner, socket) = runner("echo $ROWGATE_TEST_MYSQL_SOCKET; exec cat")?;
    assert!(is_up(&socket));
    runner.kill()?;
    runner.wait()?;
    let started = Instant::now();
    while is_up(&socket) {
        assert!(started.elapsed() < Duration::from_secs(10), "it is still up");
        thread::sleep(Duration::from_millis(20));
    }
    // The next start removes what it left behind.
    drop(DatabaseServer::start()?);
    assert!(!socket.parent().context("a directory")?.exists());
    Ok(())
}

#[test]
fn a_command_runs_with_a_server_and_its_exit_code_is_handed_on() -> Result<()> {
    let (mut runner, socket) = runner("echo $ROWGATE_TEST_MYSQL_SOCKET; exit 7")?;
    assert_eq!(runner.wait()?.code(), Some(7));
    assert!(!is_up(&socket));
    Ok(())
}

/// Runs a shell command that first prints the socket under `with-database`.
fn runner(script: &str) -> Result<(Child, std::path::PathBuf)> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_with-database"))
        .args(["sh", "-c", script])
        .env_remove(SOCKET_VARIABLE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
    Ok((child, line.trim_end().into()))
}

fn is_up(socket: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(socket).is_ok()
}
