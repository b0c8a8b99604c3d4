//! The routes, and who calls them.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use bucket::FaultyBucket;
use serde_json::{Value, json};
use testkit::TestDatabase;
use testkit::gateway::{self, By};
use uploads::{Service, router};

pub(crate) const WRITER: By = By::Key("writer");

pub(crate) struct Api {
    pub(crate) db: TestDatabase,
    pub(crate) store: FaultyBucket,
    routes: Router,
}

impl Api {
    pub(crate) async fn start() -> Self {
        let db = TestDatabase::migrated().await.unwrap();
        let store = FaultyBucket::default();
        let dictionary = testkit::dictionary();
        let service = Service { database: db.database(), store: store.clone(), dictionary };
        Self { db, store, routes: lambda_kit::http::with_service_layers(router(service), gateway::keys()) }
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(WRITER, "POST", path, body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(WRITER, "GET", path, String::new()).await
    }

    pub(crate) async fn send(&self, by: By, method: &str, path: &str, body: impl Into<Body>) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .extension(by.context());
        let reply = gateway::send(&self.routes, request.body(body.into()).unwrap()).await;
        (reply.status, reply.body)
    }
}

/// The detail of a problem of this kind.
pub(crate) fn detail(answer: &(u16, Value), status: u16, kind: &str) -> String {
    let (found, body) = answer;
    assert_eq!((*found, &body["type"]), (status, &json!(format!("urn:rowgate:problem:{kind}"))), "{body}");
    body["detail"].as_str().unwrap().to_owned()
}
