//! The ports: what functions need of S3.

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::error::Result;

/// User metadata of an object: names without S3's prefix `x-amz-meta-`, and values.
pub type Metadata = HashMap<String, String>;

/// An object in one of its states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectVersion {
    /// The key.
    pub key: String,
    /// The version; `None` for the newest one.
    pub version: Option<String>,
    /// The ETag that the content must have; `None` for any.
    pub etag: Option<String>,
}

impl<K: Into<String>> From<K> for ObjectVersion {
    fn from(key: K) -> Self {
        Self { key: key.into(), version: None, etag: None }
    }
}

/// A small object, read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The content.
    pub content: Bytes,
    /// The ETag: the condition of a write that must not overwrite another one ([`When::Is`]).
    pub etag: String,
}

/// An object that is open for reading.
#[derive(Debug)]
pub struct Opened<C> {
    /// The content.
    pub content: C,
    /// The byte that the content begins with: the requested one, or an earlier one if the store
    /// cannot begin there.
    pub from: u64,
    /// The ETag.
    pub etag: String,
    /// The user metadata.
    pub metadata: Metadata,
}

/// The content of an object that is being read.
pub trait Content: Send + 'static {
    /// Returns the next piece, of some kilobytes; `None` at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>>> + Send;
}

/// The condition of a write (optimistic concurrency).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When<'a> {
    /// No condition; an existing object is replaced.
    Always,
    /// There is no object under the key.
    New,
    /// The object's content still has this ETag.
    Is(&'a str),
}

/// The outcome of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// The object is written; the ETag of the new content.
    Written(String),
    /// Its condition does not hold: another writer was first. Nothing was changed.
    Refused,
}

/// An object in a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// The key.
    pub key: String,
    /// The version; `None` in a bucket without versions, and in listings that do not ask for it.
    pub version: Option<String>,
    /// The ETag.
    pub etag: String,
    /// The size in bytes.
    pub bytes: u64,
    /// The time when it was written: milliseconds since 1970.
    pub modified: i64,
    /// The storage class, as S3 names it; `None` where S3 does not say.
    pub storage_class: Option<String>,
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// In the order of their keys, 1,000 at most; perhaps none, even where there are more.
    pub objects: Vec<Listed>,
    /// The key after which the next page begins; `None` on the last page.
    pub next: Option<String>,
}

/// An upload in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multipart {
    /// The key of the object.
    pub key: String,
    /// The id that the store gave it.
    pub id: String,
    /// The name of the write in the object's metadata; `None` for an upload that was begun
    /// elsewhere.
    pub(crate) write: Option<String>,
}

impl Multipart {
    /// Refers to an upload that was begun elsewhere.
    pub fn of(key: impl Into<String>, id: impl Into<String>) -> Self {
        Self { key: key.into(), id: id.into(), write: None }
    }
}

/// A part of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The number, from 1.
    pub number: u32,
    /// The size in bytes.
    pub bytes: u64,
    /// The ETag.
    pub etag: String,
}

/// A presigned link that an object, or a part of one, can be put to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The URL.
    pub url: String,
    /// The headers to send, beside those that every client sends by itself.
    pub headers: Vec<(String, String)>,
}

