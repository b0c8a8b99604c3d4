//! The `rowgate-loader` function: wires configuration, database, S3, the queue and what the function is invoked with.

// The future of a whole load, retries and SDK calls within, nests deeper than the compiler's default allows.
#![recursion_limit = "256"]

use std::time::{Duration, SystemTime};

use aurora::{Database, Deadline, Target};
use lambda_kit::{aws, env};
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use loader::{Loader, Options, Payload, S3Store, SqsQueue, invoke};

/// Time kept back from Lambda's deadline, so that the answer still goes out; of a short time, a fifth.
const TIME_TO_ANSWER: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::init_tracing();
    let target = Target {
        cluster_arn: env::required("ROWGATE_CLUSTER_ARN")?,
        secret_arn: env::required("ROWGATE_SECRET_ARN")?,
        database: env::required("ROWGATE_DATABASE")?,
    };
    let bucket = env::required("ROWGATE_BUCKET")?;
    let queue_url = env::required("ROWGATE_QUEUE_URL")?;
    let config = aws::sdk_config()?;
    let loader = &Loader {
        database: Database::new(aws_sdk_rdsdata::Client::new(&config), target),
        store: S3Store::new(&aws_sdk_s3::config::Config::new(&config)),
        queue: SqsQueue::new(aws_sdk_sqs::Client::new(&config), queue_url),
        options: Options::read(|name| std::env::var(name).ok())?,
        dictionary: domain::shipped::dictionary()?,
        bucket,
    };
    lambda_runtime::run(service_fn(|event: LambdaEvent<Payload>| async move {
        Ok::<_, Error>(invoke(loader, event.payload, deadline(&event.context)).await?)
    }))
    .await
}

/// Until when the invocation may work.
fn deadline(context: &Context) -> Deadline {
    let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
    Deadline::after(left.saturating_sub(TIME_TO_ANSWER.min(left / 5)))
}
