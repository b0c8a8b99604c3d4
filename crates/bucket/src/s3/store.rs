//! Objects and uploads in S3.

use std::time::Duration;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier};
use bytes::Bytes;

use super::client::S3Bucket;
use super::error::{
    BEYOND_END, CONFLICT, FORBIDDEN, METHOD_NOT_ALLOWED, NOT_FOUND, PRECONDITION_FAILED, failed, status,
};
use super::list::{milliseconds, size};
use super::write::{content_type, if_match, if_none_match, name_write};
use crate::error::{BucketError, Result};
use crate::store::{
    Content, Listed, Listing, Metadata, Multipart, Object, ObjectVersion, Opened, Part, Put, Store, When,
};

/// Objects that one call can delete: S3's limit.
const MAX_DELETES: usize = 1000;

/// The number of attempts of a write that S3 refuses because another write to the same key is under
/// way, and the wait between them.
const CONFLICT_TRIES: u32 = 5;
const CONFLICT_WAIT: Duration = Duration::from_millis(200);

impl Store for S3Bucket {
    type Content = ByteStream;

    fn name(&self) -> &str {
        &self.bucket
    }

    fn sibling(&self, name: &str) -> Self {
        Self { client: self.client.clone(), bucket: name.to_owned() }
    }

    async fn get(&self, key: &str, limit: u64) -> Result<Option<Object>> {
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

    async fn open(&self, object: &ObjectVersion, from: u64) -> Result<Opened<ByteStream>> {
        let ObjectVersion { key, version, etag } = object;
        let request = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .set_version_id(version.clone())
            .set_if_match(etag.clone())
            .set_range((from > 0).then(|| format!("bytes={from}-")));
        match request.send().await {
            Ok(object) => {
                // MiniStack ignores ranges of versions, and answers with all of the object.
                let is_range =
                    object.content_range.is_some_and(|range| range.starts_with(&format!("bytes {from}-")));
                Ok(Opened {
                    content: object.body,
                    from: if is_range { from } else { 0 },
                    etag: object.e_tag.unwrap_or_default(),
                    metadata: object.metadata.unwrap_or_default(),
                })
            }
            Err(error) => match status(&error) {
                Some(BEYOND_END) => Ok(Opened {
                    content: ByteStream::from_static(b""),
                    from,
                    etag: etag.clone().unwrap_or_default(),
                    metadata: Metadata::new(),
                }),
                Some(NOT_FOUND | METHOD_NOT_ALLOWED | PRECONDITION_FAILED) => Err(BucketError::gone(key)),
                _ => Err(failed(key, error)),
            },
        }
    }

    async fn put_with(
        &self,
        key: &str,
        content: Bytes,
        mut metadata: Metadata,
        when: When<'_>,
    ) -> Result<Put> {
        let write = name_write(&mut metadata);
        let mut tries = 1;
        loop {
            let request = self
                .client
                .put_object()
                .bucket(&self.bucket)
                .key(key)
                .content_type(content_type(key))
                .set_metadata(Some(metadata.clone()))
                .set_if_none_match(if_none_match(when))
                .set_if_match(if_match(when))
                .body(content.clone().into());
            let error = match request.send().await {
                Ok(answer) => return Ok(Put::Written(answer.e_tag.unwrap_or_default())),
                Err(error) => error,
            };
            match status(&error) {
                Some(PRECONDITION_FAILED) => return self.settle(key, &write).await,
                // There is nothing where something was expected.
                Some(NOT_FOUND) if error.code() == Some("NoSuchKey") => return Ok(Put::Refused),
                Some(CONFLICT) if tries < CONFLICT_TRIES => {
                    tries += 1;
                    tokio::time::sleep(CONFLICT_WAIT).await;
                }
                _ => return Err(failed(key, error)),
            }
        }
    }

    async fn begin_upload(&self, key: &str, mut metadata: Metadata) -> Result<Multipart> {
        let write = name_write(&mut metadata);
        let request = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type(key))
            .set_metadata(Some(metadata));
        let answer = request.send().await.map_err(|error| failed(key, error))?;
        let id = answer.upload_id.ok_or_else(|| BucketError::failed(key, "S3 gave no upload id"))?;
        Ok(Multipart { key: key.to_owned(), id, write: Some(write) })
    }

    async fn put_part(&self, upload: &Multipart, number: u32, content: Bytes) -> Result<Part> {
        let Multipart { key, id, .. } = upload;
        let bytes = content.len() as u64;
        let request = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(id)
            .part_number(number.cast_signed())
            .body(content.into());
        let answer = request.send().await.map_err(|error| failed(key, error))?;
        let etag = answer.e_tag.ok_or_else(|| BucketError::failed(key, "S3 gave no ETag for a part"))?;
        Ok(Part { number, bytes, etag })
    }

    async fn complete_upload(&self, upload: &Multipart, parts: Vec<Part>, when: When<'_>) -> Result<Put> {
        let Multipart { key, id, write } = upload;
        let parts = parts.into_iter().map(|Part { number, etag, .. }| {
            CompletedPart::builder().part_number(number.cast_signed()).e_tag(etag).build()
        });
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let request = self
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(id)
            .set_if_none_match(if_none_match(when))
            .set_if_match(if_match(when))
            .multipart_upload(parts);
        let error = match request.send().await {
            Ok(answer) => return Ok(Put::Written(answer.e_tag.unwrap_or_default())),
            Err(error) => error,
        };
        let settled = match write {
            Some(write) => self.settle(key, write).await,
            None => Ok(Put::Refused),
        };
        match (status(&error), settled) {
            (Some(PRECONDITION_FAILED), settled) => settled,
            (_, Ok(Put::Written(etag))) => Ok(Put::Written(etag)),
            _ => Err(failed(key, error)),
        }
    }

    async fn abort_upload(&self, upload: &Multipart) -> Result<()> {
        let Multipart { key, id, .. } = upload;
        let request = self.client.abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(id);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if status(&error) == Some(NOT_FOUND) => Ok(()),
            Err(error) => Err(failed(key, error)),
        }
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Listing> {
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
            version: None,
            etag: object.e_tag.unwrap_or_default(),
            bytes: size(object.size),
            modified: milliseconds(object.last_modified),
            storage_class: object.storage_class.map(|class| class.as_str().to_owned()),
        });
        let objects: Vec<Listed> = objects.collect();
        let next = objects.last().filter(|_| is_truncated).map(|last| last.key.clone());
        Ok(Listing { objects, next })
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>> {
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

    async fn delete(&self, keys: &[String]) -> Result<()> {
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
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let next = ByteStream::next(self).await.transpose();
        next.map_err(|error| BucketError::failed("an object that is being read", error))
    }
}
