//! The `rowgate-restore` function: wires configuration, database, S3, the event bus and what the
//! function is invoked with.

// The future of a whole restore, retries and SDK calls within, nests deeper than the compiler's
// default allows.
#![recursion_limit = "256"]

use aurora::{Database, Deadline, Target};
use bucket::S3Bucket;
use event_bus::EventBus;
use lambda_kit::caller::Keys;
use lambda_kit::http::with_service_layers;
use lambda_kit::{aws, env, events, tables};
use lambda_runtime::{Context, Error};
use restore::{LambdaContinuation, Options, Restorer, invoke, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::init_tracing();
    let target = Target::read(env::required)?;
    let bucket = env::required("ROWGATE_BUCKET")?;
    let config = aws::sdk_config()?;
    let restorer = Restorer {
        database: Database::new(aws_sdk_rdsdata::Client::new(&config), target),
        store: S3Bucket::new(&aws_sdk_s3::config::Config::new(&config), bucket),
        continuation: LambdaContinuation::from_env(&config)?,
        events: EventBus::read(&config, env::optional),
        options: Options::read(env::optional)?,
        dictionary: &tables::read()?.dictionary,
    };
    let routes = with_service_layers(router(restorer.clone()), Keys::from_env()?);
    events::serve_with_commands(routes, move |payload, context: Context| {
        let restorer = restorer.clone();
        let deadline = Deadline::to_answer_by(context.deadline());
        async move { invoke(&restorer, payload, deadline).await }
    })
    .await
}
