//! `GET /tables/{table}/rows`: pages by the key.

use aurora::limits::MAX_RESULT_BYTES;
use domain::sql::{WantedRows, select_rows};
use domain::value::Key;
use lambda_kit::payload::MAX_PAYLOAD_BYTES;
use mysql_async::Row;
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};
use testkit::numbers;

use crate::row_support::{THINGS, is_problem};
use crate::support::Api;

fn ids(rows: &[Value], key: &str) -> Vec<i64> {
    rows.iter().map(|row| row[key].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn pages_cover_a_table_exactly_once() {
    let api = Api::start().await;
    // Gaps, negative ids and both ends of the type.
    api.db
        .sql(&format!(
            "INSERT INTO documents SELECT id, CONCAT('N', id), '2021-07-27 16:02:08', 1, 1 FROM \
             (SELECT CAST(seq AS SIGNED) * 7 - 400 AS id FROM {} UNION SELECT -2147483648 UNION SELECT 2147483647 \
              UNION SELECT -2147483647 UNION SELECT 2147483646) AS ids",
            numbers(120)
        ))
        .await
        .unwrap();
    let mut expected: Vec<i64> = (1..=120).map(|seq| seq * 7 - 400).collect();
    expected.extend([
        i64::from(i32::MIN),
        i64::from(i32::MIN) + 1,
        i64::from(i32::MAX) - 1,
        i64::from(i32::MAX),
    ]);
    expected.sort_unstable();
    for limit in [1, 3, 4, 31, 62, 123, 124, 125, 1000] {
        let (rows, sizes) = api.pages("filed_documents", limit).await;
        assert_eq!(ids(&rows, "id"), expected, "limit {limit}");
        // If the rows fill the last page, no empty one follows.
        assert_eq!(sizes.len(), 124_usize.div_ceil(limit as usize), "limit {limit}");
    }
    let reply = api.get("/tables/documents/rows").await;
    assert_eq!(reply.body["rows"].as_array().unwrap().len(), 100);
    assert_eq!(reply.body["next"], json!(expected[99]));
    assert_eq!(reply.headers["content-type"], "application/json");
    let behind = api.get("/tables/documents/rows/?after=2147483647").await;
    assert_eq!((behind.status, behind.body), (200, json!({"rows": [], "next": null})));
    let last = api.get("/tables/documents/rows?after=2147483646&limit=1").await;
    assert_eq!(
        (ids(last.body["rows"].as_array().unwrap(), "id"), &last.body["next"]),
        (vec![2_147_483_647], &Value::Null)
    );
}

#[tokio::test]
async fn both_ends_of_a_bigint_key_are_on_pages() {
    let api = Api::over(THINGS).await;
    api.db
        .sql("INSERT INTO things (code, size) VALUES (-9223372036854775808, 1), (9223372036854775807, 2), (0, 3)")
        .await
        .unwrap();
    for limit in 1..=4 {
        let (rows, _) = api.pages("stuff", limit).await;
        assert_eq!(ids(&rows, "code"), [i64::MIN, 0, i64::MAX], "limit {limit}");
    }
    let after = api.get("/tables/things/rows?after=-9223372036854775808&limit=1").await;
    assert_eq!(after.body["next"], 0);
}

#[tokio::test]
async fn rows_have_the_dictionarys_names_and_values_as_they_are_sent() {
    let api = Api::over(THINGS).await;
    api.db
        .sql(
            "INSERT INTO things VALUES (-7, 5, 123456789012345678901234567890123.45678, -0.0500, 'a\"\\\\é😀', 1, \
             '1000-01-01', '9999-12-31 23:59:59', 1), (NULL, 6, NULL, NULL, NULL, NULL, NULL, NULL, 1)",
        )
        .await
        .unwrap();
    let reply = api.get("/tables/things/rows").await;
    let first = r#"{"small":-7,"code":5,"price":"123456789012345678901234567890123.45678","rate":"-0.0500","label":"a\"\\é😀","on_sale":true,"day":"1000-01-01","moment":"9999-12-31T23:59:59Z","size":1}"#;
    let second = r#"{"small":null,"code":6,"price":null,"rate":null,"label":null,"on_sale":null,"day":null,"moment":null,"size":1}"#;
    assert_eq!(
        std::str::from_utf8(&reply.bytes).unwrap(),
        format!("{{\"rows\":[{first},{second}],\"next\":null}}")
    );
    assert_eq!(api.get("/tables/things/rows/5").await.bytes, first.as_bytes());
}

#[tokio::test]
async fn refuses_wrong_parameters_and_tables() {
    let api = Api::start().await;
    for (query, parameters) in [
        ("limit=0", vec!["limit"]),
        ("limit=1001", vec!["limit"]),
        ("limit=ten&after=x", vec!["limit", "after"]),
        ("after=2147483648", vec!["after"]),
        ("after=-2147483649", vec!["after"]),
        ("after=", vec!["after"]),
        ("limit=5&limit=5", vec!["limit"]),
        ("offset=5&order=desc", vec!["offset", "order"]),
    ] {
        let reply = api.get(&format!("/tables/documents/rows?{query}")).await;
        is_problem(&reply, 400, "invalid-parameter");
        let errors = reply.body["errors"].as_array().unwrap();
        let named: Vec<&str> = errors.iter().map(|error| error["parameter"].as_str().unwrap()).collect();
        assert_eq!(named, parameters, "{query}");
    }
    for path in
        ["/tables/people/rows", "/tables/rowgate_loads/rows/1", "/tables/%ff/rows", "/tables/%ff/rows/1"]
    {
        is_problem(&api.get(path).await, 400, "unknown-table");
    }
    let refused = api.call("operator", "DELETE", "/tables/documents/rows", "").await;
    is_problem(&refused, 405, "method-not-allowed");
    assert_eq!(refused.headers["allow"], "GET,HEAD,POST");
}

/// Rows as wide as the dictionary allows: some 32 KB each, so a full page is more than the service
/// gives out at once.
const WIDE: &str = r#"
    [[table]]
    name = "wide"
    columns = [{ name = "id", type = "bigint", key = true }, { name = "text", type = "string(8150)" }]
"#;

#[tokio::test]
async fn pages_too_large_for_the_data_api_have_fewer_rows() {
    let api = Api::over(WIDE).await;
    api.db
        .sql(&format!("INSERT INTO wide SELECT seq, REPEAT('😀', 8150) FROM {}", numbers(400)))
        .await
        .unwrap();
    const { assert!(400 * 4 * 8150 > MAX_RESULT_BYTES) };
    let (rows, sizes) = api.pages("wide", 1000).await;
    assert_eq!(ids(&rows, "id"), (1..=400).collect::<Vec<_>>());
    assert!(rows.iter().all(|row| row["text"].as_str().unwrap().chars().count() == 8150));
    assert!(sizes.len() > 1 && sizes.iter().all(|size| *size > 0), "{sizes:?}");
    let reply = api.get("/tables/wide/rows/400").await;
    assert_eq!(reply.body, rows[399]);
}

#[tokio::test]
async fn pages_too_large_for_an_answer_have_fewer_rows() {
    let api = Api::over(WIDE).await;
    // A control character is one byte in the database, six in JSON, and seven in the JSON that
    // Lambda puts that into.
    api.db
        .sql(&format!("INSERT INTO wide SELECT seq, REPEAT(CHAR(1), 8150) FROM {}", numbers(300)))
        .await
        .unwrap();
    const { assert!(300 * 7 * 8150 > MAX_PAYLOAD_BYTES) };
    let (rows, sizes) = api.pages("wide", 1000).await;
    assert_eq!(ids(&rows, "id"), (1..=300).collect::<Vec<_>>());
    assert!(sizes.len() > 1, "{sizes:?}");
    let first = api.get("/tables/wide/rows?limit=1000").await;
    let as_lambda_sends_it = serde_json::to_string(std::str::from_utf8(&first.bytes).unwrap()).unwrap();
    assert!(as_lambda_sends_it.len() <= MAX_PAYLOAD_BYTES, "{}", as_lambda_sends_it.len());
    assert!(as_lambda_sends_it.len() + 7 * 8200 > MAX_PAYLOAD_BYTES, "one more would have fitted");
}

#[tokio::test]
async fn a_row_that_no_answer_can_hold_is_a_problem_and_the_rows_around_it_are_there() {
    let api = Api::over(WIDE).await;
    // Past Rowgate: no row of the dictionary is over the megabyte that the service gives out.
    api.db.sql("ALTER TABLE wide MODIFY text MEDIUMTEXT").await.unwrap();
    api.db
        .sql("INSERT INTO wide VALUES (1, 'a'), (2, 'b'), (3, REPEAT('x', 1200000)), (4, 'd'), (5, REPEAT('é', 70000))")
        .await
        .unwrap();
    let first = api.get("/tables/wide/rows?limit=1").await;
    assert_eq!(
        (ids(first.body["rows"].as_array().unwrap(), "id"), &first.body["next"]),
        (vec![1], &json!(1))
    );
    let second = api.get("/tables/wide/rows?after=1").await;
    assert_eq!(
        (ids(second.body["rows"].as_array().unwrap(), "id"), &second.body["next"]),
        (vec![2], &json!(2))
    );
    is_problem(&api.get("/tables/wide/rows?after=2").await, 400, "result-too-large");
    is_problem(&api.get("/tables/wide/rows/3").await, 400, "result-too-large");
    assert_eq!(api.get("/tables/wide/rows?after=3").await.body["rows"][0]["id"], 4);
    // Over the 64 KB that the service gives out as one row: read in pieces.
    let long = json!({"id": 5, "text": "é".repeat(70_000)});
    assert_eq!(api.get("/tables/wide/rows?after=4").await.body["rows"], json!([long]));
    assert_eq!(api.get("/tables/wide/rows/5").await.body, long);
}

#[tokio::test]
async fn the_last_page_of_a_table_reads_as_many_rows_as_the_first() {
    let api = Api::start().await;
    api.db
        .sql(&format!(
            "INSERT INTO documents SELECT seq, 'N', '2021-07-27 16:02:08', 1, 1 FROM {}",
            numbers(60_000)
        ))
        .await
        .unwrap();
    api.db.sql("ANALYZE TABLE documents").await.unwrap();
    let documents = testkit::dictionary().table("documents").unwrap();
    let mut conn = api.db.connect().await.unwrap();
    for after in [None, Some(0_i64), Some(29_950), Some(59_898)] {
        let key = after.map(Key::from);
        let sql = select_rows(documents, &WantedRows::All, key.as_ref(), 101).unwrap();
        let plan: Row = conn.query_first(format!("EXPLAIN FORMAT=TRADITIONAL {sql}")).await.unwrap().unwrap();
        let access = if after.is_some() { "range" } else { "index" };
        assert_eq!(plan.get("type"), Some(access.to_owned()), "{plan:?}");
        assert_eq!(plan.get("key"), Some("PRIMARY".to_owned()), "{plan:?}");
        conn.query_drop("FLUSH STATUS").await.unwrap();
        conn.query_drop(sql).await.unwrap();
        let status: Vec<(String, u64)> = conn
            .query("SHOW SESSION STATUS WHERE Variable_name RLIKE '^(Handler_read|Sort)_'")
            .await
            .unwrap();
        let count = |name: &str| status.iter().find(|(variable, _)| variable == name).unwrap().1;
        // One search in the key, or its first entry (MySQL counts both), and a hundred rows behind
        // that in its order.
        let first = if after.is_some() { "Handler_read_key" } else { "Handler_read_first" };
        assert_eq!((count(first), count("Handler_read_next")), (1, 100), "{after:?}: {status:?}");
        let once = ["Handler_read_first", "Handler_read_key", "Handler_read_next"];
        let others = status.iter().filter(|(variable, _)| !once.contains(&&**variable));
        assert_eq!(others.map(|(_, count)| count).sum::<u64>(), 0, "{after:?}: {status:?}");
    }
    // The API asks for exactly that.
    let page = api.get("/tables/documents/rows?after=59898&limit=100").await;
    assert_eq!((&page.body["rows"][0]["id"], &page.body["next"]), (&json!(59_899), &json!(59_998)));
}
