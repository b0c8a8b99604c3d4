//! Where objects are: what the loader needs of S3.

use std::future::Future;

use bytes::Bytes;

/// Why an object cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The object, or this version of it, does not exist (any more).
    #[error("the file was deleted or replaced before it was read")]
    Gone,
    /// Anything else; it may pass.
    #[error("S3 did not do as asked")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Which object, in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectVersion<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The key.
    pub key: &'a str,
    /// The version; `None` in a bucket without versions.
    pub version: Option<&'a str>,
    /// What S3 calls the content that is meant, without quotes. Where there is no version, an object that has another
    /// content by now is [`Gone`](StoreError::Gone).
    pub etag: Option<&'a str>,
}

/// An object that is open.
#[derive(Debug)]
pub struct Opened<C> {
    /// Its content.
    pub content: C,
    /// The byte that the content begins with: the one that was asked for, or an earlier one where the store does not know
    /// how to begin there.
    pub from: u64,
}

/// What an object's metadata says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The load whose rejected records it holds.
    pub parent: Option<String>,
    /// How it is written ([`Settings`](domain::load::Settings)).
    pub settings: Option<String>,
}

/// Objects in buckets.
pub trait Store: Sync {
    /// An object's content, piece by piece.
    type Content: Content;

    /// Opens an object, if possible from a byte on; beyond its end there is no content.
    fn open(
        &self,
        object: ObjectVersion<'_>,
        from: u64,
    ) -> impl Future<Output = Result<Opened<Self::Content>, StoreError>> + Send;

    /// Reads an object's metadata.
    fn about(&self, object: ObjectVersion<'_>) -> impl Future<Output = Result<About, StoreError>> + Send;

    /// Writes the rejects file of a load whole, with what is to be known of it; one that is there is replaced.
    fn put_rejects(
        &self,
        bucket: &str,
        key: &str,
        about: &About,
        content: Vec<u8>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The keys that begin with `prefix`, in order.
    fn list_keys(
        &self,
        bucket: &str,
        prefix: &str,
    ) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// Deletes an object, if it is there.
    fn delete(&self, bucket: &str, key: &str) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The content of an object that is being read.
pub trait Content: Send {
    /// The next piece; `None` at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, StoreError>> + Send;
}