/// One bucket. Handles are cheap to clone.
pub trait Store: Clone + Debug + Send + Sync + 'static {
    /// An object's content, piece by piece.
    type Content: Content;

    /// Returns the name of the bucket.
    fn name(&self) -> &str;

    /// Returns the handle of another bucket.
    fn sibling(&self, name: &str) -> Self;

    /// Reads a small object whole; `None` where there is none.
    ///
    /// # Errors
    /// [`BucketError::TooLarge`](crate::BucketError::TooLarge) when it has more than `limit` bytes.
    fn get(&self, key: &str, limit: u64) -> impl Future<Output = Result<Option<Object>>> + Send;

    /// Opens an object, from a byte on if the store can; beyond its end there is no content.
    ///
    /// # Errors
    /// [`BucketError::Gone`](crate::BucketError::Gone) when it is not there in this state.
    fn open(
        &self,
        object: &ObjectVersion,
        from: u64,
    ) -> impl Future<Output = Result<Opened<Self::Content>>> + Send;

    /// Writes a small object whole, with metadata. A write whose answer was lost and that was
    /// repeated counts as one: it is [`Put::Written`].
    fn put_with(
        &self,
        key: &str,
        content: Bytes,
        metadata: Metadata,
        when: When<'_>,
    ) -> impl Future<Output = Result<Put>> + Send;

    /// Writes a small object whole, without metadata.
    fn put(&self, key: &str, content: Bytes, when: When<'_>) -> impl Future<Output = Result<Put>> + Send {
        self.put_with(key, content, Metadata::new(), when)
    }

    /// Begins an upload in parts. [`Upload`](crate::Upload) sends content that way.
    fn begin_upload(&self, key: &str, metadata: Metadata) -> impl Future<Output = Result<Multipart>> + Send;

    /// Adds part `number` (from 1) to an upload. All parts but the last have 5 MiB at least.
    fn put_part(
        &self,
        upload: &Multipart,
        number: u32,
        content: Bytes,
    ) -> impl Future<Output = Result<Part>> + Send;

    /// Makes an object of an upload's parts, given in order. A call whose answer was lost and that
    /// was repeated counts as one, if the upload was begun by this handle.
    ///
    /// # Errors
    /// [`BucketError::Gone`](crate::BucketError::Gone) when there is no such upload.
    fn complete_upload(
        &self,
        upload: &Multipart,
        parts: Vec<Part>,
        when: When<'_>,
    ) -> impl Future<Output = Result<Put>> + Send;

    /// Removes an upload and its parts.
    fn abort_upload(&self, upload: &Multipart) -> impl Future<Output = Result<()>> + Send;

    /// Lists a page of the objects whose keys begin with `prefix` and come after `after`.
    fn list(&self, prefix: &str, after: Option<&str>) -> impl Future<Output = Result<Listing>> + Send;

    /// Lists the names between `prefix` (which ends with a slash) and the next slash of all keys
    /// that have one, in order, each once.
    fn folders(&self, prefix: &str) -> impl Future<Output = Result<Vec<String>>> + Send;

    /// Deletes objects; those that are not there count as deleted.
    fn delete(&self, keys: &[String]) -> impl Future<Output = Result<()>> + Send;

    /// Lists all objects whose keys begin with `prefix`. For prefixes that can hold some thousands.
    fn list_all(&self, prefix: &str) -> impl Future<Output = Result<Vec<Listed>>> + Send {
        async move {
            let mut objects = Vec::new();
            let mut after = None;
            loop {
                let page = self.list(prefix, after.as_deref()).await?;
                objects.extend(page.objects);
                match page.next {
                    Some(next) => after = Some(next),
                    None => return Ok(objects),
                }
            }
        }
    }
}

/// Buckets whose versions can be listed.
pub trait Versions: Store {
    /// Lists like [`Store::list`], with the version of each object: the newest one, and none of
    /// objects that are deleted.
    fn list_versions(
        &self,
        prefix: &str,
        after: Option<&str>,
    ) -> impl Future<Output = Result<Listing>> + Send;
}

/// Buckets that others upload to by presigned links.
pub trait Links: Store {
    /// Signs a link that puts an object with this metadata; of just so many bytes, if that is
    /// given.
    fn link_to_put(
        &self,
        key: &str,
        bytes: Option<u64>,
        metadata: Metadata,
        valid: Validity,
    ) -> impl Future<Output = Result<Link>> + Send;

    /// Signs a link that puts a part of just so many bytes.
    fn link_to_put_part(
        &self,
        upload: &Multipart,
        number: u32,
        bytes: u64,
        valid: Validity,
    ) -> impl Future<Output = Result<Link>> + Send;

    /// Lists the parts of an upload that are there, in the order of their numbers.
    ///
    /// # Errors
    /// [`BucketError::Gone`](crate::BucketError::Gone) when there is no such upload.
    fn parts(&self, upload: &Multipart) -> impl Future<Output = Result<Vec<Part>>> + Send;
}

/// The conditions under which a link can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// From when on; signatures know whole seconds.
    pub from: SystemTime,
    /// For how long.
    pub time: Duration,
}
