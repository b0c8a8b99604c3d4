use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::limits::DEFAULT_BUDGET;

/// Until when a call chain may keep trying. Carried by [`Database::with_deadline`](crate::Database::with_deadline).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline `budget` from now.
    pub fn after(budget: Duration) -> Self {
        Self(Instant::now() + budget)
    }

    /// The deadline at `instant`.
    pub fn at(instant: Instant) -> Self {
        Self(instant)
    }

    /// The deadline `margin` before `time`, where `time` is when somebody else will end the work (a Lambda invocation's
    /// deadline, say).
    pub fn before(time: SystemTime, margin: Duration) -> Self {
        let left = time.duration_since(SystemTime::now()).unwrap_or_default();
        Self::after(left.saturating_sub(margin))
    }

    /// What is left; zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Waits until it has passed.
    pub async fn passed(self) {
        tokio::time::sleep_until(self.0).await;
    }

    /// Whether nothing is left.
    pub fn is_over(self) -> bool {
        self.remaining().is_zero()
    }
}

/// Where a [`Database`](crate::Database) takes the deadline of a call from.
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
