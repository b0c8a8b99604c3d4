//! `POST /restores` and `GET /restores/{id}`.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, header};
use domain::batch::MAX_BODY_BYTES;
use lambda_kit::http::{REQUEST_TIME, with_service_layers_in};
use restore::router;
use serde_json::{Value as Json, json};
use testkit::gateway::{self, By, by_key};

use crate::support::{BACKUP, Made, World, named};

async fn send(world: &World, method: Method, path: &str, key: &'static str, body: &str) -> (u16, Json) {
    send_in(REQUEST_TIME, world, method, path, key, body).await
}

async fn send_in(
    time: Duration,
    world: &World,
    method: Method,
    path: &str,
    key: &'static str,
    body: &str,
) -> (u16, Json) {
    answer(time, world, By::Key(key), (method, path), body).await
}

/// A call by a person in these groups.
async fn by(world: &World, groups: &'static str, method: Method, path: &str, body: &str) -> (u16, Json) {
    answer(REQUEST_TIME, world, By::Person(groups), (method, path), body).await
}

async fn answer(
    time: Duration,
    world: &World,
    caller: By,
    (method, path): (Method, &str),
    body: &str,
) -> (u16, Json) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .extension(caller.context())
        .body(Body::from(body.to_owned()))
        .unwrap();
    let reply =
        gateway::send(&with_service_layers_in(router(world.restorer()), gateway::keys(), time), request)
            .await;
    (reply.status, reply.body)
}

/// The audit trail, an entry a line.
async fn trail(world: &World) -> String {
    let sql = "SELECT COALESCE(GROUP_CONCAT(CONCAT_WS(' ', username, action, detail_json, request_id) ORDER BY id SEPARATOR '\\n'), '') \
               FROM rowgate_audit";
    world.db.value(sql).await.unwrap()
}

async fn undo(world: &World, key: &'static str, id: &str) -> (u16, Json) {
    send(world, Method::POST, &format!("/restores/{id}/undo"), key, "").await
}

async fn tags(world: &World) -> String {
    world.db.value("SELECT COALESCE(GROUP_CONCAT(id ORDER BY id), '') FROM tags").await.unwrap()
}

async fn post(world: &World, body: &str) -> (u16, Json) {
    send(world, Method::POST, "/restores", "operator", body).await
}

async fn with_backup() -> World {
    let world = World::start().await;
    world.back_up(BACKUP, &[("tags", &named(1..=3))], Made::default()).await;
    world
}

