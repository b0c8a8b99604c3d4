//! The client of a bucket in S3.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    Config, RequestChecksumCalculation, ResponseChecksumValidation, retry::RetryConfig,
};

/// A bucket in S3.
#[derive(Debug, Clone)]
pub struct S3Bucket {
    pub(super) client: Client,
    pub(super) bucket: String,
}

impl S3Bucket {
    /// Opens a bucket with the SDK's configuration. URLs have the bucket in their path: local
    /// clouds serve nothing else, and AWS understands it.
    pub fn new(config: &Config, bucket: impl Into<String>) -> Self {
        Self::for_links(config, bucket, true)
    }

    /// Opens a bucket whose links have its name in their host, or in their path if `as_path`,
    /// because a local endpoint has no name for each bucket.
    pub fn for_links(config: &Config, bucket: impl Into<String>, as_path: bool) -> Self {
        let config = config
            .to_builder()
            .force_path_style(as_path)
            .retry_config(RetryConfig::standard())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Self { client: Client::from_conf(config), bucket: bucket.into() }
    }
}
