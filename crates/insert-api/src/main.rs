//! The `rowgate-insert` function: wires configuration, database and routes.

use aurora::{Database, Target};
use insert_api::{Service, router};
use lambda_kit::caller::Keys;
use lambda_kit::{aws, env, http, tables};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_kit::init_tracing();
    let target = Target::read(env::required)?;
    let client = aws_sdk_rdsdata::Client::new(&aws::sdk_config()?);
    let database = Database::new(client, target);
    let service = Service::new(database, &tables::read()?.dictionary);
    http::serve(http::with_service_layers(router(service), Keys::from_env()?)).await
}