#[tokio::test]
async fn a_restore_that_is_asked_for_is_there_at_once_and_done_by_another_invocation() {
    let world = with_backup().await;
    let (status, answer) = post(&world, &json!({ "backup": "latest", "tables": ["tags"] }).to_string()).await;
    let id = answer["restore"].as_str().unwrap().to_owned();
    assert_eq!(status, 202, "{answer}");
    let (status, answer) = send(&world, Method::GET, &format!("/restores/{id}"), "writer", "").await;
    assert_eq!(status, 200);
    assert_eq!([&answer["status"], &answer["source"], &answer["mode"]], ["running", BACKUP, "replace"]);
    assert_eq!(world.next.0.lock().unwrap()[0].as_str(), id);
    world.restore(json!({ "continue": { "restore": id } })).await;
    let (_, answer) = send(&world, Method::GET, &format!("/restores/{id}/"), "writer", "").await;
    assert_eq!([&answer["status"], &answer["error"]], [&json!("completed"), &Json::Null]);
    assert_eq!(answer["tables"]["tags"]["rows_restored"], 3);
    assert!(answer["finished_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(world.rows("tags").await.len(), 3);
}

#[tokio::test]
async fn only_the_operator_starts_one() {
    let world = with_backup().await;
    let body = json!({ "backup": BACKUP }).to_string();
    let (status, answer) = send(&world, Method::POST, "/restores", "writer", &body).await;
    assert_eq!((status, &answer["type"]), (403, &json!("urn:rowgate:problem:forbidden")));
    assert_eq!(world.db.value("SELECT COUNT(*) FROM rowgate_restores").await.unwrap(), "0");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_before_anything_begins() {
    let world = with_backup().await;
    for (body, status, kind) in [
        ("", 400, "invalid-json"),
        ("{", 400, "invalid-json"),
        (r#"{"backup": "\ud800"}"#, 400, "invalid-json"),
        ("[]", 400, "wrong-shape"),
        ("{}", 400, "wrong-shape"),
        (r#"{"backup": "latest", "mode": "append"}"#, 400, "wrong-shape"),
        (r#"{"backup": "latest", "from": "x/"}"#, 400, "wrong-shape"),
        (r#"{"backup": "latest", "mode": "verify", "mode": "replace"}"#, 400, "wrong-shape"),
        (r#"{"backup": "latest", "tables": ["people"]}"#, 400, "unknown-table"),
        (r#"{"backup": "latest", "tables": ["documents"]}"#, 404, "not-found"),
        (r#"{"backup": "20261121-020000-00000009"}"#, 404, "not-found"),
        (r#"{"backup": "../tags"}"#, 404, "not-found"),
    ] {
        let (found, answer) = post(&world, body).await;
        assert_eq!(
            (found, &answer["type"]),
            (status, &json!(format!("urn:rowgate:problem:{kind}"))),
            "{body}"
        );
    }
    // Names as long as a request, of which JSON in JSON makes four times as much.
    let long = r#"\""#.repeat(MAX_BODY_BYTES / 2 - 100);
    for (body, found) in [
        (format!(r#"{{"backup": "latest", "tables": ["{long}"]}}"#), 400),
        (format!(r#"{{"backup": "latest", "mode": "{long}"}}"#), 400),
        (format!(r#"{{"backup": "{long}"}}"#), 404),
        (format!(r#"{{"{long}": 1}}"#), 400),
    ] {
        let (status, answer) = post(&world, &body).await;
        assert_eq!(status, found);
        assert!(answer.to_string().len() < 4_000);
    }
    let largest = format!("\"{}\"", "x".repeat(MAX_BODY_BYTES - 2));
    assert_eq!((post(&world, &largest).await.0, post(&world, &(largest + " ")).await.0), (400, 413));
    let body = json!({ "backup": BACKUP, "tables": ["tags"] }).to_string();
    let (status, answer) = send(&world, Method::POST, "/restores?mode=verify", "operator", &body).await;
    assert_eq!((status, &answer["errors"][0]["parameter"]), (400, &json!("mode")));
    assert_eq!(world.db.value("SELECT COUNT(*) FROM rowgate_restores").await.unwrap(), "0");
    for id in ["20261121-020000-00000009", "7", "%27", "%ff"] {
        let path = format!("/restores/{id}");
        assert_eq!(send(&world, Method::GET, &path, "writer", "").await.0, 404, "{id}");
        let path = format!("{path}?wait=true");
        assert_eq!(send(&world, Method::GET, &path, "writer", "").await.0, 400, "{id}");
    }
}

#[tokio::test]
async fn a_body_may_be_packed_as_gzip_and_not_in_another_way() {
    let world = with_backup().await;
    let packed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJJL\xce.-P\xb2R\xcaI,I-.Q\xd2Q*IL\xcaI-V\xb2\x8a\x06\xb2\xd2\x8b\x95bk\x01\xe2\x17\xc4m%\x00\x00\x00";
    let send = async |encoding: &str, body: &'static [u8]| {
        let request = Request::post("/restores")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_ENCODING, encoding)
            .extension(by_key(Some("operator")));
        let request = request.body(Body::from(body)).unwrap();
        let routes = with_service_layers_in(router(world.restorer()), gateway::keys(), REQUEST_TIME);
        gateway::send(&routes, request).await.status
    };
    assert_eq!((send("br", packed).await, send("gzip", &packed[..20]).await), (415, 400));
    assert_eq!(world.db.value("SELECT COUNT(*) FROM rowgate_restores").await.unwrap(), "0");
    assert_eq!(send("gzip", packed).await, 202);
}

/// The handler answers before its time limit would: a restore that is announced is also continued.
#[tokio::test]
async fn a_request_has_no_more_time_than_the_layers_around_it_give() {
    let world = with_backup().await;
    let body = json!({ "backup": "latest", "tables": ["tags"] }).to_string();
    let path = format!("/restores/{BACKUP}");
    for (method, path, body) in [(Method::POST, "/restores", &*body), (Method::GET, &path, "")] {
        let (status, answer) = send_in(Duration::ZERO, &world, method, path, "operator", body).await;
        assert_eq!((status, &answer["type"]), (503, &json!("urn:rowgate:problem:unavailable")));
        assert!(answer["detail"].as_str().unwrap().contains("nothing was changed"), "{answer}");
    }
    assert_eq!(world.db.value("SELECT COUNT(*) FROM rowgate_restores").await.unwrap(), "0");
}

#[tokio::test]
async fn a_backup_with_a_broken_manifest_is_a_restore_that_failed() {
    let world = with_backup().await;
    world.bucket.insert(&format!("backups/{BACKUP}/manifest.json"), "{}");
    let (status, answer) = post(&world, &json!({ "backup": BACKUP, "tables": ["tags"] }).to_string()).await;
    assert_eq!(status, 202);
    let path = format!("/restores/{}", answer["restore"].as_str().unwrap());
    let (_, answer) = send(&world, Method::GET, &path, "writer", "").await;
    assert_eq!(answer["status"], "failed");
    assert!(answer["error"].as_str().unwrap().contains("the manifest cannot be read"), "{answer}");
}

#[tokio::test]
async fn a_restore_is_undone_and_that_can_be_undone_again() {
    let world = with_backup().await;
    world.sql("INSERT INTO tags VALUES (99, 'before')").await;
    let first = world.restore(json!({ "backup": BACKUP })).await.restore.to_string();
    assert_eq!(tags(&world).await, "1,2,3");
    let (status, answer) = undo(&world, "operator", &first).await;
    assert_eq!((status, tags(&world).await.as_str()), (200, "99"), "{answer}");
    assert_eq!(answer["tables"]["tags"]["kept"], true);
    let second = answer["restore"].as_str().unwrap();
    let (_, answer) = send(&world, Method::GET, &format!("/restores/{second}"), "writer", "").await;
    assert_eq!([&answer["kind"], &answer["source"], &answer["status"]], ["put_back", &*first, "completed"]);
    assert_eq!(undo(&world, "operator", second).await.0, 200);
    assert_eq!(tags(&world).await, "1,2,3");
    // The previous tables of the first restore are back in place, and no longer kept.
    let (status, answer) = undo(&world, "operator", &first).await;
    assert_eq!((status, &answer["type"]), (409, &json!("urn:rowgate:problem:nothing-to-undo")));
    let detail = answer["detail"].as_str().unwrap();
    assert!(
        detail.starts_with(&format!("No table is kept as it was before the restore {first}.")),
        "{detail}"
    );
}

#[tokio::test]
async fn what_cannot_be_undone_says_why_and_changes_nothing() {
    let world = with_backup().await;
    let verified = world.restore(json!({ "backup": BACKUP, "mode": "verify" })).await.restore.to_string();
    let before = world.db.value("SELECT COUNT(*) FROM rowgate_restores").await.unwrap();
    for (key, id, status) in [
        ("writer", &*verified, 403),
        ("operator", &*verified, 409),
        ("operator", "20261121-100000-0000000a", 404),
        ("operator", "..%2Ftags", 404),
    ] {
        assert_eq!(undo(&world, key, id).await.0, status, "{id}");
    }
    assert_eq!(send(&world, Method::GET, &format!("/restores/{verified}/undo"), "operator", "").await.0, 405);
    assert_eq!(world.db.value("SELECT COUNT(*) FROM rowgate_restores").await.unwrap(), before);
}

#[tokio::test]
async fn restores_are_listed_newest_first_page_by_page() {
    let world = with_backup().await;
    assert_eq!(
        send(&world, Method::GET, "/restores/", "writer", "").await,
        (200, json!({ "restores": [], "next": null }))
    );
    for number in 1..=3 {
        world.restore(json!({ "backup": BACKUP, "mode": "verify", "restore": format!("2026112{number}-100000-0000000a") })).await;
    }
    let (mut seen, mut path) = (Vec::new(), "/restores?limit=2".to_owned());
    loop {
        let (status, page) = send(&world, Method::GET, &path, "writer", "").await;
        assert_eq!(status, 200, "{page}");
        seen.extend(page["restores"].as_array().unwrap().iter().map(|one| one["restore"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/restores?limit=2&after={next}");
    }
    let expected = [3, 2, 1].map(|number| json!(format!("2026112{number}-100000-0000000a")));
    assert_eq!(seen, expected);
    for query in ["limit=0", "limit=101", "after=latest", "status=failed"] {
        assert_eq!(
            send(&world, Method::GET, &format!("/restores?{query}"), "operator", "").await.0,
            400,
            "{query}"
        );
    }
}

#[tokio::test]
async fn callers_who_see_some_tables_see_no_restore() {
    let world = with_backup().await;
    let id = world.restore(json!({ "backup": BACKUP })).await.restore.to_string();
    for path in ["/restores".to_owned(), format!("/restores/{id}")] {
        assert_eq!(by(&world, "reader", Method::GET, &path, "").await.0, 200, "{path}");
        let (status, answer) = by(&world, "writer,table:tags", Method::GET, &path, "").await;
        assert_eq!((status, &answer["type"]), (403, &json!("urn:rowgate:problem:forbidden")), "{path}");
        assert_eq!(send(&world, Method::GET, &path, "reader", "").await.0, 200, "{path}");
        let (status, answer) = send(&world, Method::GET, &path, "tags", "").await;
        let detail = json!("This is for keys that see every table.");
        assert_eq!((status, &answer["detail"]), (403, &detail), "{path}");
    }
    for groups in ["writer", "reader", "table:tags"] {
        assert_eq!(
            by(&world, groups, Method::POST, &format!("/restores/{id}/undo"), "").await.0,
            403,
            "{groups}"
        );
        let body = json!({ "backup": BACKUP }).to_string();
        assert_eq!(by(&world, groups, Method::POST, "/restores", &body).await.0, 403, "{groups}");
    }
    for key in ["writer", "reader", "tags", "nobody"] {
        assert_eq!(undo(&world, key, &id).await.0, 403, "{key}");
        let body = json!({ "backup": BACKUP }).to_string();
        assert_eq!(send(&world, Method::POST, "/restores", key, &body).await.0, 403, "{key}");
    }
    assert_eq!(trail(&world).await, "");
}

#[tokio::test]
async fn what_a_person_starts_is_in_the_audit_trail_and_what_a_key_starts_is_not() {
    let world = with_backup().await;
    let body = r#"{"backup": "latest", "tables": ["tags"]}"#;
    assert_eq!(post(&world, body).await.0, 202);
    assert_eq!(trail(&world).await, "");
    let (status, answer) = by(&world, "operator,table:collections", Method::POST, "/restores", body).await;
    assert_eq!(status, 202, "{answer}");
    let id = answer["restore"].as_str().unwrap();
    let started = format!(
        r#"ann@x.example start-restore {{"backup":"latest","tables":["tags"],"restore":"{id}"}} request-1"#
    );
    assert_eq!(trail(&world).await, started);
    world.restore(json!({ "continue": { "restore": id } })).await;
    let (status, answer) = by(&world, "operator", Method::POST, &format!("/restores/{id}/undo/"), "").await;
    assert_eq!(status, 200, "{answer}");
    let undone = format!(
        r#"ann@x.example undo-restore {{"undone":"{id}","tables":["tags"],"restore":{}}} request-1"#,
        answer["restore"]
    );
    assert_eq!(trail(&world).await, format!("{started}\n{undone}"));
    // A refused restore is not begun.
    assert_eq!(
        by(&world, "operator", Method::POST, "/restores", r#"{"backup": "20261121-020000-00000009"}"#)
            .await
            .0,
        404
    );
    assert_eq!(trail(&world).await, format!("{started}\n{undone}"));
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_begun() {
    let world = with_backup().await;
    world.sql("DROP TABLE rowgate_audit").await;
    let (status, _) =
        by(&world, "operator", Method::POST, "/restores", r#"{"backup": "latest", "tables": ["tags"]}"#)
            .await;
    assert!(status >= 500, "{status}");
    assert_eq!(world.db.value("SELECT COUNT(*) FROM rowgate_restores").await.unwrap(), "0");
}
