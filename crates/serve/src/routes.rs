//! The routers of all functions, merged.

use anyhow::{Context, Result};
use aurora::{Database, Target};
use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use axum::Router;
use backup::Backups;
use bucket::S3Bucket;
use domain::folder::TableFolder;
use event_bus::EventBus;
use lambda_kit::env;
use reports::Links;
use restore::Restorer;

use crate::error::user_error;
use crate::work::{BackupWork, Queue, RestoreWork};

/// The parts of the functions.
pub(crate) struct Parts<'c> {
    pub(crate) config: &'c SdkConfig,
    pub(crate) target: Target,
    pub(crate) bucket: String,
    pub(crate) url: String,
    pub(crate) people_url: String,
    pub(crate) folder: &'static TableFolder,
    pub(crate) backup_queue: Queue<BackupWork>,
    pub(crate) restore_queue: Queue<RestoreWork>,
}

/// The API, and the services that make backups and restores.
pub(crate) struct Api {
    pub(crate) routes: Router,
    pub(crate) backups: Backups<S3Bucket, Queue<BackupWork>>,
    pub(crate) restorer: Restorer<S3Bucket, Queue<RestoreWork>>,
}

/// Builds every route of the scripts' door.
pub(crate) fn api(parts: Parts<'_>) -> Result<Api> {
    let Parts { config, target, bucket, url, people_url, folder, backup_queue, restore_queue } = parts;
    let dictionary = &folder.dictionary;
    let database = Database::new(aws_sdk_rdsdata::Client::new(config), target);
    let s3 = aws_sdk_s3::config::Config::new(config);
    let store = S3Bucket::new(&s3, &bucket);
    let backups = Backups {
        database: database.clone(),
        store: store.clone(),
        continuation: backup_queue,
        events: EventBus::read(config, env::optional),
        dictionary,
        dictionary_version: &folder.version,
        options: backup::Options::read(env::optional).map_err(|error| user_error(error.to_string()))?,
    };
    let restorer = Restorer {
        database: database.clone(),
        store,
        continuation: restore_queue,
        events: EventBus::read(config, env::optional),
        options: restore::Options::read(env::optional).map_err(|error| user_error(error.to_string()))?,
        dictionary,
    };
    let region = config.region().context("AWS_REGION is not set")?;
    let credentials = config.credentials_provider().context("there are no AWS credentials")?;
    let endpoint = s3_endpoint(config)?;
    let links = Links::new(&bucket, region.as_ref(), endpoint.as_deref(), credentials);
    let reports = reports::Service {
        database: database.clone(),
        dictionary,
        reports: &folder.reports,
        migrations: &folder.migrations,
        links,
        people_url,
        url,
    };
    let uploads = uploads::Service {
        database: database.clone(),
        // A local endpoint has no name for each bucket.
        store: S3Bucket::for_links(&s3, bucket, endpoint.is_some()),
        dictionary,
    };
    let insert = insert_api::Service::new(database, dictionary);
    let routes = insert_api::router(insert)
        .merge(reports::router(reports))
        .merge(uploads::router(uploads))
        .merge(backup::router(backups.clone()))
        .merge(restore::router(restorer.clone()));
    Ok(Api { routes, backups, restorer })
}

/// Returns the endpoint of the SDK's S3 client, if it is not that of AWS. The endpoint of the
/// service takes precedence over that of all services.
fn s3_endpoint(config: &SdkConfig) -> Result<Option<String>> {
    let of_s3 = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let of_s3 = of_s3.build().context("the endpoint of S3")?;
    let of_s3 = config.service_config().and_then(|settings| settings.load_config(of_s3));
    Ok(of_s3.or_else(|| config.endpoint_url().map(str::to_owned)))
}
