//! Bodies that are no batch: the status, the kind of problem, and nothing in.

use crate::support::{Api, Reply, document};
use serde_json::json;

fn check(reply: &Reply, status: u16, kind: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(reply.headers["content-type"], "application/problem+json");
    assert!(reply.headers.contains_key("x-request-id"));
    assert_eq!(reply.body["type"], format!("urn:rowgate:problem:{kind}"));
    assert_eq!(reply.body["status"], status);
    assert!(reply.body["title"].is_string() && reply.body["detail"].is_string());
}

#[tokio::test]
async fn refuses_what_is_no_batch() {
    let api = Api::start().await;
    let json = "application/json";
    let row = document(1);
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("/insert_data", b"".to_vec(), 400, "invalid-json"),
        ("/insert_data", b"hello".to_vec(), 400, "invalid-json"),
        ("/insert_data", b"{\"documents\": [\xff]}".to_vec(), 400, "invalid-json"),
        ("/insert_data", "[".repeat(1_000_000).into_bytes(), 400, "invalid-json"),
        ("/insert_data", json!([row]).to_string().into_bytes(), 400, "wrong-shape"),
        ("/insert_data", json!({"documents": row}).to_string().into_bytes(), 400, "wrong-shape"),
        ("/insert_data", b"{\"documents\": [], \"filed_documents\": []}".to_vec(), 400, "wrong-shape"),
        ("/insert_data", json!({"people": [row]}).to_string().into_bytes(), 400, "unknown-table"),
        ("/insert_data", json!({"rowgate_loads": [{}]}).to_string().into_bytes(), 400, "unknown-table"),
        ("/insert_data", b"{}".to_vec(), 400, "row-count"),
        (
            "/insert_data",
            json!({"documents": vec![row.clone(); 1001]}).to_string().into_bytes(),
            400,
            "row-count",
        ),
        ("/tables/people/rows", json!([row]).to_string().into_bytes(), 400, "unknown-table"),
        ("/tables/documents/rows", b"7".to_vec(), 400, "wrong-shape"),
        ("/tables/documents/rows", b"[]".to_vec(), 400, "row-count"),
        ("/insert_data", vec![b' '; 5_000_000], 413, "payload-too-large"),
        // A preference in the wrong place must not lead to an insert.
        (
            "/insert_data?dry_run=true",
            json!({"documents": [row]}).to_string().into_bytes(),
            400,
            "invalid-parameter",
        ),
        ("/tables/documents/rows?tx=dry-run", row.to_string().into_bytes(), 400, "invalid-parameter"),
        ("/nowhere", b"{}".to_vec(), 404, "not-found"),
    ];
    for (path, body, status, kind) in cases {
        check(&api.send(path, json, body).await, status, kind);
    }
    check(&api.send("/insert_data", "text/csv", "1,2").await, 415, "unsupported-media-type");
    assert_eq!(api.count("documents").await, 0);
    assert_eq!(api.count("rowgate_rejected_rows").await, 0);
}
