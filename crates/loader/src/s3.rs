//! Objects in S3.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation, retry::RetryConfig};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use crate::store::{Content, Store, StoreError};

/// What S3 answers for an object that is not there: no key, no such version, or a delete marker in its place.
const GONE: [&str; 3] = ["NoSuchKey", "NoSuchVersion", "MethodNotAllowed"];

/// Objects in S3, through the AWS SDK.
#[derive(Debug, Clone)]
pub struct S3Store {
    client: Client,
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

    async fn open(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<ByteStream, StoreError> {
        let request =
            self.client.get_object().bucket(bucket).key(key).set_version_id(version.map(str::to_owned));
        match request.send().await {
            Ok(object) => Ok(object.body),
            Err(error) if is_gone(&error) => Err(StoreError::Gone),
            Err(error) => Err(StoreError::Failed(error.into())),
        }
    }

    async fn put(&self, bucket: &str, key: &str, content: Vec<u8>) -> Result<(), StoreError> {
        let request =
            self.client.put_object().bucket(bucket).key(key).content_type("text/csv; charset=utf-8");
        let sent = request.body(content.into()).send().await;
        sent.map(|_| ()).map_err(|error| StoreError::Failed(error.into()))
    }
}

impl Content for ByteStream {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        ByteStream::next(self).await.transpose().map_err(|error| StoreError::Failed(error.into()))
    }
}

fn is_gone(error: &SdkError<GetObjectError>) -> bool {
    error.code().is_some_and(|code| GONE.contains(&code))
        || error.raw_response().is_some_and(|response| response.status().as_u16() == 404)
}
