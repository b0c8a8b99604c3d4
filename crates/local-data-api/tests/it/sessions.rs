//! Pooled sessions: the settings they start with, and that nothing leaks from one call to the next.

use std::time::Duration;

use aws_sdk_rdsdata::types::Field;

use crate::support::{Harness, send, text};

#[tokio::test]
async fn sessions_are_strict_utc_and_utf8mb4() {
    let h = Harness::start().await;
    let row = h.row("SELECT @@sql_mode, @@time_zone, @@character_set_connection, @@autocommit").await;
    let Field::StringValue(mode) = &row[0] else { panic!("{row:?}") };
    for part in [
        "STRICT_TRANS_TABLES",
        "NO_ZERO_IN_DATE",
        "NO_ZERO_DATE",
        "ERROR_FOR_DIVISION_BY_ZERO",
        "NO_ENGINE_SUBSTITUTION",
    ] {
        assert!(mode.contains(part), "{mode}");
    }
    assert_eq!(row[1..3], [text("+00:00"), text("utf8mb4")]);
    h.execute("CREATE TABLE t (v VARCHAR(2), d DATETIME)").await.unwrap();
    assert!(h.execute("INSERT INTO t (v) VALUES ('abc')").await.unwrap_err().message.contains("1406"));
    assert!(h.execute("INSERT INTO t (d) VALUES ('0000-00-00')").await.unwrap_err().message.contains("1292"));
}

#[tokio::test]
async fn session_init_can_be_replaced() {
    let h = Harness::with(|config| {
        config.session_init =
            vec!["SET NAMES utf8mb4".into(), "SET sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'".into()];
    })
    .await;
    let sql = r#"SELECT '\', "a".x FROM (SELECT 1 AS x) "a" WHERE '\' <> :p"#;
    let result = send(h.statement(sql).parameters(crate::support::param("p", text("q")))).await.unwrap();
    assert_eq!(result.records()[0], [text("\\"), Field::LongValue(1)]);
}

#[tokio::test]
async fn nothing_leaks_from_one_call_to_the_next() {
    let h = Harness::start().await;
    h.execute("CREATE TABLE t (id INT PRIMARY KEY)").await.unwrap();
    for trace in [
        "SET SESSION sql_mode = ''",
        "SET @a = 1",
        "SET autocommit = 0",
        "SET NAMES latin1",
        "BEGIN",
        "INSERT INTO t VALUES (@b := 1)",
        "CREATE TEMPORARY TABLE hidden (id INT)",
        "USE mysql",
        "SELECT GET_LOCK('lda', 0)",
        "SELECT LAST_INSERT_ID(9)",
    ] {
        h.execute(trace).await.unwrap();
        for _ in 0..3 {
            let row = h
                .row("SELECT @@sql_mode <> '', @a, @@autocommit, @@character_set_client, DATABASE(), LAST_INSERT_ID()")
                .await;
            let clean = [
                Field::LongValue(1),
                Field::IsNull(true),
                Field::LongValue(1),
                text("utf8mb4"),
                text(&h.database),
                Field::LongValue(0),
            ];
            assert_eq!(row, clean, "after {trace}");
            assert!(h.execute("SELECT * FROM hidden").await.is_err());
        }
    }
    // Every lock is free again once the reset is through.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(h.sql("SELECT GET_LOCK('lda', 1)").await, ["1"]);
}

#[tokio::test]
async fn traces_of_a_transaction_go_with_it() {
    let h = Harness::start().await;
    for end in ["commit", "rollback"] {
        let id = h.begin().await;
        h.execute_in(&id, "SET @a = 5, SESSION sql_mode = ''").await.unwrap();
        let row = h.execute_in(&id, "SELECT @a").await.unwrap();
        assert_eq!(row.records()[0], [Field::LongValue(5)], "inside, the session is one");
        if end == "commit" { h.commit(&id).await } else { h.rollback(&id).await }.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let id = h.begin().await;
        let row = h.execute_in(&id, "SELECT @a, @@sql_mode <> ''").await.unwrap();
        assert_eq!(row.records()[0], [Field::IsNull(true), Field::LongValue(1)]);
        h.rollback(&id).await.unwrap();
    }
}

#[tokio::test]
async fn sessions_are_reused() {
    let h = Harness::start().await;
    let first = h.row("SELECT CONNECTION_ID()").await;
    for _ in 0..20 {
        assert_eq!(h.row("SELECT CONNECTION_ID()").await, first);
    }
}

#[tokio::test]
async fn sessions_that_the_database_closed_are_replaced() {
    let h = Harness::start().await;
    let row = h.row("SELECT CONNECTION_ID()").await;
    let Field::LongValue(id) = row[0] else { panic!("{row:?}") };
    h.sql(&format!("KILL {id}")).await;
    // A session that lay for a while is tried first; a fresh one is trusted, and its loss is
    // reported.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_ne!(h.row("SELECT CONNECTION_ID()").await, row);
    let row = h.row("SELECT CONNECTION_ID()").await;
    let Field::LongValue(id) = row[0] else { panic!("{row:?}") };
    h.sql(&format!("KILL {id}")).await;
    if let Err(failed) = h.execute("SELECT 1").await {
        assert_eq!((failed.code.as_str(), failed.status), ("DatabaseUnavailableException", 504));
    }
    h.execute("SELECT 1").await.unwrap();
}

#[tokio::test]
async fn many_calls_at_once() {
    let h = Harness::start().await;
    h.execute("CREATE TABLE t (id INT PRIMARY KEY)").await.unwrap();
    let h = std::sync::Arc::new(h);
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let h = h.clone();
            tokio::spawn(async move { h.execute(&format!("INSERT INTO t VALUES ({n})")).await.is_ok() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(h.count("t").await, 40);
}
