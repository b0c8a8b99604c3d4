//! Presigned links.

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};

use super::client::S3Bucket;
use super::error::failed;
use crate::error::{BucketError, Result};
use crate::store::{Link, Links, Metadata, Multipart, Part, Validity};

/// Headers that every client sends by itself, and that browsers let no script set.
const OF_CLIENTS: [&str; 2] = ["host", "content-length"];

impl Links for S3Bucket {
    async fn link_to_put(
        &self,
        key: &str,
        bytes: Option<u64>,
        metadata: Metadata,
        valid: Validity,
    ) -> Result<Link> {
        let request = self.client.put_object().bucket(&self.bucket).key(key);
        let request = request.set_content_length(bytes.map(length)).set_metadata(Some(metadata));
        link(key, request.presigned(signing(key, valid)?).await)
    }

    async fn link_to_put_part(
        &self,
        upload: &Multipart,
        number: u32,
        bytes: u64,
        valid: Validity,
    ) -> Result<Link> {
        let Multipart { key, id, .. } = upload;
        let request = self.client.upload_part().bucket(&self.bucket).key(key).upload_id(id);
        let request = request.part_number(number.cast_signed()).content_length(length(bytes));
        link(key, request.presigned(signing(key, valid)?).await)
    }

    async fn parts(&self, upload: &Multipart) -> Result<Vec<Part>> {
        let Multipart { key, id, .. } = upload;
        let request = self.client.list_parts().bucket(&self.bucket).key(key).upload_id(id);
        let mut pages = request.into_paginator().send();
        let mut parts = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed(key, error))?;
            parts.extend(page.parts.into_iter().flatten().filter_map(|part| {
                Some(Part {
                    number: u32::try_from(part.part_number?).ok()?,
                    bytes: u64::try_from(part.size?).ok()?,
                    etag: part.e_tag?,
                })
            }));
        }
        Ok(parts)
    }
}

fn signing(key: &str, Validity { from, time }: Validity) -> Result<PresigningConfig> {
    let config = PresigningConfig::builder().start_time(from).expires_in(time).build();
    config.map_err(|error| BucketError::failed(key, error))
}

fn link<E>(key: &str, signed: Result<PresignedRequest, E>) -> Result<Link>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let signed = signed.map_err(|error| BucketError::failed(key, error))?;
    let headers = signed.headers().filter(|(name, _)| !OF_CLIENTS.contains(name));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok(Link { url: signed.uri().to_owned(), headers })
}

/// Converts a size to S3's signed numbers; no file comes near their end.
fn length(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::{Duration, SystemTime};

    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};

    use super::*;

    const MINUTES: Duration = Duration::from_secs(15 * 60);

    fn valid() -> Validity {
        Validity { from: SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600), time: MINUTES }
    }

    fn bucket(endpoint: Option<&str>) -> S3Bucket {
        let mut config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKID", "SECRET", Some("token".to_owned()), None, "test"));
        config.set_endpoint_url(endpoint.map(str::to_owned));
        S3Bucket::for_links(&config.build(), "data", endpoint.is_some())
    }

    async fn to_put(key: &str, bytes: Option<u64>, metadata: Metadata) -> Link {
        bucket(None).link_to_put(key, bytes, metadata, valid()).await.unwrap()
    }

    fn parts(link: &Link) -> (String, BTreeMap<String, String>) {
        let (place, query) = link.url.split_once('?').unwrap();
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
        (place.to_owned(), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[tokio::test]
    async fn a_link_is_for_one_key_one_size_and_some_minutes() {
        let link = to_put("incoming/tags/a b+é.csv", Some(7), Metadata::new()).await;
        let (place, query) = parts(&link);
        assert_eq!(place, "https://data.s3.eu-west-1.amazonaws.com/incoming/tags/a%20b%2B%C3%A9.csv");
        assert_eq!(query["X-Amz-SignedHeaders"], "content-length%3Bhost");
        assert_eq!((&*query["X-Amz-Date"], &*query["X-Amz-Expires"]), ("20130524T000000Z", "900"));
        assert_eq!(query["X-Amz-Security-Token"], "token");
        assert!(link.headers.is_empty() && !link.url.contains("SECRET"));
        // Another size is another signature.
        let other = to_put("incoming/tags/a b+é.csv", Some(8), Metadata::new()).await;
        assert_ne!(parts(&other).1["X-Amz-Signature"], query["X-Amz-Signature"]);
        let any = to_put("incoming/tags/a.csv", None, Metadata::new()).await;
        assert_eq!(parts(&any).1["X-Amz-SignedHeaders"], "host");
    }

    #[tokio::test]
    async fn metadata_is_a_header_that_is_signed_and_named() {
        let metadata = Metadata::from([("rowgate-settings".to_owned(), "e30".to_owned())]);
        let link = to_put("incoming/tags/a.csv", Some(7), metadata).await;
        assert_eq!(link.headers, [("x-amz-meta-rowgate-settings".to_owned(), "e30".to_owned())]);
        let (_, query) = parts(&link);
        assert_eq!(query["X-Amz-SignedHeaders"], "content-length%3Bhost%3Bx-amz-meta-rowgate-settings");
    }

    #[tokio::test]
    async fn a_link_of_a_part_is_for_its_number_and_size() {
        let bucket = bucket(Some("http://127.0.0.1:4566"));
        let upload = Multipart::of("incoming/tags/a.csv", "u/1");
        let link = bucket.link_to_put_part(&upload, 3, 16, valid()).await.unwrap();
        let (place, query) = parts(&link);
        assert_eq!(place, "http://127.0.0.1:4566/data/incoming/tags/a.csv");
        assert_eq!((&*query["partNumber"], &*query["uploadId"]), ("3", "u%2F1"));
        assert_eq!(query["X-Amz-SignedHeaders"], "content-length%3Bhost");
        assert!(link.headers.is_empty());
    }
}
