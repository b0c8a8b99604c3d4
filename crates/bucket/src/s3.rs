//! S3, through the AWS SDK.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation, retry::RetryConfig};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier};
use bytes::Bytes;

use crate::error::BucketError;
use crate::store::{Content, Listed, Listing, Multipart, Object, Opened, Put, Store, When};

/// Objects that one call can delete: S3's limit.
const MAX_DELETES: usize = 1000;

/// How often a write is tried that S3 turned down because another one to the same key was under way, and the wait between.
const CONFLICT_TRIES: u32 = 5;
const CONFLICT_WAIT: Duration = Duration::from_millis(200);

/// The user metadata that names the write which made an object. Where S3 says that a condition does not hold, it tells
/// whether it was this very write that came before itself: the SDK repeats a call whose answer was lost.
const WRITE_METADATA: &str = "rowgate-write";

const FORBIDDEN: u16 = 403;
const NOT_FOUND: u16 = 404;
const CONFLICT: u16 = 409;
const PRECONDITION_FAILED: u16 = 412;
/// The first byte asked for lies beyond the object's end.
const BEYOND_END: u16 = 416;

/// A bucket in S3.
#[derive(Debug, Clone)]
pub struct S3Bucket {
    client: Client,
    bucket: String,
}

impl S3Bucket {
    /// A bucket, with the SDK's configuration. Local clouds serve buckets as paths, which AWS understands as well.
    pub fn new(config: &aws_sdk_s3::config::Config, bucket: impl Into<String>) -> Self {
        let config = config
            .to_builder()
            .force_path_style(true)
            .retry_config(RetryConfig::standard())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Self { client: Client::from_conf(config), bucket: bucket.into() }
    }

    async fn head(&self, key: &str) -> Result<Option<HeadObjectOutput>, BucketError> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(head) => Ok(Some(head)),
            // An answer to HEAD has no body, so there is no code to go by.
            Err(error) if status(&error) == Some(NOT_FOUND) => Ok(None),
            Err(error) => Err(failed(key, error)),
        }
    }

    /// What became of a write that S3 turned down: perhaps it is in, by a try whose answer was lost.
    async fn settle(&self, key: &str, write: &str) -> Result<Put, BucketError> {
        let head = self.head(key).await?;
        let ours = head.filter(|head| {
            head.metadata().and_then(|metadata| metadata.get(WRITE_METADATA)).is_some_and(|own| own == write)
        });
        Ok(ours.map_or(Put::Refused, |head| Put::Written(head.e_tag.unwrap_or_default())))
    }
}

impl Store for S3Bucket {
    type Content = ByteStream;

