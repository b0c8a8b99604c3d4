//! `GET /loads` and `GET /loads/{id}`.

use serde_json::{Value, json};

use crate::support::Api;

fn id(number: u32) -> String {
    format!("{number:032x}")
}

/// Seven loads, of which the seventh came last.
async fn with_loads() -> Api {
    let api = Api::start().await;
    for number in 1..=7 {
        let table = if number % 2 == 0 { "jobs" } else { "employees" };
        let status = if number == 3 { "failed" } else { "completed" };
        let error = if number == 3 { "'the file is not UTF-8'" } else { "NULL" };
        let insert = format!(
            "INSERT INTO rowgate_loads (load_id, bucket, object_key, object_version, table_name, mode, status, rows_read, \
             rows_loaded, rows_rejected, unknown_references, bytes, started_at, finished_at, attempts, error) VALUES \
             ('{}', 'data', 'incoming/{table}/a b+{number}.csv', 'v', '{table}', 'append', '{status}', 10, 9, 1, 2, 345, \
             '2021-07-27 16:02:08.120', '2021-07-27 16:02:09.005', 1, {error})",
            id(number)
        );
        api.sql(&[&insert]).await;
    }
    api
}

fn ids(page: &Value) -> Vec<u64> {
    let loads = page["loads"].as_array().unwrap();
    loads.iter().map(|load| u64::from_str_radix(load["load"].as_str().unwrap(), 16).unwrap()).collect()
}

#[tokio::test]
async fn an_empty_ledger_has_no_next() {
    let reply = Api::start().await.get("/loads").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    assert_eq!(reply.json(), json!({ "loads": [], "next": null }));
}

#[tokio::test]
async fn pages_run_from_the_newest_to_the_oldest() {
    let api = with_loads().await;
    let mut seen = Vec::new();
    let mut path = "/loads?limit=3".to_owned();
    loop {
        let page = api.get(&path).await.json();
        seen.push(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/loads?limit=3&after={next}");
    }
    assert_eq!(seen, [vec![7, 6, 5], vec![4, 3, 2], vec![1]]);
}

#[tokio::test]
async fn filters_by_table_and_status() {
    let api = with_loads().await;
    for (query, expected) in [
        ("table=jobs", vec![6, 4, 2]),
        ("table=hired_employees&limit=2", vec![7, 5]),
        ("status=failed", vec![3]),
        ("status=failed&table=jobs", vec![]),
        ("status=running", vec![]),
        (&*format!("after={}", id(999)), vec![]),
    ] {
        assert_eq!(ids(&api.get(&format!("/loads?{query}")).await.json()), expected, "{query}");
    }
}

#[tokio::test]
async fn one_load_has_all_its_fields() {
    let api = with_loads().await;
    let reply = api.get(&format!("/loads/{}", id(3))).await;
    assert_eq!(reply.status, 200);
    insta::assert_json_snapshot!(reply.json());
    for missing in [id(8), "7".to_owned(), "%27".to_owned(), "%ff".to_owned()] {
        assert_eq!(api.get(&format!("/loads/{missing}")).await.status, 404, "{missing}");
    }
}
