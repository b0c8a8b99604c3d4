//! Every limit: what just fits, and one past it.

use std::time::{Duration, Instant};

use aws_sdk_rdsdata::types::{Field, RecordsFormatType};
use local_data_api::Limits;

use crate::support::{CLUSTER, Harness, SECRET, eventually, send, text};

#[test]
fn the_defaults_are_those_of_the_service() {
    let limits = Limits::default();
    assert_eq!(limits.sql_chars, 65_536);
    assert_eq!(limits.request_bytes, 4_194_304);
    assert_eq!(limits.result_bytes, 1_048_576);
    assert_eq!(limits.formatted_bytes, 10_000_000);
    assert_eq!(limits.row_bytes, 65_536);
    assert_eq!(limits.call.as_secs(), 45);
    assert_eq!(limits.transaction_idle.as_secs(), 180);
    assert_eq!(limits.transaction_life.as_secs(), 86_400);
}

#[tokio::test]
async fn sql_text_is_counted_in_characters() {
    let h = Harness::start().await;
    let sql = |chars: usize| format!("SELECT 1 -- {}", "ß".repeat(chars - 12));
    assert!(h.execute(&sql(65_536)).await.is_ok());
    let failed = h.execute(&sql(65_537)).await.unwrap_err();
    assert_eq!((failed.code.as_str(), failed.status), ("ValidationException", 400));
    assert_eq!(
        failed.message,
        "1 validation error detected: Value at 'sql' failed to satisfy constraint: \
         Member must have length less than or equal to 65536"
    );
}

#[tokio::test]
async fn a_request_has_room_for_4_mib() {
    let h = Harness::start().await;
    let body = |size: usize| {
        let start = format!(
            "{{\"resourceArn\":\"{CLUSTER}\",\"secretArn\":\"{SECRET}\",\"sql\":\"SELECT 1\",\"padding\":\""
        );
        let mut body = start.into_bytes();
        body.resize(size - 2, b' ');
        body.extend_from_slice(b"\"}");
        body
    };
    // The headers count too; 1 KiB is more than they need.
    let limit = Limits::default().request_bytes;
    let (head, _) = h.http("POST", "/Execute", &body(limit - 1024)).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let (head, answer) = h.http("POST", "/Execute", &body(limit)).await;
    // A client that is still writing may see the connection close before it reads the answer.
    assert!(head.is_empty() || head.starts_with("HTTP/1.1 413"), "{head}");
    assert!(answer.is_empty() || answer.contains("Request size exceeds"), "{answer}");
    assert!(h.execute("SELECT 1").await.is_ok());
}

/// A query of `rows` rows, each with a text of `chars` characters.
fn repeated(rows: usize, chars: usize) -> String {
    format!(
        "WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < {rows}) \
         SELECT REPEAT('x', {chars}) FROM s"
    )
}

#[tokio::test]
async fn a_result_has_room_for_1_mib() {
    let h = Harness::start().await;
    h.execute("CREATE TABLE t (v VARCHAR(1024) CHARACTER SET ascii)").await.unwrap();
    h.sql(&format!("INSERT INTO {}.t {}", h.database, repeated(512, 1024))).await;
    h.sql(&format!("INSERT INTO {0}.t SELECT * FROM {0}.t", h.database)).await;
    assert_eq!(h.count("t").await, 1024);
    assert_eq!(h.execute("SELECT v FROM t").await.unwrap().records().len(), 1024);
    h.execute("INSERT INTO t VALUES ('y')").await.unwrap();
    let failed = h.execute("SELECT v FROM t").await.unwrap_err();
    assert_eq!((failed.code.as_str(), failed.status), ("UnsupportedResultException", 400));
    assert_eq!(failed.message, "Database response exceeded size limit");
    // The same rows fit as JSON, and a transaction survives the refusal.
    let formatted = h.statement("SELECT v FROM t").format_records_as(RecordsFormatType::Json);
    assert!(send(formatted).await.unwrap().formatted_records().unwrap().len() > 1_048_576);
    let id = h.begin().await;
    assert!(h.execute_in(&id, "SELECT v FROM t").await.is_err());
    assert_eq!(h.execute_in(&id, "SELECT 7").await.unwrap().records(), [[Field::LongValue(7)]]);
    h.commit(&id).await.unwrap();
}

