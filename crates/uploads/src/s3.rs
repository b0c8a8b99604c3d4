//! Uploads to a bucket of S3.

use std::time::SystemTime;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation, retry::RetryConfig};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use domain::load::SETTINGS_METADATA;
use jiff::Timestamp;

use crate::store::{LINK_LIFETIME, Link, Links, StoreError, StoredPart, Uploads};

/// What S3 answers for an upload that it does not know.
const NO_UPLOAD: &str = "NoSuchUpload";

/// Headers that every client sends by itself, and browsers let nobody else set.
const OF_CLIENTS: [&str; 2] = ["host", "content-length"];

/// Uploads to a bucket, through the AWS SDK.
#[derive(Debug, Clone)]
pub struct S3Uploads {
    client: Client,
    bucket: String,
}

impl S3Uploads {
    /// Uploads to `bucket` with the SDK's configuration; with the bucket in the path of its URLs if `as_path`, because a
    /// local endpoint has no name for each bucket.
    pub fn new(config: &aws_sdk_s3::config::Config, bucket: impl Into<String>, as_path: bool) -> Self {
        let config = config
            .to_builder()
            .force_path_style(as_path)
            .retry_config(RetryConfig::standard())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Self { client: Client::from_conf(config), bucket: bucket.into() }
    }

    fn links_at(&self, now: SystemTime) -> S3Links {
        // Signatures know whole seconds; the end that is told must not be later than the real one.
        let now = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH).as_second();
        S3Links { uploads: self.clone(), now }
    }
}

/// Signs links at one moment.
#[derive(Debug)]
pub struct S3Links {
    uploads: S3Uploads,
    /// Seconds since 1970.
    now: i64,
}

impl S3Links {
    fn signing(&self) -> Result<PresigningConfig, StoreError> {
        let now = Timestamp::from_second(self.now).map(SystemTime::from).map_err(failed)?;
        PresigningConfig::builder().start_time(now).expires_in(LINK_LIFETIME).build().map_err(failed)
    }
}

impl Links for S3Links {
    async fn to_put(
        &self,
        key: &str,
        bytes: Option<u64>,
        settings: Option<&str>,
    ) -> Result<Link, StoreError> {
        let request = self.uploads.client.put_object().bucket(&self.uploads.bucket).key(key);
        let request = request.set_content_length(bytes.map(length));
        let request = match settings {
            Some(settings) => request.metadata(SETTINGS_METADATA, settings),
            None => request,
        };
        request.presigned(self.signing()?).await.map(|signed| link(&signed)).map_err(failed)
    }

    async fn to_put_part(
        &self,
        key: &str,
        upload: &str,
        number: u32,
        bytes: u64,
    ) -> Result<Link, StoreError> {
        let request =
            self.uploads.client.upload_part().bucket(&self.uploads.bucket).key(key).upload_id(upload);
        let request = request.part_number(number.cast_signed()).content_length(length(bytes));
        request.presigned(self.signing()?).await.map(|signed| link(&signed)).map_err(failed)
    }

    fn expire_at(&self) -> String {
        let end = self.now.saturating_add_unsigned(LINK_LIFETIME.as_secs());
        format!("{:.3}", Timestamp::from_second(end).unwrap_or(Timestamp::MAX))
    }
}

impl Uploads for S3Uploads {
    type Links = S3Links;

    fn links(&self) -> S3Links {
        self.links_at(SystemTime::now())
    }

    async fn create(&self, key: &str, settings: Option<&str>) -> Result<String, StoreError> {
        let request = self.client.create_multipart_upload().bucket(&self.bucket).key(key);
        let request = match settings {
            Some(settings) => request.metadata(SETTINGS_METADATA, settings),
            None => request,
        };
        let begun = request.send().await.map_err(failed)?;
        begun.upload_id.ok_or_else(|| StoreError::Failed("S3 gave no id for an upload".into()))
    }

