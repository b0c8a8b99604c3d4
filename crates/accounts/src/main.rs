//! The `rowgate-accounts` function: wires configuration, user pool, database, routes and commands.

// The future of a change nests deeper, with its retries and SDK calls, than the compiler allows by
// default.
#![recursion_limit = "256"]

use accounts::{Accounts, Cognito, Options, Service, invoke, router};
use aurora::{Database, Deadline, Target};
use lambda_kit::http::with_open_service_layers;
use lambda_kit::{aws, env, events, tables};
use lambda_runtime::{Context, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_kit::init_tracing();
    let target = Target::read(env::required)?;
    let pool_id = env::required("ROWGATE_USER_POOL_ID")?;
    let client_id = env::required("ROWGATE_USER_POOL_CLIENT_ID")?;
    let options = Options::read(env::optional)?;
    let config = aws::sdk_config()?;
    let accounts = Accounts::new(
        Cognito::new(&config, pool_id, client_id),
        Database::new(aws_sdk_rdsdata::Client::new(&config), target),
        &tables::read()?.dictionary,
    );
    let routes = with_open_service_layers(router(Service { accounts: accounts.clone(), options }));
    events::serve_with_commands(routes, move |payload, context: Context| {
        let deadline = Deadline::to_answer_by(context.deadline());
        let accounts = accounts.with_database(accounts.database.with_deadline(deadline));
        async move { invoke(&accounts, payload).await }
    })
    .await
}
