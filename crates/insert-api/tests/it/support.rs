//! The routes over a database of their own.

use aurora::idempotency::ClaimSettings;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use insert_api::{Service, router};
use serde_json::{Value, json};
use testkit::TestDatabase;
use testkit::gateway::{self, by_key};

pub(crate) use testkit::gateway::Reply;

pub(crate) struct Api {
    pub(crate) db: TestDatabase,
    pub(crate) routes: Router,
}

impl Api {
    /// The API over migrated tables, with collections 1 and 2 and tag 1.
    pub(crate) async fn start() -> Self {
        Self::start_with(ClaimSettings::default()).await
    }

    /// The same with other settings for idempotency keys.
    pub(crate) async fn start_with(claims: ClaimSettings) -> Self {
        let dictionary = testkit::dictionary();
        let db = TestDatabase::migrated().await.unwrap();
        let service = Service { claims, ..Service::new(db.database(), dictionary) };
        let api =
            Self { routes: lambda_kit::http::with_service_layers(router(service), gateway::keys()), db };
        let seed = json!({
            "collections": [{"id": 1, "collection": "Sales"}, {"id": 2, "collection": "Legal"}],
            "tags": [{"id": 1, "tag": "Clerk"}],
        });
        assert_eq!(api.post("/insert_data", &seed).await.status, 201);
        api
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(path, "application/json", body.to_string()).await
    }

    /// POST with more headers.
    pub(crate) async fn ask(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        self.ask_as("writer", path, headers, body).await
    }

    /// The same with a body byte by byte.
    pub(crate) async fn ask_raw(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.ask_raw_as("writer", path, headers, body.to_owned()).await
    }

    /// POST as the caller whose API key has this id, which API Gateway says and no header.
    pub(crate) async fn ask_as(
        &self,
        caller: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Reply {
        self.ask_raw_as(caller, path, headers, body.to_string()).await
    }

    async fn ask_raw_as(&self, caller: &str, path: &str, headers: &[(&str, &str)], body: String) -> Reply {
        let mut request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .extension(by_key(Some(caller)));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.run(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn send(&self, path: &str, content_type: &str, body: impl Into<Body>) -> Reply {
        let request =
            Request::post(path).header(header::CONTENT_TYPE, content_type).body(body.into()).unwrap();
        self.run(request).await
    }

    pub(crate) async fn run(&self, request: Request<Body>) -> Reply {
        gateway::send(&self.routes, request).await
    }

    pub(crate) async fn count(&self, table: &str) -> usize {
        self.db.value(&format!("SELECT COUNT(*) FROM {table}")).await.unwrap().parse().unwrap()
    }
}

pub(crate) fn document(id: i64) -> Value {
    json!({"id": id, "name": "Ada", "datetime": "2021-07-27T16:02:08Z", "collection_id": 1, "tag_id": 1})
}

/// `document` with one field changed.
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
