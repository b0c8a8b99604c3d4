//! Uploads in parts.

use bucket::{Multipart, Store};
use serde_json::{Value, json};
use testkit::gateway::By;
use uploads::{MAX_SINGLE_BYTES, UploadId};

use crate::support::{Api, detail};

const MIB: u64 = 1024 * 1024;
/// Four parts of 16 MiB and one of 10 bytes.
const BYTES: u64 = MAX_SINGLE_BYTES + 10;

async fn begin(api: &Api) -> (String, Value) {
    let settings = json!({"delimiter": ";"});
    let asked = json!({"table": "tags", "file": "a.csv", "bytes": BYTES, "settings": settings});
    let (status, body) = api.post("/uploads", &asked).await;
    assert_eq!(status, 201, "{body}");
    (body["id"].as_str().unwrap().to_owned(), body)
}

/// The key of the file, and S3's id of its upload.
const KEY: &str = "incoming/tags/a.csv";
const UPLOAD: &str = "1";

async fn put(api: &Api, number: u32, bytes: u64) {
    let content = vec![b'x'; usize::try_from(bytes).unwrap()];
    api.store.put_part(&Multipart::of(KEY, UPLOAD), number, content.into()).await.unwrap();
}

#[tokio::test]
async fn a_large_file_goes_in_parts_that_can_be_resumed() {
    let api = Api::start().await;
    let (id, body) = begin(&api).await;
    assert_eq!(
        (&body["key"], &body["bytes"], &body["part_bytes"]),
        (&json!(KEY), &json!(BYTES), &json!(16 * MIB))
    );
    assert_eq!(body["parts"].as_array().unwrap().len(), 5);
    assert_eq!(body["parts"][4], json!({"number": 5, "url": "put:incoming/tags/a.csv?1&5&10"}));

    // Two are there, and one of another size, which is none.
    put(&api, 2, 16 * MIB).await;
    put(&api, 5, 10).await;
    put(&api, 3, 9).await;
    let (status, body) = api.get(&format!("/uploads/{id}")).await;
    assert_eq!((status, &body["done"]), (200, &json!([2, 5])));
    let missing: Vec<u64> =
        body["parts"].as_array().unwrap().iter().map(|part| part["number"].as_u64().unwrap()).collect();
    assert_eq!(missing, [1, 3, 4]);
    let answer = api.post(&format!("/uploads/{id}/complete"), &Value::Null).await;
    let found = detail(&answer, 409, "incomplete-upload");
    assert!(found.starts_with("The parts 1, 3, 4 of the file are not there yet."), "{found}");
    assert!(api.store.keys().is_empty());

    for number in [1, 3, 4] {
        put(&api, number, 16 * MIB).await;
    }
    let (status, body) = api.post(&format!("/uploads/{id}/complete/"), &Value::Null).await;
    assert_eq!((status, body), (200, json!({"key": KEY})));
    assert_eq!(api.store.content(KEY).unwrap().len() as u64, BYTES);
    assert_eq!(api.store.metadata(KEY)["rowgate-settings"], "eyJkZWxpbWl0ZXIiOiI7In0");
    // It is done once.
    for answer in [
        api.post(&format!("/uploads/{id}/complete"), &Value::Null).await,
        api.get(&format!("/uploads/{id}")).await,
    ] {
        assert!(
            detail(&answer, 404, "not-found").contains("GET /loads?key= says whether the file has arrived")
        );
    }
}

