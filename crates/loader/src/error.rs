//! Why a load stops.

use aurora::MaybeDatabase;
use domain::load::{ChunkError, KeyError};
use domain::row::HeaderError;

use crate::store::StoreError;

/// Why a load stops before its end.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The key cannot be loaded.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The header cannot be used.
    #[error("line 1: {0}")]
    Header(#[from] HeaderError),
    /// The content cannot be read on.
    #[error(transparent)]
    Content(#[from] ChunkError),
    /// S3.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database.
    #[error(transparent)]
    Database(#[from] aurora::Error),
    /// The function's time is up.
    #[error("the function's time is up")]
    OutOfTime,
}

impl LoadError {
    /// Whether another try would end the same way: the load has failed.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Key(_) | Self::Header(_) | Self::Content(_) | Self::Store(StoreError::Gone))
    }

    /// Why the load failed, for the ledger. The database's own words stay out: they may quote rows.
    pub fn reason(&self) -> String {
        match self {
            Self::Database(error) => format!("given up after the last try; the database: {}", error.class()),
            Self::Store(StoreError::Failed(_)) | Self::OutOfTime => {
                format!("given up after the last try; {self}")
            }
            error => error.to_string(),
        }
    }

    /// A short name for logs; never quotes values.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Header(_) => "header",
            Self::Content(_) => "content",
            Self::Store(StoreError::Gone) => "gone",
            Self::Store(StoreError::Failed(_)) => "s3",
            Self::Database(error) => error.class(),
            Self::OutOfTime => "out of time",
        }
    }
}

impl MaybeDatabase for LoadError {
    fn database(&self) -> Option<&aurora::Error> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}
