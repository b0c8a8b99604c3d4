//! Checks of a file before it is sent.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::{Api, detail};

async fn check(api: &Api, file: &str, content: impl AsRef<[u8]>, more: Value) -> (u16, Value) {
    let mut body = json!({
        "table": "documents", "file": file, "content": BASE64_STANDARD.encode(content), "whole": true,
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    api.post("/uploads/check", &body).await
}

#[tokio::test]
async fn shows_the_first_rows_as_the_loader_reads_them() {
    let api = Api::start().await;
    let content =
        "id;Name;datetime;collection_id;tag_id;line\n1;Ada;2021-07-27T16:02:08Z;3;7;x\n2;;later;3;7;\n";
    let (status, body) = check(&api, "a.csv", content, json!({"mode": "upsert"})).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        body,
        json!({
            "format": "csv", "encoding": "UTF-8", "delimiter": ";",
            "header": ["id", "Name", "datetime", "collection_id", "tag_id", "line"],
            "columns": [
                {"name": "id", "column": "id"}, {"name": "Name", "column": "name"},
                {"name": "datetime", "column": "datetime"}, {"name": "collection_id", "column": "collection_id"},
                {"name": "tag_id", "column": "tag_id"}, {"name": "line", "column": null},
            ],
            "rows": [
                {
                    "line": 2,
                    "values": {"id": "1", "name": "Ada", "datetime": "2021-07-27T16:02:08Z", "collection_id": "3", "tag_id": "7"},
                    "errors": [],
                },
                {
                    "line": 3,
                    "values": {"id": "2", "name": "", "datetime": "later", "collection_id": "3", "tag_id": "7"},
                    "errors": [
                        {"column": "name", "code": "required", "message": "name is required"},
                        {"column": "datetime", "code": "timestamp", "message": body["rows"][1]["errors"][1]["message"]},
                    ],
                },
            ],
            "rows_read": 2, "rows_rejected": 1, "codes": {"required": 1, "timestamp": 1},
            "warnings": [], "problem": null, "proposal": null,
        })
    );
}

#[tokio::test]
async fn proposes_settings_under_which_the_file_can_be_read() {
    let api = Api::start().await;
    let content = "Document ID,Name,Filed,Tag ID,Collection ID\n1,Ada,27/07/2021 16:02,7,3\n2,Bea,28/07/2021 08:00,7,3\n";
    let (_, body) = check(&api, "a.csv", content, json!({})).await;
    assert!(
        body["problem"].as_str().unwrap().starts_with("line 1 is neither a header of the table"),
        "{body}"
    );
    assert_eq!(body["header"], json!(["Document ID", "Name", "Filed", "Tag ID", "Collection ID"]));
    assert_eq!(body["columns"][1], json!({"name": "Name", "column": "name"}));
    let proposal = body["proposal"].clone();
    assert_eq!(
        proposal,
        json!({
            "columns": {"Collection ID": "collection_id", "Document ID": "id", "Filed": "datetime", "Tag ID": "tag_id"},
            "timestamp_formats": ["%d/%m/%Y %H:%M"],
        })
    );
    let (_, body) = check(&api, "a.csv", content, json!({"settings": proposal})).await;
    assert_eq!(
        (&body["problem"], &body["rows_read"], &body["rows_rejected"]),
        (&Value::Null, &json!(2), &json!(0))
    );
    assert_eq!(
        body["rows"][0]["values"],
        json!({"id": "1", "name": "Ada", "datetime": "2021-07-27T16:02:00Z", "collection_id": "3", "tag_id": "7"})
    );
    assert_eq!(body["proposal"], Value::Null);
}

#[tokio::test]
async fn refuses_what_cannot_be_checked() {
    let api = Api::start().await;
    let large = vec![b'x'; uploads::MAX_CONTENT_BYTES + 1];
    let answer = check(&api, "a.csv", large, json!({})).await;
    assert!(detail(&answer, 413, "payload-too-large").contains("whole = false"));
    let fits = vec![b'x'; uploads::MAX_CONTENT_BYTES];
    assert_eq!(check(&api, "a.csv", fits, json!({"whole": false})).await.0, 200);
    let answer = check(&api, "a.csv", "", json!({"content": "%"})).await;
    assert!(detail(&answer, 400, "wrong-shape").contains("content is no base64"));
    let answer = check(&api, "a.csv", "", json!({"settings": {"columns": {"a": "b"}}})).await;
    detail(&answer, 400, "invalid-upload");
    let answer = check(&api, "a.exe", "", json!({})).await;
    detail(&answer, 400, "invalid-upload");
    let (status, body) = check(&api, "a.xlsx", "PK\u{3}\u{4}", json!({"whole": false})).await;
    assert_eq!(status, 200);
    assert!(body["problem"].as_str().unwrap().contains("it is checked when it is loaded"), "{body}");
}
