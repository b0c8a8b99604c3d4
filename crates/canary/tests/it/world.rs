//! API Gateway, Rowgate's API and S3 as far as the canary needs them, on one loopback port.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use aws_types::region::Region;
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use canary::{Answer, Canary, Drops, Limits, OperatorKey};
use deadline::Deadline;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const KEY: &str = "the-operator's";

/// The loads it has, and the fate of calls.
#[derive(Debug, Default)]
pub(crate) struct Stub {
    /// Answers that come before the right ones, by the call's name; the next one is last.
    wrong: BTreeMap<&'static str, Vec<Wrong>>,
    /// The answers of `GET /loads` about the file's load, in turn; the last one is repeated.
    pub(crate) loads: Vec<Value>,
    /// Ids in the table.
    pub(crate) rows: BTreeSet<i64>,
    /// Names of the calls that came.
    pub(crate) calls: Vec<&'static str>,
    /// The bodies and idempotency keys of inserts.
    pub(crate) inserts: Vec<(Value, String)>,
    /// Keys and contents of the objects that were written.
    pub(crate) objects: Vec<(String, String)>,
}

/// A status, `retry-after` where it has one, and what the answer says.
#[derive(Debug, Clone)]
pub(crate) struct Wrong(pub(crate) u16, pub(crate) Option<&'static str>, pub(crate) &'static str);

pub(crate) struct World {
    stub: Arc<Mutex<Stub>>,
    url: String,
}

impl World {
    pub(crate) async fn start() -> Self {
        let stub = Stub { loads: vec![json!({"status": "completed", "rows_loaded": 1})], ..Stub::default() };
        let stub = Arc::new(Mutex::new(stub));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&stub));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { stub, url }
    }

    pub(crate) fn stub(&self) -> MutexGuard<'_, Stub> {
        self.stub.lock().unwrap()
    }

    /// Lets the next calls of this name have these answers.
    pub(crate) fn goes_wrong(&self, name: &'static str, mut answers: Vec<Wrong>) {
        answers.reverse();
        self.stub().wrong.insert(name, answers);
    }

    /// Runs the canary with limits that nothing reaches.
    pub(crate) async fn run(&self) -> Answer {
        let minute = Duration::from_secs(60);
        self.run_within(Limits { call: minute, file: minute }, 3 * minute).await
    }

    pub(crate) async fn run_within(&self, limits: Limits, time: Duration) -> Answer {
        let config = SdkConfig::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "id", "secret", None, None, "test",
            )))
            .endpoint_url(&self.url)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        let drops = Drops { s3: aws_sdk_s3::Client::from_conf(s3), bucket: "data".to_owned() };
        let key = OperatorKey::new(&config, "k1").unwrap();
        let reports = &testkit::folder().reports;
        let canary = Canary::new(&format!("{}/v1/", self.url), key, drops, reports, limits);
        canary.run(Deadline::after(time)).await
    }
}

async fn answer(State(stub): State<Arc<Mutex<Stub>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let path = parts.uri.path();
    let name = match (parts.method.as_str(), path) {
        ("GET", "/apikeys/k1") => "key",
        ("GET", "/v1/status") => "status",
        ("GET", "/v1/loads") => "loads",
        ("POST", "/v1/tables/rowgate_canary/rows") => "insert",
        ("GET", "/v1/tables/rowgate_canary/rows") => "list",
        ("GET", _) if path.starts_with("/v1/reports/") => "report",
        ("DELETE", _) if path.starts_with("/v1/tables/rowgate_canary/rows/") => "delete",
        ("PUT", _) if path.starts_with("/data/incoming/rowgate_canary/") => "put",
        other => panic!("the canary called {other:?}"),
    };
    let mut stub = stub.lock().unwrap();
    stub.calls.push(name);
    if let Some(Wrong(status, retry_after, words)) = stub.wrong.get_mut(name).and_then(Vec::pop) {
        let mut response = said(status, &json!({ "detail": words }));
        if let Some(seconds) = retry_after {
            response.headers_mut().insert("retry-after", seconds.parse().unwrap());
        }
        return response;
    }
    if !is_allowed(name, &parts.headers) {
        return said(403, &json!({"message": "Forbidden"}));
    }
    stub.right(name, path, &parts.headers, &body)
}

fn is_allowed(name: &str, headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
    match name {
        "key" => header("authorization").contains("/us-east-1/apigateway/aws4_request"),
        "put" => header("authorization").contains("/us-east-1/s3/aws4_request"),
        _ => header("x-api-key") == KEY,
    }
}

impl Stub {
    fn right(&mut self, name: &str, path: &str, headers: &HeaderMap, body: &Bytes) -> Response {
        let last = path.rsplit('/').next().unwrap();
        match name {
            "key" => said(200, &json!({"id": "k1", "value": KEY})),
            "status" => said(200, &json!({"status": "ok"})),
            "report" => said(200, &json!({"report": last, "rows": []})),
            "insert" => {
                let row: Value = serde_json::from_slice(body).unwrap();
                self.rows.insert(row["id"].as_i64().unwrap());
                self.inserts.push((row, headers["idempotency-key"].to_str().unwrap().to_owned()));
                said(201, &json!({"inserted": 1, "rejected": 0}))
            }
            "list" => {
                let rows: Vec<Value> = self.rows.iter().map(|id| json!({ "id": id })).collect();
                said(200, &json!({"rows": rows, "next": null}))
            }
            "delete" => match self.rows.remove(&last.parse().unwrap()) {
                true => StatusCode::NO_CONTENT.into_response(),
                false => said(404, &json!({"detail": "There is no such row."})),
            },
            "put" => {
                let content = String::from_utf8(body.to_vec()).unwrap();
                self.objects.push((path.strip_prefix("/data/").unwrap().to_owned(), content));
                StatusCode::OK.into_response()
            }
            "loads" => self.load(),
            _ => panic!("{name}"),
        }
    }

    /// The load of the file; once it is completed, the file's row is there.
    fn load(&mut self) -> Response {
        let (key, content) = self.objects.last().unwrap().clone();
        let mut load = match self.loads.len() {
            0 => return said(200, &json!({"loads": [], "next": null})),
            1 => self.loads[0].clone(),
            _ => self.loads.remove(0),
        };
        if load["status"] == "completed" {
            self.rows.insert(content.split(',').next().unwrap().parse().unwrap());
        }
        load["key"] = key.into();
        let other = json!({"key": "incoming/rowgate_canary/1.csv", "status": "failed", "rows_loaded": 0});
        said(200, &json!({"loads": [other, load], "next": null}))
    }
}

fn said(status: u16, body: &Value) -> Response {
    (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
}