    async fn get(&self, key: &str, limit: u64) -> Result<Option<Object>, BucketError> {
        let answer = match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(answer) => answer,
            Err(error) if status(&error) == Some(NOT_FOUND) => return Ok(None),
            Err(error) => return Err(failed(key, error)),
        };
        let bytes = answer.content_length.and_then(|length| u64::try_from(length).ok()).unwrap_or(u64::MAX);
        if bytes > limit {
            return Err(BucketError::TooLarge { key: key.to_owned(), bytes, limit });
        }
        let etag = answer.e_tag.unwrap_or_default();
        let content = answer.body.collect().await.map_err(|error| BucketError::failed(key, error))?;
        Ok(Some(Object { content: content.into_bytes(), etag }))
    }

    async fn open(
        &self,
        key: &str,
        from: u64,
        etag: Option<&str>,
    ) -> Result<Opened<ByteStream>, BucketError> {
        let request = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .set_if_match(etag.map(str::to_owned))
            .set_range((from > 0).then(|| format!("bytes={from}-")));
        match request.send().await {
            Ok(object) => {
                let is_range =
                    object.content_range.is_some_and(|range| range.starts_with(&format!("bytes {from}-")));
                let from = if is_range { from } else { 0 };
                Ok(Opened { content: object.body, from, etag: object.e_tag.unwrap_or_default() })
            }
            Err(error) => match status(&error) {
                Some(BEYOND_END) => {
                    let etag = etag.unwrap_or_default().to_owned();
                    Ok(Opened { content: ByteStream::from_static(b""), from, etag })
                }
                Some(NOT_FOUND | PRECONDITION_FAILED) => Err(BucketError::gone(key)),
                _ => Err(failed(key, error)),
            },
        }
    }

    async fn put(&self, key: &str, content: Bytes, when: When<'_>) -> Result<Put, BucketError> {
        let write = random();
        let mut tries = 1;
        loop {
            let request = self
                .client
                .put_object()
                .bucket(&self.bucket)
                .key(key)
                .content_type(content_type(key))
                .metadata(WRITE_METADATA, &write)
                .body(content.clone().into());
            let request = match when {
                When::Always => request,
                When::New => request.if_none_match("*"),
                When::Is(etag) => request.if_match(etag),
            };
            let error = match request.send().await {
                Ok(answer) => return Ok(Put::Written(answer.e_tag.unwrap_or_default())),
                Err(error) => error,
            };
            match status(&error) {
                Some(PRECONDITION_FAILED) => return self.settle(key, &write).await,
                // Nothing is where something was expected.
                Some(NOT_FOUND) if error.code() == Some("NoSuchKey") => return Ok(Put::Refused),
                Some(CONFLICT) if tries < CONFLICT_TRIES => {
                    tries += 1;
                    tokio::time::sleep(CONFLICT_WAIT).await;
                }
                _ => return Err(failed(key, error)),
            }
        }
    }

    async fn begin_upload(&self, key: &str) -> Result<Multipart, BucketError> {
        let write = random();
        let request = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type(key))
            .metadata(WRITE_METADATA, &write);
        let answer = request.send().await.map_err(|error| failed(key, error))?;
        let id = answer.upload_id.ok_or_else(|| BucketError::failed(key, "S3 gave no upload id"))?;
        Ok(Multipart { id, write })
    }

    async fn put_part(
        &self,
        key: &str,
        upload: &Multipart,
        number: i32,
        content: Bytes,
    ) -> Result<String, BucketError> {
        let request = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(&upload.id)
            .part_number(number)
            .body(content.into());
        let answer = request.send().await.map_err(|error| failed(key, error))?;
        answer.e_tag.ok_or_else(|| BucketError::failed(key, "S3 gave no etag for a part"))
    }

    async fn complete_upload(
        &self,
        key: &str,
        upload: &Multipart,
        tags: Vec<String>,
    ) -> Result<Put, BucketError> {
        let parts = tags.into_iter().zip(1..);
        let parts =
            parts.map(|(tag, number)| CompletedPart::builder().e_tag(tag).part_number(number).build());
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let request = self
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(&upload.id)
            .if_none_match("*")
            .multipart_upload(parts);
        match request.send().await {
            Ok(answer) => Ok(Put::Written(answer.e_tag.unwrap_or_default())),
            Err(error) => match (status(&error), self.settle(key, &upload.write).await) {
                (Some(PRECONDITION_FAILED), settled) => settled,
                (_, Ok(Put::Written(etag))) => Ok(Put::Written(etag)),
                _ => Err(failed(key, error)),
            },
        }
    }

    async fn abort_upload(&self, key: &str, upload: &Multipart) -> Result<(), BucketError> {
        let request =
            self.client.abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(&upload.id);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if status(&error) == Some(NOT_FOUND) => Ok(()),
            Err(error) => Err(failed(key, error)),
        }
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Listing, BucketError> {
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .set_start_after(after.map(str::to_owned));
        let answer = request.send().await.map_err(|error| failed(prefix, error))?;
        let is_truncated = answer.is_truncated.unwrap_or_default();
        let objects = answer.contents.unwrap_or_default().into_iter().map(|object| Listed {
            key: object.key.unwrap_or_default(),
            bytes: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            modified: object.last_modified.and_then(|time| time.to_millis().ok()).unwrap_or_default(),
        });
        let objects: Vec<Listed> = objects.collect();
        let next = objects.last().filter(|_| is_truncated).map(|last| last.key.clone());
        Ok(Listing { objects, next })
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>, BucketError> {
        let mut folders = Vec::new();
        let mut token = None;
        loop {
            let request = self
                .client
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(prefix)
                .delimiter("/")
                .set_continuation_token(token);
            let answer = request.send().await.map_err(|error| failed(prefix, error))?;
            folders.extend(answer.common_prefixes.unwrap_or_default().into_iter().filter_map(|folder| {
                Some(folder.prefix?.strip_prefix(prefix)?.trim_end_matches('/').to_owned())
            }));
            token = answer.next_continuation_token;
            if token.is_none() {
                return Ok(folders);
            }
        }
    }

    async fn delete(&self, keys: &[String]) -> Result<(), BucketError> {
        for keys in keys.chunks(MAX_DELETES) {
            let first = keys.first().map_or("", String::as_str);
            let objects: Result<_, _> =
                keys.iter().map(|key| ObjectIdentifier::builder().key(key).build()).collect();
            let delete = Delete::builder()
                .set_objects(Some(objects.map_err(|error| BucketError::failed(first, error))?))
                .quiet(true)
                .build()
                .map_err(|error| BucketError::failed(first, error))?;
            let request = self.client.delete_objects().bucket(&self.bucket).delete(delete);
            let answer = request.send().await.map_err(|error| failed(first, error))?;
            if let Some(error) = answer.errors().first() {
                let code = error.code().unwrap_or("an unknown error").to_owned();
                let key = error.key().unwrap_or(first);
                return Err(match &*code {
                    "AccessDenied" => {
                        BucketError::Denied { key: key.to_owned(), status: FORBIDDEN, cause: code.into() }
                    }
                    _ => BucketError::failed(key, code),
                });
            }
        }
        Ok(())
    }
}

