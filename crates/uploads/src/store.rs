//! Where files are put: what the function needs of S3.

use std::future::Future;
use std::time::Duration;

/// How long a link is good for. It ends earlier only with the function's own credentials, which last for hours.
pub const LINK_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// Why S3 does not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such upload, or no more.
    #[error("there is no such upload")]
    Unknown,
    /// Anything else; it may pass.
    #[error("S3 did not do as asked")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A link that a file, or a part of one, can be put to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where to.
    pub url: String,
    /// The headers that it takes, beside those that every client sends by itself.
    pub headers: Vec<(String, String)>,
}

/// A part that S3 has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    /// Its number, from 1.
    pub number: u32,
    /// Its size.
    pub bytes: u64,
    /// What S3 calls its content.
    pub etag: String,
}

/// Signs links at one moment: all end [`LINK_LIFETIME`] later.
pub trait Links: Send + Sync {
    /// Signs a link that puts a file with the metadata `settings`: of just so many bytes, if that is said.
    fn to_put(
        &self,
        key: &str,
        bytes: Option<u64>,
        settings: Option<&str>,
    ) -> impl Future<Output = Result<Link, StoreError>> + Send;

    /// Signs a link that puts a part of just so many bytes.
    fn to_put_part(
        &self,
        key: &str,
        upload: &str,
        number: u32,
        bytes: u64,
    ) -> impl Future<Output = Result<Link, StoreError>> + Send;

    /// When the links end: ISO 8601 in UTC with milliseconds.
    fn expire_at(&self) -> String;
}

/// Uploads to one bucket.
pub trait Uploads: Clone + Send + Sync + 'static {
    /// What signs links.
    type Links: Links;

    /// What signs links that are made now.
    fn links(&self) -> Self::Links;

    /// Begins an upload in parts; gives S3's id of it.
    fn create(
        &self,
        key: &str,
        settings: Option<&str>,
    ) -> impl Future<Output = Result<String, StoreError>> + Send;

    /// Lists the parts that are there, in the order of their numbers.
    fn stored(
        &self,
        key: &str,
        upload: &str,
    ) -> impl Future<Output = Result<Vec<StoredPart>, StoreError>> + Send;

    /// Makes a file of the parts.
    fn complete(
        &self,
        key: &str,
        upload: &str,
        parts: Vec<StoredPart>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
