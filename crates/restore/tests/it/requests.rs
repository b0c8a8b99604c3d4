//! `POST /restores` and `GET /restores/{id}`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, header};
use domain::batch::MAX_BODY_BYTES;
use http_body_util::BodyExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
use lambda_http::request::RequestContext;
use lambda_kit::caller::Operator;
use lambda_kit::http::{REQUEST_TIME, with_service_layers_in};
use restore::{Service, router};
use serde_json::{Value as Json, json};
use tower::ServiceExt;

use crate::support::{BACKUP, Made, World, named};

async fn send(world: &World, method: Method, path: &str, key: &str, body: &str) -> (u16, Json) {
    send_in(REQUEST_TIME, world, method, path, key, body).await
}

async fn send_in(
    time: Duration,
    world: &World,
    method: Method,
    path: &str,
    key: &str,
    body: &str,
) -> (u16, Json) {
    let service = Service { restorer: Arc::new(world.restorer()), operator: Operator::new("op") };
    let mut context = ApiGatewayProxyRequestContext::default();
    context.identity.api_key_id = Some(key.to_owned());
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .extension(RequestContext::ApiGatewayV1(context))
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = with_service_layers_in(router(service), time).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn post(world: &World, body: &str) -> (u16, Json) {
    send(world, Method::POST, "/restores", "op", body).await
}

async fn with_backup() -> World {
    let world = World::start().await;
    world.back_up(BACKUP, &[("jobs", &named(1..=3))], Made::default()).await;
    world
}

#[tokio::test]
async fn a_restore_that_is_asked_for_is_there_at_once_and_done_by_another_invocation() {
    let world = with_backup().await;
    let (status, answer) = post(&world, &json!({ "backup": "latest", "tables": ["jobs"] }).to_string()).await;
    let id = answer["restore"].as_str().unwrap().to_owned();
    assert_eq!(status, 202, "{answer}");
    let (status, told) = send(&world, Method::GET, &format!("/restores/{id}"), "writer", "").await;
    assert_eq!(status, 200);
    assert_eq!([&told["status"], &told["source"], &told["mode"]], ["running", BACKUP, "replace"]);
    assert_eq!(world.next.0.lock().unwrap()[0].as_str(), id);
    world.restore(json!({ "continue": { "restore": id } })).await;
    let (_, told) = send(&world, Method::GET, &format!("/restores/{id}/"), "writer", "").await;
    assert_eq!([&told["status"], &told["error"]], [&json!("completed"), &Json::Null]);
    assert_eq!(told["tables"]["jobs"]["rows_restored"], 3);
    assert!(told["finished_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(world.rows("jobs").await.len(), 3);
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
        (r#"{"backup": "latest", "tables": ["employees"]}"#, 404, "not-found"),
        (r#"{"backup": "20261121-020000-00000009"}"#, 404, "not-found"),
        (r#"{"backup": "../jobs"}"#, 404, "not-found"),
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
    let body = json!({ "backup": BACKUP, "tables": ["jobs"] }).to_string();
    let (status, answer) = send(&world, Method::POST, "/restores?mode=verify", "op", &body).await;
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
    let packed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJJL\xce.-P\xb2R\xcaI,I-.Q\xd2Q*IL\xcaI-V\xb2\x8aV\xca\xcaO*V\x8a\xad\x05\x00q\x1e\xcf\xa8%\x00\x00\x00";
    let send = async |encoding: &str, body: &'static [u8]| {
        let service = Service { restorer: Arc::new(world.restorer()), operator: Operator::new("op") };
        let mut context = ApiGatewayProxyRequestContext::default();
        context.identity.api_key_id = Some("op".to_owned());
        let request = Request::post("/restores")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_ENCODING, encoding)
            .extension(RequestContext::ApiGatewayV1(context));
        let request = request.body(Body::from(body)).unwrap();
        let routes = with_service_layers_in(router(service), REQUEST_TIME);
        routes.oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!((send("br", packed).await, send("gzip", &packed[..20]).await), (415, 400));
    assert_eq!(world.db.value("SELECT COUNT(*) FROM rowgate_restores").await.unwrap(), "0");
    assert_eq!(send("gzip", packed).await, 202);
}

/// The handler says so itself, before it would be given up: a restore that is announced is also handed on.
#[tokio::test]
async fn a_request_has_no_more_time_than_the_layers_around_it_give() {
    let world = with_backup().await;
    let body = json!({ "backup": "latest", "tables": ["jobs"] }).to_string();
    let path = format!("/restores/{BACKUP}");
    for (method, path, body) in [(Method::POST, "/restores", &*body), (Method::GET, &path, "")] {
        let (status, answer) = send_in(Duration::ZERO, &world, method, path, "op", body).await;
        assert_eq!((status, &answer["type"]), (503, &json!("urn:rowgate:problem:unavailable")));
        assert!(answer["detail"].as_str().unwrap().contains("nothing was changed"), "{answer}");
    }
    assert_eq!(world.db.value("SELECT COUNT(*) FROM rowgate_restores").await.unwrap(), "0");
}

#[tokio::test]
async fn a_backup_with_a_broken_manifest_is_a_restore_that_failed() {
    let world = with_backup().await;
    world.bucket.insert(&format!("backups/{BACKUP}/manifest.json"), "{}");
    let (status, answer) = post(&world, &json!({ "backup": BACKUP, "tables": ["jobs"] }).to_string()).await;
    assert_eq!(status, 202);
    let path = format!("/restores/{}", answer["restore"].as_str().unwrap());
    let (_, told) = send(&world, Method::GET, &path, "writer", "").await;
    assert_eq!(told["status"], "failed");
    assert!(told["error"].as_str().unwrap().contains("the manifest cannot be read"), "{told}");
}
