//! The status of the service.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::aurora::{Database, Deadline, Target};
use testkit::local_data_api::{ErrorKind, Faults, Rule};

use crate::support::{Api, Reply};

fn newest() -> String {
    domain::migration::newest(&testkit::folder().migrations).unwrap().to_owned()
}

fn assert_unavailable(reply: &Reply) {
    let found = reply.json();
    assert_eq!((reply.status, reply.header("retry-after")), (503, "10"), "{}", reply.body);
    assert_eq!(found["type"], "urn:rowgate:problem:unavailable");
    // Members that could not be determined are left out.
    assert_eq!(found["schema"], json!({"expected": newest()}));
    assert!(found.get("database").is_none() && found["version"].is_string(), "{found}");
}

#[tokio::test]
async fn a_current_schema_is_ok() {
    let api = Api::start().await;
    let reply = api.get("/status").await;
    let mut found = reply.json();
    assert!(found["database"]["latency_ms"].take().is_u64(), "{found}");
    let expected = json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "schema": {"version": newest(), "expected": newest()},
        "database": {"latency_ms": null},
    });
    assert_eq!((reply.status, found), (200, expected));
    assert_eq!(api.get("/status/").await.status, 200);
}

#[tokio::test]
async fn a_newer_schema_is_ok() {
    let api = Api::start().await;
    api.sql(&[
        "INSERT INTO rowgate_migrations SELECT '29991231_add_more', checksum, 1, 1, started_at, finished_at \
               FROM rowgate_migrations LIMIT 1",
    ])
    .await;
    let reply = api.get("/status").await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.json()["schema"], json!({"version": "29991231_add_more", "expected": newest()}));
}

/// The missing migration may be the newest, one before it, or one that stopped half-way.
#[tokio::test]
async fn a_schema_that_lacks_a_migration_is_behind() {
    for change in [
        "DELETE FROM rowgate_migrations ORDER BY name DESC LIMIT 1",
        "DELETE FROM rowgate_migrations ORDER BY name LIMIT 1",
        "UPDATE rowgate_migrations SET finished_at = NULL ORDER BY name LIMIT 1",
        "DROP TABLE rowgate_migrations",
    ] {
        let api = Api::start().await;
        api.sql(&[change]).await;
        let newest_left = api
            .db
            .value("SELECT COALESCE(MAX(name), '') FROM rowgate_migrations WHERE finished_at IS NOT NULL");
        let version = newest_left.await.map_or(Value::Null, Value::String);
        let reply = api.get("/status").await;
        let found = reply.json();
        assert_eq!((reply.status, reply.header("retry-after")), (503, "10"), "{change}: {}", reply.body);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(found["type"], "urn:rowgate:problem:schema-behind");
        assert_eq!(found["schema"], json!({"version": version, "expected": newest()}), "{change}");
        assert!(found["database"]["latency_ms"].is_u64() && found["version"].is_string(), "{found}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_unavailable() {
    let mut api = Api::start().await;
    api.set_database(api.db.reader().with_deadline(Deadline::after(Duration::from_secs(1))));
    api.db.data_api().set(Faults::default().with(Rule::error(ErrorKind::DatabaseResumingException)));
    assert_unavailable(&api.get("/status").await);
}

/// Nothing that passes by itself, and yet the answer is that the service is not available.
#[tokio::test]
async fn a_database_that_refuses_is_unavailable_too() {
    let mut api = Api::start().await;
    for kind in [
        ErrorKind::ForbiddenException,
        ErrorKind::AccessDeniedException,
        ErrorKind::SecretsErrorException,
        ErrorKind::BadRequestException,
    ] {
        api.db.data_api().set(Faults::default().with(Rule::error(kind)));
        assert_unavailable(&api.get("/status").await);
    }
    api.db.data_api().clear();
    assert_eq!(api.get("/status").await.status, 200);
    // The database itself refuses, too.
    let target = Target { database: "no_such_database".to_owned(), ..api.db.reader_target() };
    api.set_database(Database::new(api.db.client(), target));
    assert_unavailable(&api.get("/status").await);
}

#[tokio::test]
async fn takes_no_parameters() {
    let api = Api::start().await;
    assert_eq!(api.get("/status?verbose=1").await.status, 400);
}