#[tokio::test]
async fn the_trail_names_who_completes_an_upload_of_a_script() {
    let api = Api::start().await;
    let (id, _) = begin(&api).await;
    for (number, bytes) in [(1, 16 * MIB), (2, 16 * MIB), (3, 16 * MIB), (4, 16 * MIB)] {
        put(&api, number, bytes).await;
    }
    let complete = async || {
        api.send(By::Person("writer,table:tags"), "POST", &format!("/uploads/{id}/complete"), "").await
    };
    detail(&complete().await, 409, "incomplete-upload");
    assert_eq!(api.db.value("SELECT COUNT(*) FROM rowgate_audit").await.unwrap(), "0");
    put(&api, 5, 10).await;
    assert_eq!(complete().await.0, 200);
    let kept = "SELECT CONCAT_WS(' ', username, action, table_name, detail_json) FROM rowgate_audit";
    assert_eq!(
        api.db.value(kept).await.unwrap(),
        r#"ann@x.example upload tags {"key":"incoming/tags/a.csv","bytes":67108874,"completed":true}"#
    );
}

#[tokio::test]
async fn without_the_trail_nothing_is_completed() {
    let api = Api::start().await;
    let (id, _) = begin(&api).await;
    for (number, bytes) in [(1, 16 * MIB), (2, 16 * MIB), (3, 16 * MIB), (4, 16 * MIB), (5, 10)] {
        put(&api, number, bytes).await;
    }
    api.db.sql("DROP TABLE rowgate_audit").await.unwrap();
    let path = format!("/uploads/{id}/complete");
    detail(&api.send(By::Person("writer"), "POST", &path, "").await, 500, "internal");
    assert!(api.store.keys().is_empty());
}

#[tokio::test]
async fn of_two_concurrent_completions_one_gets_that_it_is_gone() {
    let api = Api::start().await;
    let (id, _) = begin(&api).await;
    for (number, bytes) in [(1, 16 * MIB), (2, 16 * MIB), (3, 16 * MIB), (4, 16 * MIB), (5, 10)] {
        put(&api, number, bytes).await;
    }
    api.store.race_next_completion();
    let answer = api.post(&format!("/uploads/{id}/complete"), &Value::Null).await;
    detail(&answer, 404, "not-found");
}

#[tokio::test]
async fn an_id_opens_nothing_but_files_of_tables_that_the_caller_sees() {
    let api = Api::start().await;
    let (id, _) = begin(&api).await;
    let of =
        |key: &str| UploadId { bytes: BYTES, upload: UPLOAD.to_owned(), key: key.to_owned() }.to_string();
    for text in [
        "x".to_owned(),
        "%FF".to_owned(),
        of("incoming/tags/b.csv"),
        of("backups/1/manifest.json"),
        of("incoming/tags/../../backups/a.csv"),
        UploadId { bytes: BYTES, upload: "u9".to_owned(), key: "incoming/tags/a.csv".to_owned() }.to_string(),
    ] {
        for answer in [
            api.get(&format!("/uploads/{text}")).await,
            api.post(&format!("/uploads/{text}/complete"), &Value::Null).await,
        ] {
            detail(&answer, 404, "not-found");
        }
    }
    for caller in [
        By::Person("reader"),
        By::Person("writer,table:documents"),
        By::Person(""),
        By::Key("reader"),
        By::Key("team"),
        By::Key("nobody"),
    ] {
        for (method, path) in [("GET", format!("/uploads/{id}")), ("POST", format!("/uploads/{id}/complete"))]
        {
            let answer = api.send(caller, method, &path, "").await;
            detail(&answer, 403, "forbidden");
        }
    }
    for caller in [By::Person("writer"), By::Key("tags")] {
        let (status, _) = api.send(caller, "GET", &format!("/uploads/{id}"), "").await;
        assert_eq!(status, 200, "{caller:?}");
    }
}

#[tokio::test]
async fn what_s3_does_not_answer_may_pass() {
    let api = Api::start().await;
    let (id, _) = begin(&api).await;
    api.store.stop_after(0);
    let asked = json!({"table": "tags", "file": "a.csv", "bytes": BYTES});
    for answer in [
        api.post("/uploads", &asked).await,
        api.get(&format!("/uploads/{id}")).await,
        api.post(&format!("/uploads/{id}/complete"), &Value::Null).await,
    ] {
        let found = detail(&answer, 503, "unavailable");
        assert!(!found.contains("Slow Down"), "{found}");
    }
}
