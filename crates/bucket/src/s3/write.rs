//! Writes that count once: their conditions, and the name that each leaves in its object.

use std::hash::{BuildHasher, Hasher, RandomState};

use super::client::S3Bucket;
use super::error::{NOT_FOUND, failed, status};
use crate::error::Result;
use crate::store::{Metadata, Put, When};

/// The user metadata that names the write which made an object. Where S3 says that the condition of
/// a write does not hold, it shows whether an earlier try of the same write was done: the SDK
/// repeats a call whose answer was lost.
const WRITE_METADATA: &str = "rowgate-write";

impl S3Bucket {
    /// Finds out what became of a conditional write that failed: an earlier try of it, whose answer
    /// was lost, may have been done.
    pub(super) async fn settle(&self, key: &str, write: &str) -> Result<Put> {
        let head = match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(head) => head,
            // An answer to HEAD has no body, and so no code.
            Err(error) if status(&error) == Some(NOT_FOUND) => return Ok(Put::Refused),
            Err(error) => return Err(failed(key, error)),
        };
        let is_ours =
            head.metadata().and_then(|metadata| metadata.get(WRITE_METADATA)).is_some_and(|own| own == write);
        Ok(if is_ours { Put::Written(head.e_tag.unwrap_or_default()) } else { Put::Refused })
    }
}

/// Names a write in the metadata of its object; returns the name.
pub(super) fn name_write(metadata: &mut Metadata) -> String {
    // The standard library seeds its hashers from the system's randomness.
    let random = || RandomState::new().build_hasher().finish();
    let write = format!("{:016x}{:016x}", random(), random());
    metadata.insert(WRITE_METADATA.to_owned(), write.clone());
    write
}

pub(super) fn if_none_match(when: When<'_>) -> Option<String> {
    (when == When::New).then(|| "*".to_owned())
}

pub(super) fn if_match(when: When<'_>) -> Option<String> {
    match when {
        When::Is(etag) => Some(etag.to_owned()),
        When::Always | When::New => None,
    }
}

pub(super) fn content_type(key: &str) -> &'static str {
    match key.rsplit('.').next() {
        Some("json") => "application/json",
        Some("csv") => "text/csv; charset=utf-8",
        Some("avro") => "application/vnd.apache.avro",
        _ => "application/octet-stream",
    }
}
