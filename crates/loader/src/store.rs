//! Where objects are: what the loader needs of S3.

use std::future::Future;

use bytes::Bytes;

/// Why an object cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The object, or this version of it, does not exist (any more).
    #[error("the file was deleted before it was read")]
    Gone,
    /// Anything else; it may pass.
    #[error("S3 did not do as asked")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Objects in buckets.
pub trait Store: Sync {
    /// An object's content, piece by piece.
    type Content: Content;

    /// Opens an object from its first byte.
    fn open(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> impl Future<Output = Result<Self::Content, StoreError>> + Send;

    /// Writes an object whole; one that is there is replaced.
    fn put(
        &self,
        bucket: &str,
        key: &str,
        content: Vec<u8>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The content of an object that is being read.
pub trait Content: Send {
    /// The next piece; `None` at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, StoreError>> + Send;
}
