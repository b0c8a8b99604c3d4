//! The `rowgate-canary` function: wires configuration, key, API and bucket.

// The future of a run nests deeper, with its SDK calls, than the compiler allows by default.
#![recursion_limit = "256"]

use std::time::Duration;

use canary::{Answer, Canary, Drops, Failed, Limits, OperatorKey};
use deadline::Deadline;
use lambda_kit::{aws, env, tables};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

/// The time that is reserved for the answer.
const MARGIN: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda_kit::init_tracing();
    let config = aws::sdk_config()?;
    let key = OperatorKey::new(&config, env::required("ROWGATE_KEY_ID")?);
    let key = key.ok_or("the SDK's configuration has no region or no credentials")?;
    // A local endpoint has no host name for each bucket; AWS accepts both forms.
    let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    let drops = Drops { s3: aws_sdk_s3::Client::from_conf(s3), bucket: env::required("ROWGATE_BUCKET")? };
    let url = env::required("ROWGATE_URL")?;
    let canary = Canary::new(&url, key, drops, &tables::read()?.reports, Limits::default());
    let canary = &canary;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let deadline = Deadline::at(event.context.deadline()).reserve(MARGIN, 1);
        let ended: Result<Answer, Failed> = canary.run(deadline).await.into_result();
        ended
    }))
    .await
}
