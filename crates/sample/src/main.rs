//! The `rowgate-sample` function: wires configuration and bucket.

use bucket::S3Bucket;
use lambda_kit::{aws, env, tables};
use lambda_runtime::{LambdaEvent, service_fn};
use sample::{Failure, Response, run};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda_kit::init_tracing();
    let bucket = env::required("ROWGATE_BUCKET")?;
    let store = S3Bucket::new(&aws_sdk_s3::config::Config::new(&aws::sdk_config()?), bucket);
    let store = &store;
    let folder = tables::read()?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let response: Result<Response, Failure> = run(store, folder, event.payload).await;
        response
    }))
    .await
}
