//! The `rowgate-canary` function: wires configuration, key, API and bucket.

use std::time::{Duration, SystemTime};

use canary::{Answer, Canary, Drops, Failed, Limits, OperatorKey};
use lambda_kit::{aws, env};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use tokio::time::Instant;

/// What is left of the invocation for the answer.
const MARGIN: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda_kit::init_tracing();
    let config = aws::sdk_config()?;
    let key = OperatorKey::new(&config, env::required("ROWGATE_OPERATOR_KEY_ID")?);
    let key = key.ok_or("the SDK's configuration has no region or no credentials")?;
    // A local address has no name for each bucket; AWS takes both forms.
    let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    let drops = Drops { s3: aws_sdk_s3::Client::from_conf(s3), bucket: env::required("ROWGATE_BUCKET")? };
    let url = env::required("ROWGATE_URL")?;
    let canary = Canary::new(&url, key, drops, domain::report::shipped()?, Limits::default());
    let canary = &canary;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let left = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        let until = Instant::now() + left.saturating_sub(MARGIN);
        let ended: Result<Answer, Failed> = canary.run(until).await.into_result();
        ended
    }))
    .await
}
