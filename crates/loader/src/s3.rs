//! Objects in S3.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation, retry::RetryConfig};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use domain::load::SETTINGS_METADATA;

use crate::store::{About, Content, ObjectVersion, Opened, Store, StoreError};

/// What S3 answers for an object that is not there: no key, no such version, a delete marker in its place, or another
/// content than the one asked for. An answer to HEAD has no code.
const GONE: [&str; 4] = ["NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "PreconditionFailed"];
const GONE_STATUS: [u16; 3] = [404, 405, 412];

/// What S3 answers when the first byte asked for lies beyond the object's end.
const BEYOND_END: u16 = 416;

/// The user metadata of a rejects file that names its load; copies within S3 keep it.
const LOAD_METADATA: &str = "rowgate-load";

/// Objects in S3, through the AWS SDK.
#[derive(Debug, Clone)]
pub struct S3Store {
    pub(crate) client: Client,
}

impl S3Store {
    /// A store with the SDK's configuration. Local clouds serve buckets as paths, which AWS understands as well.
    pub fn new(config: &aws_sdk_s3::config::Config) -> Self {
        let config = config
            .to_builder()
            .force_path_style(true)
            .retry_config(RetryConfig::standard())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Self { client: Client::from_conf(config) }
    }
}

impl Store for S3Store {
    type Content = ByteStream;

    async fn open(&self, object: ObjectVersion<'_>, from: u64) -> Result<Opened<ByteStream>, StoreError> {
        let ObjectVersion { bucket, key, version, etag } = object;
        let etag = etag.filter(|_| version.is_none()).map(|etag| format!("\"{etag}\""));
        let request = self
            .client
            .get_object()
            .bucket(bucket)
            .key(key)
            .set_version_id(version.map(str::to_owned))
            .set_if_match(etag)
            .set_range((from > 0).then(|| format!("bytes={from}-")));
        match request.send().await {
            Ok(object) => {
                // MiniStack ignores ranges of versions, and answers with all of the object.
                let is_range =
                    object.content_range.is_some_and(|range| range.starts_with(&format!("bytes {from}-")));
                Ok(Opened { content: object.body, from: if is_range { from } else { 0 } })
            }
            Err(error) if status(&error) == Some(BEYOND_END) => {
                Ok(Opened { content: ByteStream::from_static(b""), from })
            }
            Err(error) if is_gone(&error) => Err(StoreError::Gone),
            Err(error) => Err(StoreError::Failed(error.into())),
        }
    }

    async fn about(&self, object: ObjectVersion<'_>) -> Result<About, StoreError> {
        let ObjectVersion { bucket, key, version, etag } = object;
        let etag = etag.filter(|_| version.is_none()).map(|etag| format!("\"{etag}\""));
        let request = self.client.head_object().bucket(bucket).key(key);
        match request.set_version_id(version.map(str::to_owned)).set_if_match(etag).send().await {
            Ok(object) => {
                let mut metadata = object.metadata.unwrap_or_default();
                let [parent, settings] = [LOAD_METADATA, SETTINGS_METADATA].map(|name| metadata.remove(name));
                Ok(About { parent, settings })
            }
            Err(error) if is_gone(&error) => Err(StoreError::Gone),
            Err(error) => Err(StoreError::Failed(error.into())),
        }
    }

    async fn put_rejects(
        &self,
        bucket: &str,
        key: &str,
        about: &About,
        content: Vec<u8>,
    ) -> Result<(), StoreError> {
        let About { parent, settings } = about.clone();
        let metadata = [(LOAD_METADATA, parent), (SETTINGS_METADATA, settings)];
        let metadata = metadata.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let request = self
            .client
            .put_object()
            .bucket(bucket)
            .key(key)
            .content_type("text/csv; charset=utf-8")
            .set_metadata(Some(metadata.collect()));
        let sent = request.body(content.into()).send().await;
        sent.map(|_| ()).map_err(|error| StoreError::Failed(error.into()))
    }

    async fn list_keys(&self, bucket: &str, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut pages = self.client.list_objects_v2().bucket(bucket).prefix(prefix).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| StoreError::Failed(error.into()))?;
            keys.extend(page.contents.into_iter().flatten().filter_map(|object| object.key));
        }
        Ok(keys)
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<(), StoreError> {
        let sent = self.client.delete_object().bucket(bucket).key(key).send().await;
        sent.map(|_| ()).map_err(|error| StoreError::Failed(error.into()))
    }
}

impl Content for ByteStream {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        ByteStream::next(self).await.transpose().map_err(|error| StoreError::Failed(error.into()))
    }
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn is_gone<E>(error: &SdkError<E>) -> bool
where
    SdkError<E>: ProvideErrorMetadata,
{
    error.code().is_some_and(|code| GONE.contains(&code))
        || status(error).is_some_and(|status| GONE_STATUS.contains(&status))
}
