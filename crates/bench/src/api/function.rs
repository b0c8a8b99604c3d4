//! The functions' own programs, with API Gateway's events from a Runtime API of the bench.

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
use crate::stage::{CLUSTER_ARN, DATABASE, SECRET_ARN, Stage};

/// As long as API Gateway waits.
const LIMIT: Duration = Duration::from_secs(29);

/// One process of each function, for one client.
#[derive(Debug)]
pub(super) struct Functions {
    insert: Function,
    reports: Function,
}

impl Functions {
    /// Starts both; what they log goes to files in the folder.
    pub(super) async fn start(settings: &Settings, stage: &Stage, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let data_api_url = stage.data_api_url();
        let environment = environment(&data_api_url);
        let start = async |name: &str| {
            let log = File::create(folder.join(name))?;
            Function::start(&settings.binaries.join(name), &environment, log).await
        };
        Ok(Self { insert: start("insert-api").await?, reports: start("reports").await? })
    }

    /// The time from handing over the event to the function's answer, which must have the status that is expected.
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

fn environment(data_api_url: &str) -> [(&'static str, &str); 12] {
    [
        ("AWS_ENDPOINT_URL_RDS_DATA", data_api_url),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "bench"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"),
        ("ROWGATE_CLUSTER_ARN", CLUSTER_ARN),
        ("ROWGATE_SECRET_ARN", SECRET_ARN),
        ("ROWGATE_DATABASE", DATABASE),
        ("ROWGATE_BUCKET", "bench"),
        ("ROWGATE_URL", "http://127.0.0.1"),
        ("ROWGATE_PEOPLE_URL", "http://127.0.0.1"),
        ("ROWGATE_OPERATOR_KEY_ID", "operator"),
    ]
}

/// The request as API Gateway hands it over: bodies as base64, since all types count as binary.
fn event(request: &Request) -> Value {
    let Request { method, path, query, body, .. } = request;
    let headers = |many: bool| {
        [("accept", "*/*"), ("content-type", "application/json"), ("x-api-key", "bench")]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), if many { json!([value]) } else { json!(value) }))
            .collect::<Map<_, _>>()
    };
    let parameters = |many: bool| {
        query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), if many { json!([value]) } else { json!(value) }))
            .collect::<Map<_, _>>()
    };
    json!({
        "resource": path, "path": path, "httpMethod": method,
        "headers": headers(false), "multiValueHeaders": headers(true),
        "queryStringParameters": parameters(false), "multiValueQueryStringParameters": parameters(true),
        "pathParameters": null, "stageVariables": null,
        "requestContext": {
            "accountId": "000000000000", "apiId": "bench", "httpMethod": method, "path": format!("/v1{path}"),
            "requestId": "bench", "resourceId": "bench", "resourcePath": path, "stage": "v1",
            "identity": {"apiKey": "bench", "apiKeyId": "writer", "sourceIp": "127.0.0.1", "userAgent": "bench"},
        },
        "body": body.as_ref().map(|body| BASE64_STANDARD.encode(body)), "isBase64Encoded": body.is_some(),
    })
}
