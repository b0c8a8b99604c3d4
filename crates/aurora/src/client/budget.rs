use std::time::Duration;

use deadline::Deadline;

use super::limits::DEFAULT_BUDGET;

/// The source of the deadline of a [`Database`](crate::Database)'s calls.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Budget {
    /// Every call chain starts its own.
    PerCall(Duration),
    /// One for all that is done through this handle.
    Until(Deadline),
}

impl Budget {
    pub(crate) fn deadline(self) -> Deadline {
        match self {
            Self::PerCall(budget) => Deadline::after(budget),
            Self::Until(deadline) => deadline,
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::PerCall(DEFAULT_BUDGET)
    }
}
