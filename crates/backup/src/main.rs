//! The `rowgate-backup` function: wires configuration, database, bucket, event bus, and what the
//! function is invoked with.

// The future of a whole backup, retries and SDK calls within, nests deeper than the compiler's
// default allows.
#![recursion_limit = "256"]

use aurora::{Database, Deadline, Target};
use backup::{Backups, LambdaContinuation, Options, Times, invoke, router};
use bucket::S3Bucket;
use event_bus::EventBus;
use lambda_kit::caller::Keys;
use lambda_kit::http::with_service_layers;
use lambda_kit::{aws, env, events, tables};
use lambda_runtime::{Context, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::init_tracing();
    let target = Target::read(env::required)?;
    let bucket = env::required("ROWGATE_BUCKET")?;
    let config = aws::sdk_config()?;
    let folder = tables::read()?;
    let backups = Backups {
        database: Database::new(aws_sdk_rdsdata::Client::new(&config), target),
        store: S3Bucket::new(&aws_sdk_s3::config::Config::new(&config), bucket),
        continuation: LambdaContinuation::from_env(&config)?,
        events: EventBus::read(&config, env::optional),
        dictionary: &folder.dictionary,
        dictionary_version: &folder.version,
        options: Options::read(env::optional)?,
    };
    let routes = with_service_layers(router(backups.clone()), Keys::from_env()?);
    events::serve_with_commands(routes, move |payload, context: Context| {
        let backups = backups.clone();
        async move { invoke(&backups, payload, Times::before(Deadline::at(context.deadline()))).await }
    })
    .await
}