    async fn stored(&self, key: &str, upload: &str) -> Result<Vec<StoredPart>, StoreError> {
        let request = self.client.list_parts().bucket(&self.bucket).key(key).upload_id(upload);
        let mut pages = request.into_paginator().send();
        let mut stored = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(of_upload)?;
            stored.extend(page.parts.into_iter().flatten().filter_map(|part| {
                Some(StoredPart {
                    number: u32::try_from(part.part_number?).ok()?,
                    bytes: u64::try_from(part.size?).ok()?,
                    etag: part.e_tag?,
                })
            }));
        }
        Ok(stored)
    }

    async fn complete(&self, key: &str, upload: &str, parts: Vec<StoredPart>) -> Result<(), StoreError> {
        let parts = parts.into_iter().map(|StoredPart { number, etag, .. }| {
            CompletedPart::builder().part_number(number.cast_signed()).e_tag(etag).build()
        });
        let whole = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let request = self.client.complete_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload);
        request.multipart_upload(whole).send().await.map(|_| ()).map_err(of_upload)
    }
}

fn link(signed: &PresignedRequest) -> Link {
    let headers = signed.headers().filter(|(name, _)| !OF_CLIENTS.contains(name));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Link { url: signed.uri().to_owned(), headers }
}

/// Sizes of S3 are signed numbers; no file comes near their end.
fn length(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Failed(error.into())
}

fn of_upload<E>(error: SdkError<E>) -> StoreError
where
    E: std::error::Error + Send + Sync + 'static,
    SdkError<E>: ProvideErrorMetadata,
{
    if error.code() == Some(NO_UPLOAD) { StoreError::Unknown } else { failed(error) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};

    use super::*;

    fn uploads(endpoint: Option<&str>, token: Option<&str>) -> S3Uploads {
        let mut config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKID", "SECRET", token.map(str::to_owned), None, "test"));
        config.set_endpoint_url(endpoint.map(str::to_owned));
        S3Uploads::new(&config.build(), "data", endpoint.is_some())
    }

    fn links(endpoint: Option<&str>) -> S3Links {
        uploads(endpoint, Some("token"))
            .links_at(SystemTime::UNIX_EPOCH + Duration::from_millis(1_369_353_600_999))
    }

    fn parts(link: &Link) -> (String, BTreeMap<String, String>) {
        let (place, query) = link.url.split_once('?').unwrap();
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
        (place.to_owned(), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[tokio::test]
    async fn a_link_is_for_one_key_one_size_and_some_minutes() {
        let links = links(None);
        let link = links.to_put("incoming/jobs/a b+é.csv", Some(7), None).await.unwrap();
        let (place, query) = parts(&link);
        assert_eq!(place, "https://data.s3.eu-west-1.amazonaws.com/incoming/jobs/a%20b%2B%C3%A9.csv");
        assert_eq!(query["X-Amz-SignedHeaders"], "content-length%3Bhost");
        assert_eq!((&*query["X-Amz-Date"], &*query["X-Amz-Expires"]), ("20130524T000000Z", "900"));
        assert_eq!(query["X-Amz-Security-Token"], "token");
        assert_eq!(links.expire_at(), "2013-05-24T00:15:00.000Z");
        assert!(link.headers.is_empty() && !link.url.contains("SECRET"));
        // Another size is another signature.
        let other = links.to_put("incoming/jobs/a b+é.csv", Some(8), None).await.unwrap();
        assert_ne!(parts(&other).1["X-Amz-Signature"], query["X-Amz-Signature"]);
        let any = links.to_put("incoming/jobs/a.csv", None, None).await.unwrap();
        assert_eq!(parts(&any).1["X-Amz-SignedHeaders"], "host");
    }

    #[tokio::test]
    async fn settings_are_a_header_that_is_signed_and_told() {
        let link = links(None).to_put("incoming/jobs/a.csv", Some(7), Some("e30")).await.unwrap();
        assert_eq!(link.headers, [("x-amz-meta-rowgate-settings".to_owned(), "e30".to_owned())]);
        let (_, query) = parts(&link);
        assert_eq!(query["X-Amz-SignedHeaders"], "content-length%3Bhost%3Bx-amz-meta-rowgate-settings");
    }

    #[tokio::test]
    async fn a_link_of_a_part_is_for_its_number_and_size() {
        let link = links(Some("http://127.0.0.1:4566"))
            .to_put_part("incoming/jobs/a.csv", "u/1", 3, 16)
            .await
            .unwrap();
        let (place, query) = parts(&link);
        assert_eq!(place, "http://127.0.0.1:4566/data/incoming/jobs/a.csv");
        assert_eq!((&*query["partNumber"], &*query["uploadId"]), ("3", "u%2F1"));
        assert_eq!(query["X-Amz-SignedHeaders"], "content-length%3Bhost");
        assert!(link.headers.is_empty());
    }
}
