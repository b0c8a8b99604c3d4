//! The routes, and who calls them.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use bucket::FaultyBucket;
use http_body_util::BodyExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
use lambda_http::request::RequestContext;
use serde_json::{Value, json};
use testkit::TestDatabase;
use tower::ServiceExt;
use uploads::{Service, router};

/// The caller.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    /// A script with a key.
    Key,
    /// A person of these groups.
    Person(&'static str),
}

pub(crate) struct Api {
    pub(crate) db: TestDatabase,
    pub(crate) store: FaultyBucket,
    routes: Router,
}

impl Api {
    pub(crate) async fn start() -> Self {
        let db = TestDatabase::migrated().await.unwrap();
        let store = FaultyBucket::default();
        let dictionary = domain::shipped::dictionary().unwrap();
        let service = Service { database: db.database(), store: store.clone(), dictionary };
        Self { db, store, routes: lambda_kit::http::with_service_layers(router(service)) }
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(By::Key, "POST", path, body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(By::Key, "GET", path, String::new()).await
    }

    pub(crate) async fn send(&self, by: By, method: &str, path: &str, body: impl Into<Body>) -> (u16, Value) {
        let mut context = ApiGatewayProxyRequestContext::default();
        match by {
            By::Key => context.identity.api_key_id = Some("writer".to_owned()),
            By::Person(groups) => {
                let claims =
                    json!({"token_use": "access", "username": "ann@x.example", "cognito:groups": groups});
                context.authorizer.fields.insert("claims".to_owned(), claims);
            }
        }
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .extension(RequestContext::ApiGatewayV1(context));
        let answer = self.routes.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}

/// The detail of a problem of this kind.
pub(crate) fn detail(answer: &(u16, Value), status: u16, kind: &str) -> String {
    let (found, body) = answer;
    assert_eq!((*found, &body["type"]), (status, &json!(format!("urn:rowgate:problem:{kind}"))), "{body}");
    body["detail"].as_str().unwrap().to_owned()
}
