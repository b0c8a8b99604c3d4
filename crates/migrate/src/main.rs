//! The `rowgate-migrate` function: wires configuration and database.

use std::time::Duration;

use aurora::{Database, Deadline, Target};
use lambda_kit::{aws, env, tables};
use lambda_runtime::{LambdaEvent, service_fn};
use migrate::{Failure, Response, run};
use serde_json::Value;

/// The time reserved for the answer, and for releasing the lease.
const MARGIN: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda_kit::init_tracing();
    let target = Target::read(env::required)?;
    let database = Database::new(aws_sdk_rdsdata::Client::new(&aws::sdk_config()?), target);
    let database = &database;
    let migrations = &tables::read()?.migrations;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let database = database.with_deadline(Deadline::at(event.context.deadline()).reserve(MARGIN, 1));
        let response: Result<Response, Failure> = run(&database, migrations, &event.context.request_id).await;
        response
    }))
    .await
}
