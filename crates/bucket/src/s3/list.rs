//! Listings with versions, and the fields that all listings share.

use aws_sdk_s3::primitives::DateTime;

use super::client::S3Bucket;
use super::error::failed;
use crate::error::Result;
use crate::store::{Listed, Listing, Versions};

impl Versions for S3Bucket {
    async fn list_versions(&self, prefix: &str, after: Option<&str>) -> Result<Listing> {
        // With a key marker alone, a page begins with the key behind it: older versions of that
        // key, which the page before had no room for, are passed over. None of them is the newest.
        let request = self
            .client
            .list_object_versions()
            .bucket(&self.bucket)
            .prefix(prefix)
            .set_key_marker(after.map(str::to_owned));
        let answer = request.send().await.map_err(|error| failed(prefix, error))?;
        let last = answer.versions().last().and_then(|version| version.key());
        let last_deleted = answer.delete_markers().last().and_then(|marker| marker.key());
        let is_truncated = answer.is_truncated.unwrap_or_default();
        let next = last.max(last_deleted).filter(|_| is_truncated).map(str::to_owned);
        let newest = answer.versions.into_iter().flatten().filter(|version| version.is_latest == Some(true));
        let objects = newest.filter_map(|version| {
            Some(Listed {
                key: version.key?,
                // A bucket without versions calls the version of every object "null".
                version: version.version_id.filter(|version| version != "null"),
                etag: version.e_tag.unwrap_or_default(),
                bytes: size(version.size),
                modified: milliseconds(version.last_modified),
                storage_class: version.storage_class.map(|class| class.as_str().to_owned()),
            })
        });
        Ok(Listing { objects: objects.collect(), next })
    }
}

pub(super) fn size(bytes: Option<i64>) -> u64 {
    bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default()
}

pub(super) fn milliseconds(time: Option<DateTime>) -> i64 {
    time.and_then(|time| time.to_millis().ok()).unwrap_or_default()
}
