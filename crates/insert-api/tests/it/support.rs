//! The routes over a database of their own.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use http_body_util::BodyExt;
use insert_api::{Service, router};
use serde_json::{Value, json};
use testkit::TestDatabase;
use tower::ServiceExt;

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

pub(crate) struct Api {
    pub(crate) db: TestDatabase,
    pub(crate) routes: Router,
}

impl Api {
    /// The API over migrated tables, with departments 1 and 2 and job 1.
    pub(crate) async fn start() -> Self {
        let db = TestDatabase::migrated().await.unwrap();
        let service = Service { database: db.database(), dictionary: domain::shipped::dictionary().unwrap() };
        let api = Self { routes: lambda_kit::http::with_service_layers(router(service)), db };
        let seed = json!({
            "departments": [{"id": 1, "department": "Sales"}, {"id": 2, "department": "Legal"}],
            "jobs": [{"id": 1, "job": "Clerk"}],
        });
        assert_eq!(api.post("/insert_data", &seed).await.status, 201);
        api
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(path, "application/json", body.to_string()).await
    }

    pub(crate) async fn send(&self, path: &str, content_type: &str, body: impl Into<Body>) -> Reply {
        let request =
            Request::post(path).header(header::CONTENT_TYPE, content_type).body(body.into()).unwrap();
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap(),
        }
    }

    pub(crate) async fn count(&self, table: &str) -> usize {
        self.db.value(&format!("SELECT COUNT(*) FROM {table}")).await.unwrap().parse().unwrap()
    }
}

pub(crate) fn employee(id: i64) -> Value {
    json!({"id": id, "name": "Ada", "datetime": "2021-07-27T16:02:08Z", "department_id": 1, "job_id": 1})
}

/// `employee` with one field changed.
pub(crate) fn with(mut row: Value, field: &str, value: impl Into<Value>) -> Value {
    row[field] = value.into();
    row
}

/// `index: codes` of every rejected row of a table.
pub(crate) fn codes(reply: &Reply, table: &str) -> Vec<String> {
    let rejected = reply.body["tables"][table]["rejected"].as_array().unwrap();
    rejected
        .iter()
        .map(|row| {
            let codes: Vec<&str> = row["errors"]
                .as_array()
                .unwrap()
                .iter()
                .map(|error| error["code"].as_str().unwrap())
                .collect();
            format!("{}: {}", row["index"], codes.join(" "))
        })
        .collect()
}
