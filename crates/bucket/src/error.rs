//! Errors of the bucket.

/// Why the bucket did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// The object, or the upload, is not there, or not in the state that was meant.
    #[error("{key} is not there, or was replaced")]
    Gone {
        /// The key.
        key: String,
    },
    /// The object is larger than the caller takes.
    #[error("{key} has {bytes} bytes, more than the {limit} that may be read of it")]
    TooLarge {
        /// The key.
        key: String,
        /// The size in bytes.
        bytes: u64,
        /// The caller's limit in bytes.
        limit: u64,
    },
    /// S3 refuses the call, until the function's permissions or the bucket are changed.
    #[error("the function may not read or write {key}: S3 says {status}")]
    Denied {
        /// The key, or the prefix of the keys.
        key: String,
        /// S3's answer, an HTTP status of 400 to 499.
        status: u16,
        /// S3's own words, which name roles and accounts.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Any other failure; it may pass.
    #[error("S3 did not do as asked with {key}")]
    Failed {
        /// The key, or the prefix of the keys.
        key: String,
        /// The error of S3, or of the connection to it.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl BucketError {
    pub(crate) fn gone(key: &str) -> Self {
        Self::Gone { key: key.to_owned() }
    }

    /// Makes a [`Failed`](Self::Failed) of a key or a prefix.
    pub fn failed(key: &str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed { key: key.to_owned(), cause: cause.into() }
    }
}

/// A result of the bucket.
pub(crate) type Result<T, E = BucketError> = std::result::Result<T, E>;
