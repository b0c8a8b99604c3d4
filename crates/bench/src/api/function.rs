//! The functions' own programs, which get API Gateway's events from a Runtime API in this process.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};
use testkit::{Answer, Ended, Function};

use super::calls::Request;
use crate::settings::Settings;
use crate::stage::Stage;

/// The timeout of API Gateway.
const LIMIT: Duration = Duration::from_secs(29);

/// One process of each function, for one client.
#[derive(Debug)]
pub(super) struct Functions {
    insert: Function,
    reports: Function,
}

impl Functions {
    /// Starts both; their logs go to files in the folder.
    pub(super) async fn start(settings: &Settings, stage: &Stage, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let environment = stage.environment();
        let start = async |name: &str| {
            let log = File::create(folder.join(name))?;
            Function::start(&settings.binaries.join(name), &environment, log).await
        };
        Ok(Self { insert: start("insert-api").await?, reports: start("reports").await? })
    }

    /// Returns the time from handing over the event to the function's answer, which must have the
    /// expected status.
    pub(super) async fn answer(&self, request: &Request) -> Result<Duration> {
        let function = if request.path.starts_with("/reports") { &self.reports } else { &self.insert };
        let event = event(request).to_string();
        let started = Instant::now();
        let ended = function.invoke(event, LIMIT).await?;
        let time = started.elapsed();
        let Ended::Answered(Answer::Response(answer)) = ended else {
            bail!("{} {}: {ended:?}", request.method, request.path);
        };
        let answer: Value = serde_json::from_str(&answer).context("the function's answer is not JSON")?;
        ensure!(
            answer["statusCode"] == request.status,
            "{} {}: {}",
            request.method,
            request.path,
            answer["body"]
        );
        Ok(time)
    }
}

/// Returns the event of a request: bodies as base64, because all types count as binary.
fn event(request: &Request) -> Value {
    let Request { method, path, query, body, .. } = request;
    let headers = [("accept", "*/*"), ("content-type", "application/json"), ("x-api-key", "bench")];
    let headers = headers.map(|(name, value)| (name, value.to_owned()));
    json!({
        "resource": path, "path": path, "httpMethod": method,
        "headers": single(&headers), "multiValueHeaders": multiple(&headers),
        "queryStringParameters": single(query), "multiValueQueryStringParameters": multiple(query),
        "pathParameters": null, "stageVariables": null,
        "requestContext": {
            "accountId": "000000000000", "apiId": "bench", "httpMethod": method, "path": format!("/v1{path}"),
            "requestId": "bench", "resourceId": "bench", "resourcePath": path, "stage": "v1",
            "identity": {"apiKey": "bench", "apiKeyId": "writer", "sourceIp": "127.0.0.1", "userAgent": "bench"},
        },
        "body": body.as_ref().map(|body| BASE64_STANDARD.encode(body)), "isBase64Encoded": body.is_some(),
    })
}

fn single(pairs: &[(&str, String)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}

fn multiple(pairs: &[(&str, String)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect()
}
