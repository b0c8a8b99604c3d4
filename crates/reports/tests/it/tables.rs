//! `GET /tables`.

use axum::http::Method;
use serde_json::{Value, json};
use testkit::tables;

use crate::support::Api;

#[tokio::test]
async fn shows_every_table_that_users_know_of_in_reference_order() {
    let api = Api::start().await;
    let reply = api.get("/tables").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    let listed = reply.json()["tables"].clone();
    let names: Vec<&str> =
        listed.as_array().unwrap().iter().map(|table| table["name"].as_str().unwrap()).collect();
    assert_eq!(names, tables());
    let table = |name: &str| &listed[names.iter().position(|listed| *listed == name).unwrap()];
    assert_eq!(
        *table("jobs"),
        json!({
            "name": "jobs", "description": "The jobs that people are hired for.", "key": "id", "default_mode": "append",
            "columns": [
                {"name": "id", "type": "integer", "required": true, "auto_increment": true, "personal": false,
                 "references": null, "description": "Identifies the job."},
                {"name": "job_name", "type": "string(255)", "required": true, "auto_increment": false, "personal": false,
                 "references": null, "description": "What the job is called."},
            ],
        })
    );
    assert_eq!(table("employees")["columns"][1]["personal"], Value::Bool(true));
    assert_eq!(table("employees")["columns"][3]["references"], "departments");
    for alias in ["hired_employees", "datetime_", "\"department\"", "rowgate_"] {
        assert!(!reply.body.contains(alias), "{alias}");
    }
}

#[tokio::test]
async fn takes_no_parameters_and_only_get() {
    let api = Api::start().await;
    assert_eq!(api.get("/tables/").await.body, api.get("/tables").await.body);
    assert_eq!(api.get("/tables?limit=1").await.status, 400);
    let refused = api.send(Method::POST, "/tables", None).await;
    assert_eq!((refused.status, refused.header("allow")), (405, "GET,HEAD"));
}

#[tokio::test]
async fn counts_the_rows_of_each_table_where_that_is_asked_for() {
    let api = Api::start().await;
    api.sql(&["INSERT INTO jobs (id, job_name) VALUES (1, 'Judge'), (2, 'Clerk')"]).await;
    let plain = api.get("/tables").await.json();
    assert!(plain["tables"][0].get("rows").is_none());
    let counted = api.get("/tables?counts=true").await;
    assert_eq!(counted.status, 200);
    let counted = counted.json();
    let rows: Vec<(&str, u64)> = counted["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| (table["name"].as_str().unwrap(), table["rows"].as_u64().unwrap()))
        .collect();
    let expected = tables().into_iter().map(|table| (table, if table == "jobs" { 2 } else { 0 }));
    assert_eq!(rows, expected.collect::<Vec<_>>());
    assert_eq!(api.get("/tables?counts=1").await.status, 400);
}
