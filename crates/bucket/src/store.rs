//! What backup and restore need of a bucket.

use std::fmt::Debug;
use std::future::Future;

use bytes::Bytes;

use crate::error::BucketError;

/// A small object, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its content.
    pub content: Bytes,
    /// What the store calls this content: the condition of a write that must not lose another one ([`When::Is`]).
    pub etag: String,
}

/// An object that is open.
#[derive(Debug)]
pub struct Opened<C> {
    /// Its content.
    pub content: C,
    /// The byte that the content begins with: the one that was asked for, or an earlier one where the store does not know
    /// how to begin there.
    pub from: u64,
    /// What the store calls this content.
    pub etag: String,
}

/// The content of an object that is being read.
pub trait Content: Send {
    /// The next piece, of some kilobytes; `None` at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, BucketError>> + Send;
}

/// When a write may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When<'a> {
    /// In any case; what is there is replaced.
    Always,
    /// Only where nothing is.
    New,
    /// Only where the content is still the one with this etag.
    Is(&'a str),
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It is in; the etag of the new content.
    Written(String),
    /// Its condition does not hold: somebody else has written, or deleted. Nothing was changed.
    Refused,
}

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was written: milliseconds since 1970.
    pub modified: i64,
}

/// A page of objects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// In the order of their keys, 1,000 at most.
    pub objects: Vec<Listed>,
    /// The key after which the next page begins; `None` after the last one.
    pub next: Option<String>,
}

/// An object that arrives in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multipart {
    /// What the store calls the upload.
    pub(crate) id: String,
    /// What the object will be told by once it is made.
    pub(crate) write: String,
}

/// One bucket. Handles are cheap to clone.
pub trait Store: Clone + Debug + Send + Sync + 'static {
    /// An object's content, piece by piece.
    type Content: Content;

    /// A small object, whole; `None` where there is none.
    ///
    /// # Errors
    /// [`BucketError::TooLarge`] when it has more than `limit` bytes.
    fn get(&self, key: &str, limit: u64) -> impl Future<Output = Result<Option<Object>, BucketError>> + Send;

    /// Opens an object, from a byte on if the store can; beyond its end there is no content.
    ///
    /// # Errors
    /// [`BucketError::Gone`] when there is none, or none with this etag any more.
    fn open(
        &self,
        key: &str,
        from: u64,
        etag: Option<&str>,
    ) -> impl Future<Output = Result<Opened<Self::Content>, BucketError>> + Send;

    /// Writes a small object whole. A write whose answer was lost and that was repeated counts as one: it is
    /// [`Put::Written`].
    fn put(
        &self,
        key: &str,
        content: Bytes,
        when: When<'_>,
    ) -> impl Future<Output = Result<Put, BucketError>> + Send;

    /// Begins an object that arrives in parts. [`Upload`](crate::Upload) is the way to use it.
    fn begin_upload(&self, key: &str) -> impl Future<Output = Result<Multipart, BucketError>> + Send;

    /// Adds part `number` (from 1) to an upload; gives the part's tag. All parts but the last have 5 MiB at least.
    fn put_part(
        &self,
        key: &str,
        upload: &Multipart,
        number: i32,
        content: Bytes,
    ) -> impl Future<Output = Result<String, BucketError>> + Send;

    /// Makes an object of an upload's parts, given by their tags in order; only where nothing is. A call whose answer was
    /// lost and that was repeated counts as one.
    fn complete_upload(
        &self,
        key: &str,
        upload: &Multipart,
        tags: Vec<String>,
    ) -> impl Future<Output = Result<Put, BucketError>> + Send;

    /// Throws an upload's parts away.
    fn abort_upload(
        &self,
        key: &str,
        upload: &Multipart,
    ) -> impl Future<Output = Result<(), BucketError>> + Send;

    /// The objects whose keys begin with `prefix` and come after `after`, a page of them.
    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
    ) -> impl Future<Output = Result<Listing, BucketError>> + Send;

    /// The names between `prefix` (which ends with a slash) and the next slash of all keys that have one, in order, each
    /// once.
    fn folders(&self, prefix: &str) -> impl Future<Output = Result<Vec<String>, BucketError>> + Send;

    /// Deletes objects; those that are not there count as deleted.
    fn delete(&self, keys: &[String]) -> impl Future<Output = Result<(), BucketError>> + Send;

    /// All objects whose keys begin with `prefix`. For prefixes that can hold some thousands at most.
    fn list_all(&self, prefix: &str) -> impl Future<Output = Result<Vec<Listed>, BucketError>> + Send {
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
