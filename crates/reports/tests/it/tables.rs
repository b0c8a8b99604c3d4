//! `GET /tables`.

use axum::http::Method;
use domain::dictionary::Dictionary;
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
        *table("tags"),
        json!({
            "name": "tags", "description": "The tags that documents are filed with.", "key": "id", "default_mode": "append",
            "columns": [
                {"name": "id", "type": "integer", "required": true, "auto_increment": true, "personal": false,
                 "references": null, "rules": {}, "description": "Identifies the tag."},
                {"name": "tag_name", "type": "string(255)", "required": true, "auto_increment": false, "personal": false,
                 "references": null, "rules": {}, "description": "What the tag is called."},
            ],
            "unique": [], "references": [], "checks": [],
        })
    );
    assert_eq!(table("documents")["columns"][1]["personal"], Value::Bool(true));
    assert_eq!(table("documents")["columns"][3]["references"], "collections");
    for alias in ["filed_documents", "datetime_", "\"collection\"", "rowgate_"] {
        assert!(!reply.body.contains(alias), "{alias}");
    }
}

/// Keys, unique columns, references and rules of every kind.
const EVERYTHING: &str = r#"
    [[table]]
    name = "zones"
    columns = [
        { name = "country", type = "string(2)", key = true, values = ["DE", "FR"] },
        { name = "number", type = "smallint", key = true, minimum = 1, maximum = 99 },
    ]

    [[table]]
    name = "shops"
    unique = [["country", "label"]]
    check = "closed >= opened"
    references = [{ columns = ["country", "zone"], table = "zones", on_unknown = "reject" }]
    columns = [
        { name = "id", type = "uuid", key = true },
        { name = "country", type = "string(2)" },
        { name = "zone", type = "smallint" },
        { name = "label", type = "string(9)", unique = true, min_length = 2, pattern = "^[a-z]+$" },
        { name = "opened", type = "date", minimum = "2020-01-01" },
        { name = "closed", type = "date", required = false },
    ]
"#;

#[tokio::test]
async fn shows_keys_unique_columns_references_and_rules() {
    let dictionary = Box::leak(Box::new(Dictionary::parse("test", EVERYTHING).unwrap()));
    let api = Api::with_dictionary(dictionary).await;
    let listed = api.get("/tables").await.json()["tables"].clone();
    let rules_of = |table: usize, column: usize| listed[table]["columns"][column]["rules"].clone();
    assert_eq!(listed[0]["key"], "country,number");
    assert_eq!(rules_of(0, 0), json!({"values": ["DE", "FR"]}));
    assert_eq!(rules_of(0, 1), json!({"minimum": 1, "maximum": 99}));
    assert_eq!(rules_of(1, 3), json!({"min_length": 2, "pattern": "^[a-z]+$"}));
    assert_eq!(rules_of(1, 4), json!({"minimum": "2020-01-01"}));
    assert_eq!(listed[1]["unique"], json!([["country", "label"], ["label"]]));
    assert_eq!(listed[1]["checks"], json!(["closed >= opened"]));
    let on_unknown = json!({"api": "reject", "files": "reject"});
    let reference = json!({"columns": ["country", "zone"], "table": "zones", "on_unknown": on_unknown});
    assert_eq!(listed[1]["references"], json!([reference]));
    assert_eq!(listed[1]["columns"][1]["references"], Value::Null);
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
    api.sql(&["INSERT INTO tags (id, tag_name) VALUES (1, 'Judge'), (2, 'Clerk')"]).await;
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
    let expected = tables().into_iter().map(|table| (table, if table == "tags" { 2 } else { 0 }));
    assert_eq!(rows, expected.collect::<Vec<_>>());
    assert_eq!(api.get("/tables?counts=1").await.status, 400);
}
