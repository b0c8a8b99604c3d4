//! The HTTP interface.

use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use backup::catalogue::{Verified, note_verified};
use backup::{Status, router};
use domain::backup::{BackupId, folder, manifest_key};
use domain::batch::MAX_BODY_BYTES;
use lambda_kit::http::with_service_layers;
use serde_json::{Value, json};
use testkit::gateway::{self, By, by_key};
use testkit::tables;

use crate::support::{World, long};

impl World {
    fn routes(&self) -> Router {
        with_service_layers(router(self.backups()), gateway::keys())
    }

    async fn send(
        &self,
        key: &str,
        request: axum::http::request::Builder,
        body: impl Into<Body>,
    ) -> (u16, Value) {
        let request = request.extension(by_key(Some(key))).body(body.into()).unwrap();
        let reply = gateway::send(&self.routes(), request).await;
        (reply.status, reply.body)
    }

    async fn post(&self, body: &str) -> (u16, Value) {
        let request = Request::post("/backups").header("content-type", "application/json");
        self.send("operator", request, body.to_owned()).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send("writer", Request::get(path), "").await
    }
}

#[tokio::test]
async fn a_backup_is_started_and_shown_from_its_beginning_to_its_end() {
    let world = World::with_rows(20).await;
    let (status, answer) = world.post(r#"{"tables": ["tags", "filed_documents", "tags"]}"#).await;
    assert_eq!(status, 202, "{answer}");
    let next = world.calls.take().unwrap();
    let backup = next.backup.clone();
    assert_eq!(answer, json!({ "backup": backup }));
    let (status, shown) = world.get(&format!("/backups/{backup}")).await;
    assert_eq!((status, &shown["status"], &shown["manifest"]), (200, &json!("running"), &json!(null)));
    let done = world.backups().resume(&next, long()).await.unwrap();
    assert_eq!(done.status, Status::Completed);
    // Completed between the look for its manifest and the look at its state.
    world.store.hide_once(&manifest_key(&backup));
    let (_, shown) = world.get(&format!("/backups/{backup}")).await;
    assert_eq!((&shown["status"], &shown["error"]), (&json!("completed"), &json!(null)));
    let (_, shown) = world.get(&format!("/backups/{backup}/")).await;
    let manifest = world.manifest(&backup).unwrap();
    let tables = json!({
        "tags": {"rows": 20, "bytes": manifest.tables["tags"].bytes},
        "documents": {"rows": 20, "bytes": manifest.tables["documents"].bytes},
    });
    assert_eq!(
        shown,
        json!({
            "backup": backup, "status": "completed", "started_at": manifest.started_at,
            "finished_at": manifest.finished_at, "moment": manifest.snapshot_time, "tables": tables,
            "verified_at": null, "verified": null, "error": null, "manifest": manifest,
        })
    );
}

impl World {
    /// A call by a person or a script.
    async fn by(&self, caller: By, request: axum::http::request::Builder) -> (u16, Value) {
        let request = request.extension(caller.context()).body(Body::empty()).unwrap();
        let reply = gateway::send(&self.routes(), request).await;
        (reply.status, reply.body)
    }

    async fn trail(&self) -> String {
        let sql = "SELECT COALESCE(GROUP_CONCAT(CONCAT_WS(' ', username, action, detail_json, request_id)), '') \
                   FROM rowgate_audit";
        self.db.value(sql).await.unwrap()
    }
}

#[tokio::test]
async fn callers_see_backups_where_they_see_every_table() {
    let world = World::with_rows(2).await;
    let (_, started) = world.post("").await;
    let one = format!("/backups/{}", started["backup"].as_str().unwrap());
    for path in ["/backups", &one] {
        for caller in [By::Person("reader"), By::Key("reader"), By::Key("operator")] {
            assert_eq!(world.by(caller, Request::get(path)).await.0, 200, "{caller:?} {path}");
        }
        for caller in [By::Person("writer,table:tags"), By::Key("tags")] {
            let (status, answer) = world.by(caller, Request::get(path)).await;
            assert_eq!((status, &answer["type"]), (403, &json!("urn:rowgate:problem:forbidden")), "{path}");
            let detail = format!("This is for {}s that see every table.", caller.noun());
            assert_eq!(answer["detail"], detail);
        }
    }
    assert_eq!(world.trail().await, "", "a key leaves nothing in the audit trail");
}

#[tokio::test]
async fn what_a_person_starts_is_recorded_before_it_begins() {
    let world = World::with_rows(2).await;
    let keys = ["writer", "reader", "tags", "nobody"].map(By::Key);
    for caller in ["writer", "reader", ""].map(By::Person).into_iter().chain(keys) {
        assert_eq!(world.by(caller, Request::post("/backups")).await.0, 403, "{caller:?}");
    }
    assert_eq!(world.trail().await, "");
    assert_eq!(world.by(By::Person("operator"), Request::post("/backups")).await.0, 202);
    let tables = json!({ "tables": tables() });
    assert_eq!(world.trail().await, format!("ann@x.example start-backup {tables} request-1"));
    world.calls.take();
    world.db.sql("DROP TABLE rowgate_audit").await.unwrap();
    assert!(world.by(By::Person("operator"), Request::post("/backups")).await.0 >= 500);
    assert!(world.calls.take().is_none(), "nothing was begun");
}

#[tokio::test]
async fn without_a_body_it_is_every_table() {
    let world = World::with_rows(2).await;
    for request in [Request::post("/backups"), Request::post("/backups/").header("content-type", "text/csv")]
    {
        let (status, _) = world.send("operator", request, "").await;
        assert_eq!(status, 202);
        let backup = world.calls.take().unwrap().backup;
        assert_eq!(world.state(&backup)["tables"], json!(tables()));
    }
}

#[tokio::test]
async fn a_request_that_cannot_start_a_backup_is_answered_with_the_reason() {
    let world = World::start().await;
    for (body, status, kind) in [
        (r#"{"tables": []}"#, 400, "wrong-shape"),
        (r#"{"table": "tags"}"#, 400, "wrong-shape"),
        (r#"["tags"]"#, 400, "wrong-shape"),
        (r#"{"tables": ["tags"], "tables": ["documents"]}"#, 400, "wrong-shape"),
        (r#"{"tables": ["tag"]}"#, 400, "unknown-table"),
        (r#"{"tables": "#, 400, "invalid-json"),
        ("\u{FFFD}", 400, "invalid-json"),
        (r#"{"tables": ["\ud800"]}"#, 400, "invalid-json"),
    ] {
        let (got, problem) = world.post(body).await;
        assert_eq!(
            (got, &problem["type"]),
            (status, &json!(format!("urn:rowgate:problem:{kind}"))),
            "{body}"
        );
    }
    // Names as long as a request, of which JSON in JSON makes four times as much.
    let long = r#"""#.repeat(MAX_BODY_BYTES / 2 - 100);
    for body in [format!(r#"{{"tables": ["{long}"]}}"#), format!(r#"{{"{long}": 1}}"#)] {
        let (status, problem) = world.post(&body).await;
        assert_eq!(status, 400);
        assert!(problem.to_string().len() < 4_000);
    }
    let largest = " ".repeat(MAX_BODY_BYTES);
    assert_eq!((world.post(&largest).await.0, world.post(&(largest + " ")).await.0), (400, 413));
    let request = Request::post("/backups?dry_run=true").header("content-type", "application/json");
    let (status, problem) = world.send("operator", request, "{}").await;
    assert_eq!((status, &problem["errors"][0]["parameter"]), (400, &json!("dry_run")));
    let (status, _) = world.send("operator", Request::post("/backups"), "{}").await;
    assert_eq!(status, 415);
    let (status, _) = world.send("writer", Request::post("/backups"), "").await;
    assert_eq!(status, 403);
    assert!(world.store.keys().is_empty() && world.calls.take().is_none());
    world.calls.refuse.store(true, Ordering::Relaxed);
    let (status, problem) = world.post("{}").await;
    assert_eq!(status, 503, "{problem}");
    let (_, listed) = world.get("/backups").await;
    assert_eq!(listed["backups"][0]["status"], "failed");
}

#[tokio::test]
async fn a_table_that_is_named_twice_is_backed_up_once() {
    let world = World::with_rows(2).await;
    assert_eq!(world.post(r#"{"tables": ["documents", "tags", "filed_documents", "tags"]}"#).await.0, 202);
    let backup = world.calls.take().unwrap().backup;
    assert_eq!(world.state(&backup)["tables"], json!(["tags", "documents"]));
}

#[tokio::test]
async fn one_backup_takes_no_parameters() {
    let world = World::start().await;
    let (status, problem) = world.get("/backups/20261121-020000-00000009?limit=1").await;
    assert_eq!((status, &problem["errors"][0]["parameter"]), (400, &json!("limit")));
}

#[tokio::test]
async fn backups_are_listed_newest_first_page_by_page() {
    let world = World::with_rows(2).await;
    assert_eq!(world.get("/backups").await, (200, json!({ "backups": [], "next": null })));
    let template = world.make(&["tags"], long()).await.unwrap().backup;
    let manifest =
        String::from_utf8(world.store.content(&manifest_key(&template)).unwrap().to_vec()).unwrap();
    let ids: Vec<BackupId> = (1..=5).rev().map(|number| BackupId::new(number * 1000, 7)).collect();
    for id in &ids {
        world.store.insert(&manifest_key(id), manifest.replace(template.as_str(), id.as_str()));
    }
    world.store.insert("backups/readme.md", "");
    let mut seen = Vec::new();
    let mut path = "/backups?limit=4".to_owned();
    loop {
        let (status, page) = world.get(&path).await;
        assert_eq!(status, 200);
        seen.extend(page["backups"].as_array().unwrap().iter().map(|backup| backup["backup"].clone()));
        match page["next"].as_str() {
            Some(next) => path = format!("/backups?limit=4&after={next}"),
            None => break,
        }
    }
    let expected: Vec<Value> = std::iter::once(&template).chain(&ids).map(|id| json!(id)).collect();
    assert_eq!(seen, expected);
    let (status, problem) = world.get("/backups?limit=0&before=x").await;
    assert_eq!((status, problem["errors"].as_array().unwrap().len()), (400, 2));
}

#[tokio::test]
async fn a_body_may_be_packed_as_gzip_and_not_in_another_way() {
    let world = World::with_rows(2).await;
    let packed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabV*IL\xcaI-V\xb2\x8a\x06\xb2\xd2\x8b\x95bk\x01\xca\xab\xa4\xa5\x13\x00\x00\x00";
    let send = async |encoding: &str, body: &'static [u8]| {
        let request = Request::post("/backups").header("content-type", "application/json");
        world.send("operator", request.header("content-encoding", encoding), body).await
    };
    for (encoding, body, status, kind) in
        [("br", &packed[..], 415, "unsupported-encoding"), ("gzip", &packed[..20], 400, "invalid-encoding")]
    {
        let (found, problem) = send(encoding, body).await;
        assert_eq!((found, &problem["type"]), (status, &json!(format!("urn:rowgate:problem:{kind}"))));
    }
    assert_eq!(world.calls.take(), None);
    assert_eq!(send("gzip", packed).await.0, 202);
}

#[tokio::test]
async fn what_is_wrong_with_a_backup_is_shown() {
    let world = World::with_rows(2).await;
    let backup = world.make(&["tags"], long()).await.unwrap().backup;
    let path = format!("/backups/{backup}");
    let verified = |good, error: Option<&str>| Verified {
        backup: backup.clone(),
        verified_at: "2026-11-21T04:00:00.000Z".to_owned(),
        good,
        restore: None,
        tables: vec!["tags".to_owned()],
        error: error.map(str::to_owned),
    };
    note_verified(&world.store, &verified(true, None)).await.unwrap();
    let (_, shown) = world.get(&path).await;
    assert_eq!(
        (&shown["status"], &shown["verified_at"]),
        (&json!("completed"), &json!("2026-11-21T04:00:00.000Z"))
    );
    let file = folder(&backup) + "tags/part-00000.avro";
    let content = world.store.remove(&file).unwrap();
    let listed = world.get("/backups").await.1["backups"][0].clone();
    for shown in [listed, world.get(&path).await.1] {
        assert_eq!(shown["status"], "failed");
        assert_eq!(shown["error"], "the file tags/part-00000.avro is missing");
    }
    world.store.insert(&file, content);
    note_verified(&world.store, &verified(false, Some("a file is damaged"))).await.unwrap();
    let (_, shown) = world.get(&path).await;
    assert_eq!(shown["status"], "failed");
    assert_eq!(shown["error"], "a verification found it to be bad: a file is damaged");
    world.store.insert(&manifest_key(&backup), "{");
    let (_, shown) = world.get(&path).await;
    assert!(shown["error"].as_str().unwrap().starts_with("its manifest cannot be used: "), "{shown}");
    world.store.remove(&manifest_key(&backup));
    assert_eq!(world.get(&path).await.1["error"], "its manifest is gone");
    assert_eq!(world.get(&path).await.1["status"], "failed");
    for key in world.store.keys() {
        world.store.remove(&key);
    }
    assert_eq!(world.get(&path).await.0, 404);
    assert_eq!(world.get("/backups/latest").await.0, 404);
    world.store.insert(&(folder(&backup) + "tags/part-00000.avro"), "");
    assert_eq!(world.get(&path).await.0, 404, "files alone are no backup");
}
