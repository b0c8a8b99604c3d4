//! The totals of a load's chunks, and its limit of rejected records.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use domain::dictionary::{LoadMode, RejectLimit};

use crate::error::LoadError;

/// The most rejected records of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    limit: RejectLimit,
    /// True if the limit is the default.
    is_default: bool,
}

impl Limit {
    /// Returns the limit of a load, if there is one.
    pub(crate) fn of(set: Option<RejectLimit>, mode: LoadMode) -> Option<Self> {
        let limit = RejectLimit::in_effect(set, mode)?;
        Some(Self { limit, is_default: set.is_none() })
    }

    /// Holds the figures of a whole load against the limit.
    ///
    /// # Errors
    /// Beyond it, the error that the load fails with.
    pub(crate) fn check(self, rejected: u64, read: u64) -> Result<(), LoadError> {
        let Self { limit, is_default } = self;
        match limit.is_exceeded(rejected, read) {
            true if is_default => Err(LoadError::IncompleteReplace),
            true => Err(LoadError::TooManyRejects { limit }),
            false => Ok(()),
        }
    }
}

/// Counts the rejected records of a load, and notes whether any was loaded.
#[derive(Debug)]
pub(crate) struct Tally {
    limit: Option<Limit>,
    rejected: AtomicU64,
    has_loaded: AtomicBool,
}

impl Tally {
    /// Creates the tally of a load of which earlier tries have had `rejected` records rejected.
    pub(crate) fn new(limit: Option<Limit>, rejected: u64) -> Self {
        Self { limit, rejected: AtomicU64::new(rejected), has_loaded: AtomicBool::new(false) }
    }

    /// Adds the figures of a chunk.
    ///
    /// # Errors
    /// As [`Limit::check`]. A share can be checked only at the end.
    pub(crate) fn add(&self, loaded: u64, rejected: u64) -> Result<(), LoadError> {
        self.has_loaded.fetch_or(loaded > 0, Ordering::Relaxed);
        let rejected = rejected + self.rejected.fetch_add(rejected, Ordering::Relaxed);
        match self.limit {
            Some(limit @ Limit { limit: RejectLimit::Count(_), .. }) => limit.check(rejected, rejected),
            _ => Ok(()),
        }
    }

    /// Returns true if a chunk has loaded rows.
    pub(crate) fn has_loaded(&self) -> bool {
        self.has_loaded.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replace_takes_all_records_unless_a_limit_is_set() {
        let one = RejectLimit::Count(1);
        for mode in [LoadMode::Append, LoadMode::Upsert] {
            assert_eq!(Limit::of(None, mode), None);
        }
        let replace = |set| Tally::new(Limit::of(set, LoadMode::Replace), 0);
        let tally = replace(None);
        assert!(tally.add(7, 0).is_ok() && tally.has_loaded());
        assert!(matches!(tally.add(7, 1), Err(LoadError::IncompleteReplace)));
        let tally = replace(Some(one));
        assert!(tally.add(0, 1).is_ok() && !tally.has_loaded());
        assert!(matches!(tally.add(0, 1), Err(LoadError::TooManyRejects { limit }) if limit == one));
    }

    #[test]
    fn a_share_is_checked_at_the_end() {
        let half = RejectLimit::Share { per_million: 500_000 };
        let limit = Limit::of(Some(half), LoadMode::Append);
        assert!(Tally::new(limit, 0).add(0, 1_000).is_ok());
        assert!(limit.unwrap().check(1, 2).is_ok());
        assert!(
            matches!(limit.unwrap().check(2, 3), Err(LoadError::TooManyRejects { limit }) if limit == half)
        );
    }
}
