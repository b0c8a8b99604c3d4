//! The routes over a database of their own.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, header};
use domain::dictionary::Dictionary;
use domain::report::Report;
use reports::{Links, Service, router};
use serde_json::Value;
use testkit::TestDatabase;
use testkit::aurora::Database;
use testkit::gateway::{self, By};

pub(crate) const FILES: &str = "/reports/files-by-quarter";
pub(crate) const ABOVE_MEAN: &str = "/reports/collections-above-mean";

/// The reports of the repository's own folder.
pub(crate) mod hr {
    pub(crate) const HIRES: &str = "/reports/hires-by-quarter";
    pub(crate) const ABOVE_MEAN: &str = "/reports/departments-above-mean";
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The rows of a report as compact JSON, a line each.
    pub(crate) fn rows(&self) -> Vec<String> {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()["rows"].as_array().unwrap().iter().map(Value::to_string).collect()
    }
}

pub(crate) struct Api {
    pub(crate) db: TestDatabase,
    routes: Router,
}

impl Api {
    /// The reports of the tests' own folder over migrated, empty tables.
    pub(crate) async fn start() -> Self {
        Self::with_reports(&testkit::folder().reports).await
    }

    /// The reports of the repository's own folder over migrated, empty tables.
    pub(crate) async fn of_hr() -> Self {
        let folder = testkit::hr::folder();
        let db = TestDatabase::migrated_with(folder).await.unwrap();
        let routes = routes_of(&folder.dictionary, db.reader(), &folder.reports);
        Self { db, routes }
    }

    pub(crate) async fn with_reports(reports: &'static [Report]) -> Self {
        let db = TestDatabase::migrated().await.unwrap();
        let routes = routes(db.reader(), reports);
        Self { db, routes }
    }

    /// Another dictionary over migrated tables of the tests, which must not be asked for rows.
    pub(crate) async fn with_dictionary(dictionary: &'static Dictionary) -> Self {
        let db = TestDatabase::migrated().await.unwrap();
        let routes = routes_of(dictionary, db.reader(), &[]);
        Self { db, routes }
    }

    /// Uses another handle of the database from now on.
    pub(crate) fn set_database(&mut self, database: Database) {
        self.routes = routes(database, &testkit::folder().reports);
    }

    pub(crate) async fn sql(&self, statements: &[&str]) {
        for statement in statements {
            self.db.sql(statement).await.unwrap();
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn csv(&self, path: &str) -> Reply {
        self.send(Method::GET, path, Some("text/csv")).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, accept: Option<&str>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(accept) = accept {
            request = request.header(header::ACCEPT, accept);
        }
        self.run(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn by(&self, by: By, path: &str) -> Reply {
        let request = Request::get(path).extension(by.context());
        self.run(request.body(Body::empty()).unwrap()).await
    }

    async fn run(&self, request: Request<Body>) -> Reply {
        let gateway::Reply { status, headers, bytes, .. } = gateway::send(&self.routes, request).await;
        let reply = Reply { status, headers, body: String::from_utf8(bytes.into()).unwrap() };
        assert!(reply.headers.contains_key("x-request-id"), "{reply:?}");
        reply
    }
}

fn routes(database: Database, reports: &'static [Report]) -> Router {
    routes_of(testkit::dictionary(), database, reports)
}

fn routes_of(dictionary: &'static Dictionary, database: Database, reports: &'static [Report]) -> Router {
    // As long as the session tokens of functions are.
    let token = Some("AbCdEfGhIjKlMnOpQrStUvWxYz/+".repeat(54));
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", token, None, "test");
    let links = Links::new("data", "eu-west-1", None, SharedCredentialsProvider::new(credentials));
    let migrations = &testkit::folder().migrations;
    let url = "https://api.example.com/v1".to_owned();
    let people_url = "https://people.example.com/v1".to_owned();
    let service = Service { database, dictionary, reports, migrations, links, url, people_url };
    lambda_kit::http::with_service_layers(router(service), gateway::keys())
}
