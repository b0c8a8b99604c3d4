//! Why a load stops.

use aurora::MaybeDatabase;
use domain::load::{ChunkError, KeyError};
use domain::row::HeaderError;

use crate::store::StoreError;

/// Characters of a reason at most; what a person reads, and far below what the ledger's column holds.
const MAX_REASON: usize = 1000;

/// An error and what caused it, one after the other.
fn causes(error: &dyn std::error::Error) -> String {
    let next = std::iter::successors(Some(error), |error| error.source());
    next.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

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

    /// Why the load failed, for the ledger, in [`MAX_REASON`] characters at most. The database's own words stay out:
    /// they may quote rows.
    pub fn reason(&self) -> String {
        let reason = match self {
            Self::Database(error) => format!("given up after the last try; the database: {}", error.class()),
            Self::Store(StoreError::Failed(cause)) => {
                format!("given up after the last try; {self}: {}", causes(&**cause))
            }
            Self::OutOfTime => format!("given up after the last try; {self}"),
            error => error.to_string(),
        };
        // A header may name a column of a megabyte, which the ledger's column would refuse.
        match reason.char_indices().nth(MAX_REASON) {
            Some((end, _)) => format!("{}…", &reason[..end]),
            None => reason,
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
