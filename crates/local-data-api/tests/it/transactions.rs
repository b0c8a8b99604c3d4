//! Transactions: own session, one statement at a time, and an end that never surprises.

use std::time::Duration;

use local_data_api::{ErrorKind, Faults, OnError, Rule};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::support::{CLUSTER, Failed, Harness, SECRET, eventually, send};

const NOT_FOUND: (&str, u16) = ("TransactionNotFoundException", 404);

fn is(failed: &Failed) -> (&str, u16) {
    (failed.code.as_str(), failed.status)
}

async fn harness() -> Harness {
    let h = Harness::start().await;
    h.execute("CREATE TABLE t (id INT PRIMARY KEY)").await.unwrap();
    h
}

#[tokio::test]
async fn commit_keeps_and_rollback_undoes() {
    let h = harness().await;
    let one = h.begin().await;
    h.execute_in(&one, "INSERT INTO t VALUES (1)").await.unwrap();
    assert_eq!(h.count("t").await, 0, "nobody else sees it yet");
    assert_eq!(h.execute_in(&one, "SELECT * FROM t").await.unwrap().records().len(), 1);
    assert_eq!(h.commit(&one).await.unwrap(), "Transaction Committed");
    assert_eq!(h.count("t").await, 1);
    let two = h.begin().await;
    assert_ne!(one, two);
    h.execute_in(&two, "INSERT INTO t VALUES (2)").await.unwrap();
    assert_eq!(h.rollback(&two).await.unwrap(), "Rollback Complete");
    assert_eq!(h.count("t").await, 1);
    for ended in [&one, &two] {
        let failed = h.execute_in(ended, "INSERT INTO t VALUES (3)").await.unwrap_err();
        assert_eq!(is(&failed), NOT_FOUND);
        assert!(failed.message.contains("One previous call resulted in a termination"), "{}", failed.message);
        assert_eq!(is(&h.commit(ended).await.unwrap_err()), NOT_FOUND);
        assert_eq!(is(&h.rollback(ended).await.unwrap_err()), NOT_FOUND);
    }
    assert_eq!(is(&h.execute_in("bm8gc3VjaA==", "INSERT INTO t VALUES (3)").await.unwrap_err()), NOT_FOUND);
    assert_eq!(h.count("t").await, 1, "nothing was committed on its own");
}

/// Statements with a row and with a result that is too large.
const TOO_LARGE: [&str; 2] = [
    "SELECT REPEAT('x', 70000)",
    "WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 20) \
     SELECT REPEAT('x', 60000) FROM s",
];

/// Statements that fail in the database, by their results, and before the database sees them.
const FAILING: [&str; 6] = [
    "INSERT INTO t VALUES (9)",
    "SELEC",
    "SELECT * FROM nowhere",
    "SELECT ST_GeomFromText('POINT(1 2)')",
    "SELECT 1; SELECT 2",
    "SELECT :missing",
];

#[tokio::test]
async fn a_failed_statement_ends_its_transaction() {
    let h = harness().await;
    h.execute("INSERT INTO t VALUES (9)").await.unwrap();
    for sql in FAILING.into_iter().chain(TOO_LARGE) {
        let id = h.begin().await;
        h.execute_in(&id, "INSERT INTO t VALUES (1)").await.unwrap();
        h.execute_in(&id, sql).await.expect_err(sql);
        // Its rows and its locks are gone before the answer comes.
        assert_eq!(h.server.open_transactions(), 0, "{sql}");
        h.execute("INSERT INTO t VALUES (1)").await.expect(sql);
        h.execute("DELETE FROM t WHERE id = 1").await.expect(sql);
        for failed in [
            h.execute_in(&id, "INSERT INTO t VALUES (2)").await.unwrap_err(),
            h.commit(&id).await.unwrap_err(),
            h.rollback(&id).await.unwrap_err(),
        ] {
            assert_eq!(is(&failed), NOT_FOUND, "{sql}");
            assert_eq!(
                failed.message,
                format!(
                    "Transaction {id} is not found. Transaction has been aborted due to an error from a \
                     previous call."
                )
            );
        }
    }
    assert_eq!(h.count("t").await, 1);
}

