//! Every limit: what just fits, and one past it.

use std::time::{Duration, Instant};

use aws_sdk_rdsdata::types::RecordsFormatType;
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

/// Returns the length of the answer's body, or the message of the error.
async fn answer(h: &Harness, sql: &str, format: &str) -> Result<usize, String> {
    let members = serde_json::json!({"sql": sql, "database": h.database, "formatRecordsAs": format});
    let (head, body) = h.post("/Execute", members).await;
    if head.starts_with("HTTP/1.1 200") { Ok(body.len()) } else { Err(body) }
}

#[tokio::test]
async fn an_answer_has_room_for_1_mib() {
    let h = Harness::start().await;
    h.execute("CREATE TABLE t (n INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(1000))").await.unwrap();
    h.sql(&format!("INSERT INTO {}.t (v) {}", h.database, repeated(1000, 1000))).await;
    // The whole body counts: each value with what JSON has around it.
    let padded = |pad: usize| format!("SELECT v, IF(n = 1, REPEAT('\"', {pad}), NULL) FROM t WHERE n < 1000");
    let base = answer(&h, &padded(0), "NONE").await.unwrap();
    let room = Limits::default().result_bytes - base;
    assert!(base > 999 * (1000 + 30) && room < 20_000, "{base}");
    // A quote takes two bytes.
    assert_eq!(answer(&h, &padded(room / 2), "NONE").await.unwrap(), base + room / 2 * 2);
    let failed = h.execute(&padded(room / 2 + 1)).await.unwrap_err();
    assert_eq!((failed.code.as_str(), failed.status), ("UnsupportedResultException", 400));
    assert_eq!(failed.message, "Database response exceeded size limit");
    // The same rows fit as JSON, which has an allowance of its own.
    assert!(answer(&h, &padded(room / 2 + 1), "JSON").await.unwrap() > 1_000_000);
    let described = h.statement(&padded(room / 2)).include_result_metadata(true);
    assert_eq!(send(described).await.unwrap_err().code, "UnsupportedResultException");
}

#[tokio::test]
async fn what_the_database_sends_has_room_for_1_mib_in_either_format() {
    let h = Harness::start().await;
    h.execute("CREATE TABLE t (v VARCHAR(20000) CHARACTER SET ascii)").await.unwrap();
    // Each value and the three bytes that tell its length.
    h.sql(&format!("INSERT INTO {}.t {}", h.database, repeated(64, 16_381))).await;
    assert!(answer(&h, "SELECT v FROM t", "JSON").await.is_ok());
    h.execute("INSERT INTO t VALUES ('')").await.unwrap();
    let failed = answer(&h, "SELECT v FROM t", "JSON").await.unwrap_err();
    assert!(failed.contains("Database response exceeded size limit"), "{failed}");
}

#[tokio::test]
async fn a_formatted_answer_has_room_for_10_mb() {
    let h = Harness::start().await;
    h.execute("CREATE TABLE t (n INT AUTO_INCREMENT PRIMARY KEY, v CHAR(1))").await.unwrap();
    h.sql(&format!("INSERT INTO {}.t (v) {}", h.database, repeated(1000, 1))).await;
    // Little data under long names, which come again with every row.
    let names: Vec<String> = (0..130).map(|n| format!("NULL AS {n:_>60}_")).collect();
    let padded =
        |pad: usize| format!("SELECT IF(n = 1, REPEAT('x', {pad}), '') AS pad, {} FROM t", names.join(", "));
    let base = answer(&h, &padded(0), "JSON").await.unwrap();
    let room = Limits::default().formatted_bytes - base;
    let rows = room / (base / 1000);
    h.sql(&format!("INSERT INTO {}.t (v) {}", h.database, repeated(rows, 1))).await;
    let base = answer(&h, &padded(0), "JSON").await.unwrap();
    let room = Limits::default().formatted_bytes - base;
    assert_eq!(answer(&h, &padded(room), "JSON").await.unwrap(), 10_000_000);
    let failed = answer(&h, &padded(room + 1), "JSON").await.unwrap_err();
    assert!(failed.contains("Database response exceeded size limit"), "{failed}");
}

#[tokio::test]
async fn a_batch_has_room_for_1_mib_of_results() {
    let h = Harness::with(|config| config.limits.result_bytes = 100).await;
    h.execute("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY)").await.unwrap();
    let batch = async |sets: usize| {
        let call = h.client.batch_execute_statement().resource_arn(CLUSTER).secret_arn(SECRET);
        let call = call.database(&h.database).sql("INSERT INTO t VALUES (NULL)");
        call.set_parameter_sets(Some(vec![vec![]; sets])).send().await
    };
    assert_eq!(batch(2).await.unwrap().update_results().len(), 2);
    assert!(batch(3).await.is_err());
}

#[tokio::test]
async fn a_row_has_room_for_64_kb() {
    let h = Harness::start().await;
    // The three bytes that tell the length count too.
    let row = h.row("SELECT REPEAT('x', 65533)").await;
    assert_eq!(row, [text(&"x".repeat(65_533))]);
    for format in [RecordsFormatType::None, RecordsFormatType::Json] {
        let failed =
            send(h.statement("SELECT REPEAT('x', 65534)").format_records_as(format)).await.unwrap_err();
        assert_eq!(failed.code, "UnsupportedResultException");
        assert_eq!(failed.message, "Packet for query is too large (65537 > 65536).");
    }
}

#[tokio::test]
async fn limits_can_be_lowered() {
    let h = Harness::with(|config| {
        config.limits.sql_chars = 40;
        // {"numberOfRecordsUpdated":0,"records":[[{"stringValue":"abc"}]]}
        config.limits.result_bytes = 64;
        config.limits.row_bytes = 10;
        // {"numberOfRecordsUpdated":0,"formattedRecords":"[{\"abcdefgh\":\"abc\"}]"}
        config.limits.formatted_bytes = 74;
    })
    .await;
    assert!(h.execute("SELECT 'abc'").await.is_ok());
    assert!(h.execute("SELECT 'abcd'").await.is_err());
    let formatted = |sql: &str| send(h.statement(sql).format_records_as(RecordsFormatType::Json));
    assert!(formatted("SELECT 'abc' AS abcdefgh").await.is_ok());
    assert!(formatted("SELECT 'abc' AS abcdefghi").await.is_err());
    assert!(formatted("SELECT 'abcdefghi' AS a").await.is_ok());
    assert!(formatted("SELECT 'abcdefghij' AS a").await.is_err());
}

async fn running(h: &Harness, sql: &str) -> usize {
    let query = format!(
        "SELECT id FROM information_schema.processlist WHERE db = '{}' AND info LIKE '%{sql}%'",
        h.database
    );
    h.sql(&query).await.len()
}

#[tokio::test]
async fn a_statement_that_times_out_is_killed() {
    let h = Harness::with(|config| config.limits.call = Duration::from_millis(1500)).await;
    h.execute("CREATE TABLE t (id INT)").await.unwrap();
    let start = Instant::now();
    // Two rows: MySQL's SLEEP ends without an error where it is interrupted.
    let slow = "INSERT INTO t SELECT SLEEP(4) FROM (SELECT 1 UNION ALL SELECT 2) AS two";
    let late = h.statement(slow).send().await.unwrap_err();
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
async fn a_statement_that_times_out_may_be_allowed_to_continue() {
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
