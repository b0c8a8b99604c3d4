//! Links for files in one piece.

use domain::load::Settings;
use serde_json::json;
use testkit::gateway::By;
use uploads::{MAX_BYTES, MAX_SINGLE_BYTES};

use crate::support::{Api, WRITER, detail};

#[tokio::test]
async fn gives_a_link_for_the_file_of_a_table() {
    let api = Api::start().await;
    let asked = json!({"table": "filed_documents", "file": "files ü.csv", "mode": "upsert", "bytes": 7});
    let (status, body) = api.post("/uploads", &asked).await;
    assert_eq!(status, 201);
    assert_eq!(
        body,
        json!({
            "key": "incoming/documents/upsert/files ü.csv",
            "method": "PUT",
            "url": "put:incoming/documents/upsert/files ü.csv?7",
            "headers": {},
            "expires_at": body["expires_at"],
        })
    );
    let end = body["expires_at"].as_str().unwrap();
    assert!(end.len() == 24 && end.ends_with(".000Z"), "{end}");
    let (_, body) = api.post("/uploads/", &json!({"table": "tags", "file": "a.xlsx"})).await;
    assert_eq!(
        (&body["key"], &body["url"]),
        (&json!("incoming/tags/a.xlsx"), &json!("put:incoming/tags/a.xlsx?any"))
    );
    let whole = json!({"table": "tags", "file": "a.csv", "bytes": MAX_SINGLE_BYTES});
    assert_eq!(api.post("/uploads", &whole).await.1["method"], "PUT");
    // Scripts leave no trace in the audit trail.
    assert_eq!(api.db.value("SELECT COUNT(*) FROM rowgate_audit").await.unwrap(), "0");
}

#[tokio::test]
async fn settings_go_with_the_link() {
    let api = Api::start().await;
    let settings = json!({"columns": {"Nr": "id", "Titel": "tag_name"}, "delimiter": ";"});
    let asked = json!({"table": "tags", "file": "a.csv", "settings": settings});
    let (status, body) = api.post("/uploads", &asked).await;
    assert_eq!(status, 201, "{body}");
    let text = body["headers"]["x-amz-meta-rowgate-settings"].as_str().unwrap();
    let read = Settings::from_metadata(text).unwrap();
    assert_eq!(read, Settings::from_value(settings).unwrap());
    // Empty settings are left out.
    let (_, body) = api.post("/uploads", &json!({"table": "tags", "file": "a.csv", "settings": {}})).await;
    assert_eq!(body["headers"], json!({}));
}

#[tokio::test]
async fn refuses_what_cannot_be_uploaded() {
    let api = Api::start().await;
    for (body, status, kind, expected) in [
        (json!({"table": "tags", "file": "../a.csv"}), 400, "invalid-upload", "The file's name has a slash"),
        (
            json!({"table": "tags", "file": "a.pdf"}),
            400,
            "invalid-upload",
            "The file cannot be loaded: convert it",
        ),
        (
            json!({"table": "tags", "file": "a.csv", "mode": "../x"}),
            400,
            "invalid-upload",
            "The mode of an upload is",
        ),
        (json!({"table": "../tags", "file": "a.csv"}), 400, "unknown-table", "There is no table"),
        (
            json!({"table": "tags", "file": "a.csv", "bytes": MAX_BYTES + 1}),
            400,
            "invalid-upload",
            "The file is too large",
        ),
        (
            json!({"table": "tags", "file": "a.csv", "bytes": -1}),
            400,
            "wrong-shape",
            "The body cannot be used: invalid value",
        ),
        (json!({"table": "tags"}), 400, "wrong-shape", "The body cannot be used: missing field `file`"),
        (
            json!({"table": "tags", "file": "a.csv", "key": "x"}),
            400,
            "wrong-shape",
            "The body cannot be used: unknown field `key`",
        ),
        (
            json!(["tags", "a.csv", null, null, null]),
            400,
            "wrong-shape",
            "The body cannot be used: it is no object",
        ),
        (
            json!({"table": "tags", "file": "a.csv", "settings": {"columns": {"x": "y"}}}),
            400,
            "invalid-upload",
            "The settings cannot be used: columns names \"y\"",
        ),
        (
            json!({"table": "tags", "file": "a.csv", "settings": {"sheet": "x".repeat(1400)}}),
            400,
            "invalid-upload",
            "The settings take",
        ),
        (
            json!({"table": "tags", "file": "a.csv", "settings": {"delimitre": ","}}),
            400,
            "invalid-upload",
            "The settings cannot be read: unknown field",
        ),
    ] {
        let answer = api.post("/uploads", &body).await;
        let found = detail(&answer, status, kind);
        assert!(found.starts_with(expected), "{body} said {found}");
    }
    let empty = api.send(WRITER, "POST", "/uploads", "").await;
    assert_eq!(empty.0, 400);
    let query = api.post("/uploads?x=1", &json!({"table": "tags", "file": "a.csv"})).await;
    detail(&query, 400, "invalid-parameter");
}

#[tokio::test]
async fn callers_upload_what_they_may_and_people_are_recorded() {
    let api = Api::start().await;
    let body = json!({"table": "tags", "file": "a.csv", "bytes": 7}).to_string();
    let (status, _) = api.send(By::Person("writer,table:tags"), "POST", "/uploads", body.clone()).await;
    assert_eq!(status, 201);
    let kept = api
        .db
        .value("SELECT CONCAT_WS(' ', username, action, table_name, detail_json) FROM rowgate_audit")
        .await
        .unwrap();
    assert_eq!(kept, r#"ann@x.example upload tags {"key":"incoming/tags/a.csv","bytes":7}"#);
    for caller in [
        By::Person("reader"),
        By::Person("writer,table:documents"),
        By::Key("reader"),
        By::Key("team"),
        By::Key("nobody"),
    ] {
        for path in ["/uploads", "/uploads/check"] {
            let body = if path == "/uploads" {
                body.clone()
            } else {
                json!({"table": "tags", "file": "a.csv", "content": "", "whole": true}).to_string()
            };
            let answer = api.send(caller, "POST", path, body).await;
            detail(&answer, 403, "forbidden");
        }
    }
    let (status, _) = api.send(By::Key("tags"), "POST", "/uploads", body).await;
    assert_eq!(status, 201);
    assert_eq!(api.db.value("SELECT COUNT(*) FROM rowgate_audit").await.unwrap(), "1");
    // Callers do not learn of tables that they do not see.
    for caller in [By::Person("writer,table:tags"), By::Key("tags")] {
        let body = json!({"table": "people", "file": "a.csv"}).to_string();
        let answer = api.send(caller, "POST", "/uploads", body).await;
        let found = detail(&answer, 400, "unknown-table");
        assert_eq!(found, "There is no table \"people\"; the tables are tags.");
    }
}
