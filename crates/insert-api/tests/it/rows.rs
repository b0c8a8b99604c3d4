//! Verdicts on rows: what is in, what is not, and why.

use crate::support::{Api, codes, document, with};
use serde_json::{Value, json};

#[tokio::test]
async fn inserts_a_good_batch_whole() {
    let api = Api::start().await;
    let rows: Vec<Value> = (1..=1000).map(document).collect();
    let reply = api.post("/insert_data", &json!({"filed_documents": rows})).await;
    assert_eq!(reply.status, 201);
    assert_eq!(
        reply.body,
        json!({"inserted": 1000, "rejected": 0, "tables": {"documents": {"inserted": 1000, "rejected": []}}})
    );
    assert_eq!(api.count("documents").await, 1000);
}

#[tokio::test]
async fn takes_an_array_and_a_single_row() {
    let api = Api::start().await;
    assert_eq!(api.post("/tables/documents/rows", &json!([document(1)])).await.status, 201);
    assert_eq!(api.post("/tables/filed_documents/rows", &document(2)).await.status, 201);
    assert_eq!(api.post("/tables/documents/rows", &json!([document(2), document(3)])).await.status, 207);
    let none = api.post("/tables/documents/rows", &document(3)).await;
    assert_eq!((none.status, codes(&none, "documents")), (422, vec!["0: duplicate_id".to_owned()]));
    assert_eq!(api.count("documents").await, 3);
}

#[tokio::test]
async fn one_request_may_carry_a_collection_and_its_documents() {
    let api = Api::start().await;
    let body = json!({
        "documents": [with(document(1), "collection_id", 50), with(document(2), "collection_id", 51)],
        "collections": [{"id": 50, "collection_name": "Research"}],
    });
    let reply = api.post("/insert_data", &body).await;
    assert_eq!(reply.status, 207);
    assert_eq!(codes(&reply, "documents"), ["1: unknown_reference"]);
    assert_eq!(api.count("collections").await, 3);
}

#[tokio::test]
async fn rejects_rows_with_every_reason_and_keeps_them() {
    let api = Api::start().await;
    assert_eq!(api.post("/tables/documents/rows", &document(7)).await.status, 201);
    let body = json!([
        document(1),
        document(7),
        document(1),
        with(document(2), "collection_id", 99),
        {"id": 3, "name": "", "collection_id": 99, "tag_id": "x", "datetime": "2021-02-30T00:00:00Z", "salary": 1},
        with(document(2_147_483_648), "name", "a".repeat(256)),
        "not a row",
        with(document(-2_147_483_648), "name", "😀".repeat(255)),
    ]);
    let reply = api.post("/tables/documents/rows", &body).await;
    assert_eq!(reply.status, 207);
    assert_eq!(
        codes(&reply, "documents"),
        [
            "1: duplicate_id",
            "2: duplicate_in_batch",
            "3: unknown_reference",
            "4: required timestamp unknown_reference type unknown_column",
            "5: out_of_range too_long",
            "6: type",
        ]
    );
    assert_eq!(reply.body["tables"]["documents"]["rejected"][0]["row"], document(7));
    assert_eq!(api.count("documents").await, 3);
    let kept =
        api.db.sql("SELECT row_index, errors_json FROM rowgate_rejected_rows ORDER BY id").await.unwrap();
    assert_eq!(kept.len(), 6);
    assert_eq!(kept[0][0].as_deref(), Some("1"));
    assert_eq!(
        kept[0][1].as_deref(),
        Some(r#"[{"column":"id","code":"duplicate_id","message":"id is already taken in the table"}]"#)
    );
}

#[tokio::test]
async fn text_arrives_as_it_was_sent() {
    let api = Api::start().await;
    let names = [
        "O'Neil",
        "a\"b",
        "back\\slash",
        "nul\0nul",
        "100%",
        ":name",
        "'; DROP TABLE documents; --",
        "Zoë 😀",
        " a ",
    ];
    let rows: Vec<Value> = (1..).zip(names).map(|(id, name)| with(document(id), "name", name)).collect();
    assert_eq!(api.post("/tables/documents/rows", &json!(rows)).await.status, 201);
    // The same names on the way that asks first, beside a row that is rejected.
    let again: Vec<Value> = (100..).zip(names).map(|(id, name)| with(document(id), "name", name)).collect();
    let reply = api.post("/tables/documents/rows", &json!([again, vec![document(1)]].concat())).await;
    assert_eq!(reply.status, 207);
    for first in [1, 100] {
        let sql =
            format!("SELECT HEX(name) FROM documents WHERE id BETWEEN {first} AND {first} + 50 ORDER BY id");
        let stored: Vec<String> =
            api.db.sql(&sql).await.unwrap().into_iter().map(|row| row[0].clone().unwrap()).collect();
        let sent: Vec<String> =
            names.iter().map(|name| name.bytes().map(|byte| format!("{byte:02X}")).collect()).collect();
        assert_eq!(stored, sent);
    }
    let time = api.db.value("SELECT `datetime` FROM documents WHERE id = 1").await.unwrap();
    assert!(time.starts_with("2021-07-27 16:02:08"), "{time}");
}

#[tokio::test]
async fn keeps_a_rejected_row_of_almost_four_megabytes() {
    let api = Api::start().await;
    let row = with(document(1), "name", "\"".repeat(1_900_000));
    let reply = api.post("/tables/documents/rows", &row).await;
    assert_eq!((reply.status, codes(&reply, "documents")), (422, vec!["0: too_long".to_owned()]));
    // Echoing it would not fit Lambda's answer.
    assert!(reply.body["tables"]["documents"]["rejected"][0]["row"].is_null());
    let length = api.db.value("SELECT LENGTH(row_json) FROM rowgate_rejected_rows").await.unwrap();
    assert_eq!(length, row.to_string().len().to_string());
}

#[tokio::test]
async fn wide_rows_take_several_statements_and_are_still_all_in_or_all_rejected() {
    let api = Api::start().await;
    let name = "é".repeat(255);
    let rows: Vec<Value> = (1..=1000).map(|id| with(document(id), "name", &*name)).collect();
    assert_eq!(api.post("/tables/documents/rows", &json!(rows)).await.status, 201);
    assert_eq!(api.count("documents").await, 1000);
    let reply = api.post("/tables/documents/rows", &json!(rows)).await;
    assert_eq!((reply.status, codes(&reply, "documents").len()), (422, 1000));
}
