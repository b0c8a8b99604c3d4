//! What is in buckets.

use std::future::Future;

use aws_sdk_s3::types::{DeleteMarkerEntry, ObjectVersion};

use crate::s3::S3Store;
use crate::store::StoreError;

/// Buckets that can be listed.
pub trait List: Sync {
    /// Objects whose keys begin with `prefix` and come after the key `after`, in the order of their keys, one page of
    /// them: the newest version of each, and none of those that are deleted.
    fn list(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;
}

/// Some objects of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The objects; perhaps none, even where there are more.
    pub objects: Vec<Listed>,
    /// The last key that was looked at: the next page comes after it. `None` on the last page.
    pub next: Option<String>,
}

/// An object of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The key.
    pub key: String,
    /// The version; `None` in a bucket without versions.
    pub version: Option<String>,
    /// What S3 calls the content, without quotes.
    pub etag: String,
    /// Bytes.
    pub size: u64,
    /// How it is kept, as S3 names it; `None` where S3 does not say.
    pub storage_class: Option<String>,
}

impl List for S3Store {
    async fn list(&self, bucket: &str, prefix: &str, after: Option<&str>) -> Result<Page, StoreError> {
        // Without the marker of a version, what follows are the versions of keys after the key: the older versions of
        // that key which the page before had no room for are passed over, and nobody asks for them.
        let request = self.client.list_object_versions().bucket(bucket).prefix(prefix);
        let listed = request.set_key_marker(after.map(str::to_owned)).send().await;
        let listed = listed.map_err(|error| StoreError::Failed(error.into()))?;
        let versions = listed.versions();
        let last = versions.last().and_then(ObjectVersion::key);
        let last_deleted = listed.delete_markers().last().and_then(DeleteMarkerEntry::key);
        let next = last.max(last_deleted).filter(|_| listed.is_truncated() == Some(true)).map(str::to_owned);
        let newest = versions.iter().filter(|version| version.is_latest() == Some(true));
        Ok(Page { objects: newest.filter_map(object).collect(), next })
    }
}

fn object(version: &ObjectVersion) -> Option<Listed> {
    Some(Listed {
        key: version.key()?.to_owned(),
        // What a bucket without versions calls every object's.
        version: version.version_id().filter(|version| *version != "null").map(str::to_owned),
        etag: version.e_tag().unwrap_or_default().trim_matches('"').to_owned(),
        size: version.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        storage_class: version.storage_class().map(|class| class.as_str().to_owned()),
    })
}

#[cfg(test)]
pub(crate) mod memory {
    //! A bucket in memory.

    use super::{List, Listed, Page};
    use crate::store::StoreError;

    /// Objects in the order of their keys, and how many of them make a page.
    #[derive(Debug)]
    pub(crate) struct MemoryListing {
        pub(crate) objects: Vec<Listed>,
        pub(crate) page: usize,
    }

    impl List for MemoryListing {
        async fn list(&self, _: &str, prefix: &str, after: Option<&str>) -> Result<Page, StoreError> {
            let mut rest = self.objects.iter().filter(|object| {
                object.key.starts_with(prefix) && after.is_none_or(|after| object.key.as_str() > after)
            });
            let objects: Vec<Listed> = rest.by_ref().take(self.page).cloned().collect();
            let next = rest.next().and(objects.last()).map(|last| last.key.clone());
            Ok(Page { objects, next })
        }
    }
}
