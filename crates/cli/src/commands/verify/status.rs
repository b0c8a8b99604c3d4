//! The checks of the service itself: that it is there, and who may do what.

use anyhow::Result;
use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::cloud::{Cloud, call, ensure_sentence, get, row_path};
use super::report::{Outcome, passed};
use crate::api::Api;

/// A backup that there is not: a key without the right to restore is refused before anybody looks.
const NO_BACKUP: &str = "20000101-000000-00000000";

/// Asks whether the database answers and its schema is current.
pub(super) async fn status(cloud: &Cloud) -> Result<Outcome> {
    #[derive(Deserialize)]
    struct Status {
        version: String,
        schema: Schema,
        database: Database,
    }
    #[derive(Deserialize)]
    struct Schema {
        version: String,
    }
    #[derive(Deserialize)]
    struct Database {
        latency_ms: u64,
    }
    let Status { version, schema, database } = get(&cloud.api, "/status").await?;
    passed(format!(
        "version {version}, schema {}, the database answers in {} ms",
        schema.version, database.latency_ms
    ))
}

/// Calls without a right: with a key that there is not, and with the writer's what needs the
/// operator's.
pub(super) async fn keys(cloud: &Cloud) -> Result<Outcome> {
    let stranger = Api::new(cloud.api.url(), "no-key-of-this-deployment");
    call(&stranger, Method::GET, "/status", &[], None, &[403]).await?;
    call(&cloud.writer, Method::GET, "/status", &[], None, &[200]).await?;
    let row = row_path(cloud.base);
    let restore = json!({ "backup": NO_BACKUP, "mode": "verify" });
    for (method, path, body) in [(Method::DELETE, &*row, None), (Method::POST, "/restores", Some(&restore))] {
        let answer = call(&cloud.writer, method.clone(), path, &[], body, &[403, 404]).await?;
        ensure_sentence(answer.status() == 403, || {
            format!(
                "The key in ROWGATE_API_KEY may {method} {path}: it is an operator's, and must be a writer's"
            )
        })?;
    }
    call(&cloud.api, Method::DELETE, &row, &[], None, &[404]).await?;
    passed("403 for a key that there is not, and for the writer's where the operator's is needed")
}
