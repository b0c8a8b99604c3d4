//! The `rowgate-uploads` function: wires configuration, database, S3 and routes.

use aurora::{Database, Target};
use bucket::S3Bucket;
use lambda_kit::caller::Keys;
use lambda_kit::{aws, env, http, tables};
use uploads::{Service, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_kit::init_tracing();
    let target = Target::read(env::required)?;
    let bucket = env::required("ROWGATE_BUCKET")?;
    let config = aws::sdk_config()?;
    let service = Service {
        database: Database::new(aws_sdk_rdsdata::Client::new(&config), target),
        store: S3Bucket::for_links(
            &aws_sdk_s3::config::Config::new(&config),
            bucket,
            config.endpoint_url().is_some(),
        ),
        dictionary: &tables::read()?.dictionary,
    };
    http::serve(http::with_service_layers(router(service), Keys::from_env()?)).await
}