impl Content for ByteStream {
    async fn next(&mut self) -> Result<Option<Bytes>, BucketError> {
        let next = ByteStream::next(self).await.transpose();
        next.map_err(|error| BucketError::failed("an object that is being read", error))
    }
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// What S3, or the way there, failed with: it may pass, or it is what S3 will always say.
fn failed<E>(key: &str, error: SdkError<E>) -> BucketError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match status(&error) {
        Some(status) if is_denial(status, error.code()) => {
            BucketError::Denied { key: key.to_owned(), status, cause: error.into() }
        }
        _ => BucketError::failed(key, error),
    }
}

/// Whether S3 would say the same however often it were asked
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>): of the answers that blame the
/// caller, all but those that are about the moment, or about what got lost on the way.
fn is_denial(status: u16, code: Option<&str>) -> bool {
    const PASSING: [u16; 5] = [NOT_FOUND, 408, CONFLICT, PRECONDITION_FAILED, 429];
    const PASSING_CODES: [&str; 5] =
        ["BadDigest", "ExpiredToken", "IncompleteBody", "RequestTimeTooSkewed", "RequestTimeout"];
    (400..500).contains(&status)
        && !PASSING.contains(&status)
        && code.is_none_or(|code| !PASSING_CODES.contains(&code))
}

fn content_type(key: &str) -> &'static str {
    match key.rsplit('.').next() {
        Some("json") => "application/json",
        Some("csv") => "text/csv; charset=utf-8",
        Some("avro") => "application/vnd.apache.avro",
        _ => "application/octet-stream",
    }
}

/// Random letters, no two alike: the standard library seeds its hashers from the system's own randomness.
fn random() -> String {
    let part = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", part(), part())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_s3_will_always_refuse_is_told_from_what_may_pass() {
        for (status, code, expected) in [
            (403, Some("AccessDenied"), true),
            (403, None, true),
            (400, Some("InvalidRequest"), true),
            (403, Some("RequestTimeTooSkewed"), false),
            (400, Some("RequestTimeout"), false),
            (400, Some("ExpiredToken"), false),
            (404, Some("NoSuchKey"), false),
            (408, None, false),
            (409, Some("ConditionalRequestConflict"), false),
            (412, None, false),
            (429, None, false),
            (500, Some("InternalError"), false),
            (503, Some("SlowDown"), false),
        ] {
            assert_eq!(is_denial(status, code), expected, "{status} {code:?}");
        }
    }
}
