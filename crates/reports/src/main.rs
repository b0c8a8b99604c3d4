//! The `rowgate-reports` function: wires configuration, database and routes.

use aurora::{Database, Target};
use lambda_kit::caller::Keys;
use lambda_kit::{aws, env, http, tables};
use reports::{Links, Service, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_kit::init_tracing();
    let target = Target::read(env::required)?;
    let bucket = env::required("ROWGATE_BUCKET")?;
    let config = aws::sdk_config()?;
    let region = config.region().ok_or("AWS_REGION is not set")?;
    let credentials = config.credentials_provider().ok_or("there are no AWS credentials")?;
    let links = Links::new(&bucket, region.as_ref(), config.endpoint_url(), credentials);
    let folder = tables::read()?;
    let service = Service {
        database: Database::new(aws_sdk_rdsdata::Client::new(&config), target),
        dictionary: &folder.dictionary,
        reports: &folder.reports,
        migrations: &folder.migrations,
        links,
        url: env::required("ROWGATE_URL")?,
        people_url: env::required("ROWGATE_PEOPLE_URL")?,
    };
    http::serve(http::with_service_layers(router(service), Keys::from_env()?)).await
}
