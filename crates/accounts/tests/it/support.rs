//! A function with a user pool in memory and a database of its own.

use accounts::{Accounts, Options, Service, router};
use anyhow::Result;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use lambda_kit::http::with_open_service_layers;
use serde_json::{Value, json};
use testkit::TestDatabase;
use testkit::gateway::{self, Reply, by_key, by_person};

use crate::memory::Memory;

pub(crate) const PASSWORD: &str = "Sesame-open-7";

pub(crate) struct Function {
    pub(crate) pool: Memory,
    pub(crate) database: TestDatabase,
    pub(crate) accounts: Accounts<Memory>,
    pub(crate) routes: Router,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Function {
    pub(crate) async fn start() -> Result<Self> {
        Self::start_with(|_| {}).await
    }

    /// With other settings.
    pub(crate) async fn start_with(set: impl FnOnce(&mut Options)) -> Result<Self> {
        let (pool, database) = (Memory::new(), TestDatabase::migrated().await?);
        let dictionary = testkit::dictionary();
        let accounts = Accounts::new(pool.clone(), database.database(), dictionary);
        let mut options = Options::read(|_| None)?;
        options.register_time = std::time::Duration::ZERO;
        set(&mut options);
        let routes = with_open_service_layers(router(Service { accounts: accounts.clone(), options }));
        Ok(Self { pool, database, accounts, routes })
    }

    /// A request by a person in these groups; of nobody where there are none to name.
    pub(crate) async fn ask(
        &self,
        person: Option<(&str, &str)>,
        method: &str,
        path: &str,
        body: Value,
    ) -> Answer {
        let caller = person.map_or_else(|| by_key(None), |(username, groups)| by_person(username, groups));
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .extension(caller);
        if method == "GET" {
            request = request.header("accept", "application/json");
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let Reply { status, headers, body, .. } = gateway::send(&self.routes, request).await;
        let kind = body["type"].as_str().unwrap_or_default();
        let kind = kind.strip_prefix("urn:rowgate:problem:").unwrap_or_default().to_owned();
        let headers = headers.iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        Answer { status, kind, headers, body }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(None, "POST", path, body).await
    }

    /// The audit trail: who, what, and with which details, oldest first.
    pub(crate) async fn trail(&self) -> Result<Vec<String>> {
        let rows =
            self.database.sql("SELECT username, action, detail_json FROM rowgate_audit ORDER BY id").await?;
        Ok(rows.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(" ")).collect())
    }
}

pub(crate) fn credentials(username: &str, password: &str) -> Value {
    json!({ "username": username, "password": password })
}