#[tokio::test]
async fn formatted_records_have_room_for_10_mb() {
    let h = Harness::start().await;
    h.execute("CREATE TABLE t (v VARCHAR(20000) CHARACTER SET ascii)").await.unwrap();
    // [{"v":"..."},...]: 8 bytes and a comma around each value, 2 around all.
    h.sql(&format!("INSERT INTO {}.t {}", h.database, repeated(499, 19_991))).await;
    let formatted = |sql: &str| send(h.statement(sql).format_records_as(RecordsFormatType::Json));
    let last = 10_000_000 - 499 * 20_000 - 10;
    h.execute(&format!("INSERT INTO t VALUES (REPEAT('y', {last}))")).await.unwrap();
    assert_eq!(formatted("SELECT v FROM t").await.unwrap().formatted_records().unwrap().len(), 10_000_000);
    h.execute("UPDATE t SET v = CONCAT(v, '!') WHERE v LIKE 'y%'").await.unwrap();
    let failed = formatted("SELECT v FROM t").await.unwrap_err();
    assert_eq!(failed.code, "UnsupportedResultException");
    assert_eq!(failed.message, "Database response exceeded size limit");
}

#[tokio::test]
async fn a_row_has_room_for_64_kb() {
    let h = Harness::start().await;
    let row = h.row("SELECT REPEAT('x', 65536)").await;
    assert_eq!(row, [text(&"x".repeat(65_536))]);
    for format in [RecordsFormatType::None, RecordsFormatType::Json] {
        let failed =
            send(h.statement("SELECT 1, REPEAT('x', 65536)").format_records_as(format)).await.unwrap_err();
        assert_eq!(failed.code, "UnsupportedResultException");
        assert!(failed.message.starts_with("Packet for query is too large"), "{}", failed.message);
    }
}

#[tokio::test]
async fn limits_can_be_lowered() {
    let h = Harness::with(|config| {
        config.limits.sql_chars = 40;
        config.limits.result_bytes = 4;
        config.limits.row_bytes = 3;
        config.limits.formatted_bytes = 20;
    })
    .await;
    assert!(h.execute("SELECT 'abc'").await.is_ok());
    assert!(h.execute("SELECT 'abcd'").await.is_err());
    assert!(h.execute("SELECT 'abc' UNION ALL SELECT 'ab'").await.is_err());
    let formatted = |sql: &str| send(h.statement(sql).format_records_as(RecordsFormatType::Json));
    assert!(formatted("SELECT 'abc' AS abcdefgh").await.is_ok());
    assert!(formatted("SELECT 'abc' AS abcdefghi").await.is_err());
}

async fn running(h: &Harness, sql: &str) -> usize {
    let query = format!(
        "SELECT id FROM information_schema.processlist WHERE db = '{}' AND info LIKE '%{sql}%'",
        h.database
    );
    h.sql(&query).await.len()
}

#[tokio::test]
async fn a_late_statement_is_killed() {
    let h = Harness::with(|config| config.limits.call = Duration::from_millis(1500)).await;
    h.execute("CREATE TABLE t (id INT)").await.unwrap();
    let start = Instant::now();
    let late = h.statement("INSERT INTO t SELECT SLEEP(4)").send().await.unwrap_err();
    assert!(start.elapsed() < Duration::from_millis(3800), "{:?}", start.elapsed());
    let late = late.into_service_error();
    assert!(late.is_statement_timeout_exception(), "{late:?}");
    eventually("the statement is gone", async || running(&h, "SLEEP(4)").await == 0).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(h.count("t").await, 0);

    let id = h.begin().await;
    h.execute_in(&id, "INSERT INTO t VALUES (1)").await.unwrap();
    let late = h.execute_in(&id, "SELECT SLEEP(4)").await.unwrap_err();
    assert_eq!((late.code.as_str(), late.status), ("StatementTimeoutException", 400));
    let gone = h.commit(&id).await.unwrap_err();
    assert_eq!((gone.code.as_str(), gone.status), ("TransactionNotFoundException", 404));
    eventually("it is rolled back", async || h.count("t").await == 0).await;
    h.execute("INSERT INTO t VALUES (2)").await.unwrap();
}

#[tokio::test]
async fn a_late_statement_may_be_allowed_to_go_on() {
    let h = Harness::with(|config| config.limits.call = Duration::from_secs(1)).await;
    h.execute("CREATE TABLE t (id INT)").await.unwrap();
    let slow = h.statement("INSERT INTO t SELECT SLEEP(2)").continue_after_timeout(true);
    let late = send(slow).await.unwrap_err();
    assert_eq!(late.code, "StatementTimeoutException");
    assert_eq!(h.count("t").await, 0);
    eventually("the statement ends on its own", async || h.count("t").await == 1).await;
    let id = h.begin().await;
    let refused = h.statement("SELECT 1").transaction_id(&id).continue_after_timeout(true);
    assert_eq!(send(refused).await.unwrap_err().code, "BadRequestException");
}
