//! The `rowgate-migrate` function: wires configuration, database and the secrets of its users.

use std::time::Duration;

use aurora::{Database, Deadline, Target};
use domain::load::LoadPath;
use lambda_kit::env::Settings;
use lambda_kit::{aws, env, tables};
use lambda_runtime::{LambdaEvent, service_fn};
use migrate::{Failure, Response, Secrets, run};
use serde_json::Value;

/// The time reserved for the answer, and for releasing the lease.
const MARGIN: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda_kit::init_tracing();
    let target = Target::read(env::required)?;
    let config = aws::sdk_config()?;
    let database = &Database::new(aws_sdk_rdsdata::Client::new(&config), target);
    let secrets = &Secrets::from_variables(aws_sdk_secretsmanager::Client::new(&config), env::optional);
    let path =
        Settings(env::optional).get("ROWGATE_LOADER_PATH", LoadPath::parse, "neither statements nor s3")?;
    let path = path.unwrap_or_default();
    let migrations = &tables::read()?.migrations;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let database = database.with_deadline(Deadline::at(event.context.deadline()).reserve(MARGIN, 1));
        let users = secrets.read().await?;
        let response: Result<Response, Failure> =
            run(&database, &users, path, migrations, &event.context.request_id).await;
        response
    }))
    .await
}
