//! `GET /activity`.

use serde_json::{Value, json};
use testkit::gateway::By;

use crate::support::Api;

/// Loads of today and of some days ago: table, status, days ago, rows loaded, rows rejected.
async fn with_loads(loads: &[(&str, &str, u32, u32, u32)]) -> Api {
    let api = Api::start().await;
    for (number, (table, status, days, loaded, rejected)) in loads.iter().enumerate() {
        let insert = format!(
            "INSERT INTO rowgate_loads (load_id, bucket, object_key, object_version, table_name, mode, status, rows_read, \
             rows_loaded, rows_rejected, unknown_references, bytes, started_at, attempts) VALUES \
             ('{number:032x}', 'data', 'k', 'v{number}', '{table}', 'append', '{status}', {loaded} + {rejected}, {loaded}, \
             {rejected}, 0, 1, UTC_DATE() - INTERVAL {days} DAY, 1)"
        );
        api.sql(&[&insert]).await;
    }
    api
}

async fn reject(api: &Api, table: &str, days: u32) {
    let insert = format!(
        "INSERT INTO rowgate_rejected_rows (request_id, table_name, row_index, row_json, errors_json, received_at) VALUES \
         ('r', '{table}', 0, '{{}}', '[]', UTC_DATE() - INTERVAL {days} DAY)"
    );
    api.sql(&[&insert]).await;
}

/// Without the days: how many tables each has, and the entries.
fn entries(answer: &Value) -> Vec<[Value; 5]> {
    let days = answer["days"].as_array().unwrap();
    let names = ["table", "loads", "failed", "rows_loaded", "rows_rejected"];
    days.iter().map(|day| names.map(|name| day[name].clone())).collect()
}

#[tokio::test]
async fn each_day_shows_what_arrived_in_each_table_newest_first() {
    let api = with_loads(&[
        ("documents", "completed", 0, 10, 1),
        ("documents", "failed", 0, 0, 4),
        ("tags", "completed", 0, 3, 0),
        ("documents", "skipped", 2, 0, 0),
        ("documents", "completed", 29, 7, 0),
        ("documents", "completed", 30, 100, 0),
        ("rowgate_canary", "completed", 0, 2, 0),
        // A file under a prefix that names no table.
        ("people", "failed", 0, 0, 0),
    ])
    .await;
    reject(&api, "documents", 0).await;
    reject(&api, "collections", 1).await;
    reject(&api, "rowgate_canary", 0).await;
    let answer = api.get("/activity").await.json();
    assert_eq!(
        json!(entries(&answer)),
        json!([
            ["documents", 2, 1, 10, 6],
            ["people", 1, 1, 0, 0],
            ["tags", 1, 0, 3, 0],
            ["collections", 0, 0, 0, 1],
            ["documents", 1, 0, 0, 0],
            ["documents", 1, 0, 7, 0],
        ])
    );
    let today = api.db.value("SELECT DATE_FORMAT(UTC_DATE(), '%Y-%m-%d')").await.unwrap();
    assert_eq!(answer["days"][0]["day"], json!(today));
    assert_eq!(entries(&api.get("/activity?days=1").await.json()).len(), 3);
    assert_eq!(entries(&api.get("/activity?days=90").await.json()).len(), 7);
}

#[tokio::test]
async fn of_a_load_that_runs_its_committed_chunks_count() {
    let api = with_loads(&[("tags", "running", 0, 0, 0)]).await;
    api.sql(&["INSERT INTO rowgate_load_chunks (load_id, chunk_no, first_line, end_line, start_byte, end_byte, digest, rows_read, rows_loaded, \
               rows_rejected, unknown_references, committed_at) VALUES (REPEAT('0', 32), 0, 1, 2, 0, 9, REPEAT('0', 64), 5, 4, 1, 0, UTC_TIMESTAMP(3))"])
        .await;
    assert_eq!(json!(entries(&api.get("/activity").await.json())), json!([["tags", 1, 0, 4, 1]]));
}

#[tokio::test]
async fn a_team_sees_its_tables() {
    let api = with_loads(&[
        ("documents", "completed", 0, 1, 0),
        ("tags", "completed", 0, 2, 0),
        ("people", "failed", 0, 0, 0),
    ])
    .await;
    for caller in [By::Person("reader,table:tags"), By::Key("tags")] {
        let answer = api.by(caller, "/activity").await.json();
        assert_eq!(json!(entries(&answer)), json!([["tags", 1, 0, 2, 0]]), "{caller:?}");
    }
    let none = api.by(By::Person("reader,table:nothing"), "/activity").await;
    assert_eq!((none.status, none.json()), (200, json!({ "days": [] })));
    assert_eq!(entries(&api.by(By::Person("reader"), "/activity").await.json()).len(), 3);
}

#[tokio::test]
async fn days_are_one_to_ninety() {
    let api = Api::start().await;
    assert_eq!(api.get("/activity/").await.json(), json!({ "days": [] }));
    for query in ["days=0", "days=91", "days=x", "days=1&days=2", "table=tags"] {
        assert_eq!(api.get(&format!("/activity?{query}")).await.status, 400, "{query}");
    }
}
