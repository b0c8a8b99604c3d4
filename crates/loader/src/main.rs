//! The `rowgate-loader` function: wires configuration, database, S3, the queue, the event bus and
//! what the function is invoked with.

// The future of a whole load, retries and SDK calls within, nests deeper than the compiler's
// default allows.
#![recursion_limit = "256"]

use aurora::{Database, Deadline, Target};
use bucket::S3Bucket;
use event_bus::EventBus;
use lambda_kit::{aws, env, tables};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use loader::{Loader, Options, Payload, SqsQueue, invoke};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::init_tracing();
    let target = Target::read(env::required)?;
    let queue_url = env::required("ROWGATE_QUEUE_URL")?;
    let config = aws::sdk_config()?;
    let loader = &Loader {
        database: Database::new(aws_sdk_rdsdata::Client::new(&config), target),
        store: S3Bucket::new(&aws_sdk_s3::config::Config::new(&config), env::required("ROWGATE_BUCKET")?),
        queue: SqsQueue::new(aws_sdk_sqs::Client::new(&config), queue_url),
        events: EventBus::read(&config, env::optional),
        options: Options::read(env::optional)?,
        dictionary: &tables::read()?.dictionary,
    };
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let deadline = Deadline::to_answer_by(event.context.deadline());
        invoke(loader, Payload::read(event.payload)?, deadline).await
    }))
    .await
}
