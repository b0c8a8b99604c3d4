//! What the chunks of a load have had rejected.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::load::RejectLimit;

use crate::error::LoadError;

/// Counts the rejected records of a load.
#[derive(Debug)]
pub(crate) struct Tally {
    limit: Option<RejectLimit>,
    rejected: AtomicU64,
}

impl Tally {
    /// With what earlier tries have had rejected.
    pub(crate) fn new(limit: Option<RejectLimit>, rejected: u64) -> Self {
        Self { limit, rejected: AtomicU64::new(rejected) }
    }

    /// Adds what a chunk had rejected.
    ///
    /// # Errors
    /// [`LoadError::TooManyRejects`] beyond the limit. A share can be judged only at the end.
    pub(crate) fn add(&self, rejected: u64) -> Result<(), LoadError> {
        let rejected = rejected + self.rejected.fetch_add(rejected, Ordering::Relaxed);
        match self.limit {
            Some(limit @ RejectLimit::Count(_)) if limit.is_exceeded(rejected, rejected) => {
                Err(LoadError::TooManyRejects { limit })
            }
            _ => Ok(()),
        }
    }
}