#[tokio::test]
async fn a_failed_batch_ends_its_transaction() {
    let h = harness().await;
    let id = h.begin().await;
    let batch = h.client.batch_execute_statement().resource_arn(CLUSTER).secret_arn(SECRET);
    let batch = batch.database(&h.database).transaction_id(&id).sql("INSERT INTO t VALUES (1)");
    let failed = Failed::from(batch.set_parameter_sets(Some(vec![vec![], vec![]])).send().await.unwrap_err());
    assert!(failed.message.contains("1062"), "{failed:?}");
    assert_eq!(is(&h.commit(&id).await.unwrap_err()), NOT_FOUND);
    assert_eq!(h.count("t").await, 0);
}

#[tokio::test]
async fn what_does_not_come_to_the_transaction_leaves_it() {
    let h = harness().await;
    let id = h.begin().await;
    h.execute_in(&id, "INSERT INTO t VALUES (1)").await.unwrap();
    // The front door knows no transactions, and a fault on the way reaches none.
    h.execute_in(&id, &"x".repeat(65_537)).await.unwrap_err();
    let members = json!({"sql": "SELECT 1", "database": h.database, "transactionId": id});
    for (member, wrong) in [
        ("formatRecordsAs", json!("XML")),
        ("resultSetOptions", json!({"longReturnType": "INT"})),
        ("parameters", json!([{"name": "a", "typeHint": "XML", "value": {"stringValue": "a"}}])),
    ] {
        let mut members = members.clone();
        members[member] = wrong;
        let (head, body) = h.post("/Execute", members).await;
        assert!(head.contains("x-amzn-errortype: ValidationException"), "{member}: {head} {body}");
    }
    let busy = Rule::error(ErrorKind::ThrottlingException).times(1);
    h.server.faults().set(Faults::default().with(busy));
    h.execute_in(&id, "SELECT 1").await.unwrap_err();
    h.commit(&id).await.unwrap();
    assert_eq!(h.count("t").await, 1);
}

#[tokio::test]
async fn an_injected_timeout_ends_the_transaction_as_a_real_one_does() {
    for on_error in [OnError::Abort, OnError::Keep] {
        let h = Harness::with(|config| config.on_error = on_error).await;
        h.execute("CREATE TABLE t (id INT PRIMARY KEY)").await.unwrap();
        let timeout = || Rule::error(ErrorKind::StatementTimeoutException).times(1);
        for late in ["statement", "commit"] {
            let id = h.begin().await;
            h.execute_in(&id, "INSERT INTO t VALUES (1)").await.unwrap();
            h.server.faults().set(Faults::default().with(timeout()));
            let failed = match late {
                "statement" => h.execute_in(&id, "SELECT 1").await.unwrap_err(),
                _ => h.commit(&id).await.unwrap_err(),
            };
            assert_eq!(failed.code, "StatementTimeoutException", "{late}");
            assert_eq!(h.server.open_transactions(), 0, "{late}");
            assert_eq!(is(&h.commit(&id).await.unwrap_err()), NOT_FOUND, "{late}");
            assert_eq!(h.count("t").await, 0, "{late}");
        }
    }
}

#[tokio::test]
async fn a_result_that_is_too_large_ends_a_transaction_that_other_errors_leave() {
    let h = Harness::with(|config| config.on_error = OnError::Keep).await;
    h.execute("CREATE TABLE t (id INT PRIMARY KEY)").await.unwrap();
    for sql in TOO_LARGE {
        let id = h.begin().await;
        h.execute_in(&id, "INSERT INTO t VALUES (1)").await.unwrap();
        assert_eq!(h.execute_in(&id, sql).await.expect_err(sql).code, "UnsupportedResultException");
        assert_eq!(h.server.open_transactions(), 0, "{sql}");
        assert_eq!(is(&h.commit(&id).await.unwrap_err()), NOT_FOUND, "{sql}");
        assert_eq!(h.count("t").await, 0, "{sql}");
    }
}

#[tokio::test]
async fn a_failed_statement_can_leave_its_transaction() {
    let h = Harness::with(|config| config.on_error = OnError::Keep).await;
    h.execute("CREATE TABLE t (id INT PRIMARY KEY)").await.unwrap();
    h.execute("INSERT INTO t VALUES (9)").await.unwrap();
    let id = h.begin().await;
    h.execute_in(&id, "INSERT INTO t VALUES (1)").await.unwrap();
    for sql in FAILING {
        h.execute_in(&id, sql).await.expect_err(sql);
    }
    h.execute_in(&id, "INSERT INTO t VALUES (2)").await.unwrap();
    h.commit(&id).await.unwrap();
    assert_eq!(h.count("t").await, 3);
    // Observed on Aurora MySQL: after a failed statement, a rollback succeeds.
    let id = h.begin().await;
    h.execute_in(&id, "SELEC").await.unwrap_err();
    assert_eq!(h.rollback(&id).await.unwrap(), "Rollback Complete");
}

#[tokio::test]
async fn ddl_commits_but_never_leads_to_autocommit() {
    let h = harness().await;
    let id = h.begin().await;
    h.execute_in(&id, "INSERT INTO t VALUES (1)").await.unwrap();
    h.execute_in(&id, "CREATE TABLE u (id INT)").await.unwrap();
    assert_eq!(h.count("t").await, 1, "DDL commits implicitly");
    h.execute_in(&id, "INSERT INTO t VALUES (2)").await.unwrap();
    assert_eq!(h.count("t").await, 1);
    h.rollback(&id).await.unwrap();
    assert_eq!(h.count("t").await, 1);
}

#[tokio::test]
async fn one_statement_at_a_time() {
    let h = harness().await;
    let id = h.begin().await;
    let slow = h.execute_in(&id, "SELECT SLEEP(1.5)");
    let hasty = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        (h.execute_in(&id, "SELECT 1").await, h.commit(&id).await)
    };
    let (slow, (statement, commit)) = tokio::join!(slow, hasty);
    slow.unwrap();
    for failed in [statement.unwrap_err(), commit.unwrap_err()] {
        assert_eq!(is(&failed), ("DatabaseErrorException", 400));
        assert_eq!(failed.message, "Transaction is still running a query");
    }
    h.execute_in(&id, "SELECT 1").await.unwrap();
    h.commit(&id).await.unwrap();
}

#[tokio::test]
async fn a_deadlock_ends_the_transaction_that_lost() {
    let h = harness().await;
    h.execute("INSERT INTO t VALUES (1), (2)").await.unwrap();
    let (one, two) = (h.begin().await, h.begin().await);
    h.execute_in(&one, "UPDATE t SET id = id WHERE id = 1").await.unwrap();
    h.execute_in(&two, "UPDATE t SET id = id WHERE id = 2").await.unwrap();
    let (a, b) = tokio::join!(
        h.execute_in(&one, "UPDATE t SET id = id WHERE id = 2"),
        h.execute_in(&two, "UPDATE t SET id = id WHERE id = 1"),
    );
    let (failed, lost) = match (a, b) {
        (Err(failed), Ok(_)) => (failed, one),
        (Ok(_), Err(failed)) => (failed, two),
        both => panic!("one of two must lose: {both:?}"),
    };
    assert!(failed.message.contains("Error code: 1213; SQLState: 40001"), "{}", failed.message);
    let failed = h.execute_in(&lost, "INSERT INTO t VALUES (3)").await.unwrap_err();
    assert_eq!(is(&failed), NOT_FOUND);
    assert!(failed.message.contains("aborted due to an error from a previous call"));
}

#[tokio::test]
async fn an_idle_transaction_is_rolled_back() {
    let h = Harness::with(|config| config.limits.transaction_idle = Duration::from_millis(1500)).await;
    h.execute("CREATE TABLE t (id INT PRIMARY KEY)").await.unwrap();
    let id = h.begin().await;
    for n in 1..5 {
        // Each call starts the time anew.
        tokio::time::sleep(Duration::from_millis(500)).await;
        h.execute_in(&id, &format!("INSERT INTO t VALUES ({n})")).await.unwrap();
    }
    eventually("the idle transaction ended", async || h.server.open_transactions() == 0).await;
    let failed = h.commit(&id).await.unwrap_err();
    assert_eq!(is(&failed), NOT_FOUND);
    assert!(failed.message.contains("Transaction may be expired"), "{}", failed.message);
    // Its locks are gone as well as its rows.
    let inserted = h.execute("INSERT INTO t VALUES (1)").await.unwrap();
    assert_eq!(inserted.number_of_records_updated, 1);
    assert_eq!(h.count("t").await, 1);
}

#[tokio::test]
async fn a_transaction_does_not_outlive_its_life() {
    let h = Harness::with(|config| config.limits.transaction_life = Duration::from_millis(600)).await;
    h.execute("CREATE TABLE t (id INT PRIMARY KEY)").await.unwrap();
    let id = h.begin().await;
    let mut n = 0;
    let failed = loop {
        n += 1;
        match h.execute_in(&id, &format!("INSERT INTO t VALUES ({n})")).await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(failed) => break failed,
        }
    };
    assert_eq!(is(&failed), NOT_FOUND);
    eventually("it is rolled back", async || h.count("t").await == 0).await;
}

#[tokio::test]
async fn a_transaction_belongs_to_its_cluster_secret_and_database() {
    let h = harness().await;
    let id = h.begin().await;
    let other = h.statement("SELECT 1").transaction_id(&id).secret_arn(format!("{SECRET}x"));
    assert_eq!(is(&send(other).await.unwrap_err()), NOT_FOUND);
    let other = h.statement("SELECT 1").transaction_id(&id).resource_arn(format!("{CLUSTER}x"));
    assert_eq!(is(&send(other).await.unwrap_err()), NOT_FOUND);
    let other = send(h.statement("SELECT 1").transaction_id(&id).database("mysql")).await.unwrap_err();
    assert_eq!(is(&other), ("BadRequestException", 400));
    assert_eq!(other.message, "Database name is not the same as transaction");
    // Only the last came to the transaction, and ended it.
    assert_eq!(is(&h.commit(&id).await.unwrap_err()), NOT_FOUND);
    let id = h.begin().await;
    let unnamed = h.client.execute_statement().resource_arn(CLUSTER).secret_arn(SECRET);
    send(unnamed.sql("INSERT INTO t VALUES (1)").transaction_id(&id)).await.unwrap();
    h.commit(&id).await.unwrap();
    assert_eq!(h.count("t").await, 1);
}

#[tokio::test]
async fn a_call_that_names_another_database_can_leave_the_transaction() {
    let h = Harness::with(|config| config.on_error = OnError::Keep).await;
    h.execute("CREATE TABLE t (id INT PRIMARY KEY)").await.unwrap();
    let id = h.begin().await;
    let other = send(h.statement("SELECT 1").transaction_id(&id).database("mysql")).await.unwrap_err();
    assert_eq!(other.message, "Database name is not the same as transaction");
    h.execute_in(&id, "INSERT INTO t VALUES (1)").await.unwrap();
    h.commit(&id).await.unwrap();
    assert_eq!(h.count("t").await, 1);
}

#[tokio::test]
async fn a_caller_who_hangs_up_leaks_nothing() {
    let h = Harness::with(|config| config.limits.transaction_idle = Duration::from_millis(300)).await;
    h.execute("CREATE TABLE t (id INT PRIMARY KEY)").await.unwrap();
    let id = h.begin().await;
    let body = serde_json::json!({
        "resourceArn": CLUSTER, "secretArn": SECRET, "transactionId": id,
        "sql": "INSERT INTO t SELECT 1 FROM (SELECT SLEEP(0.5)) s",
    })
    .to_string();
    let mut stream = tokio::net::TcpStream::connect(h.server.addr()).await.unwrap();
    let head = format!("POST /Execute HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(stream);
    eventually("the transaction was reaped", async || h.server.open_transactions() == 0).await;
    eventually("its session is closed", async || {
        let sql = format!("SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{}'", h.database);
        // The transaction had taken the only pooled session.
        h.sql(&sql).await == ["0"]
    })
    .await;
    assert_eq!(h.count("t").await, 0);
}
