use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::limits::DEFAULT_BUDGET;

/// Kept back from a function's time, so that its answer still goes out; of a short time, a fifth.
const TIME_TO_ANSWER: Duration = Duration::from_secs(5);

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
        Self::after(until(time).saturating_sub(margin))
    }

    /// The deadline 5 seconds before `time`, where `time` is when Lambda will end the invocation: time for the answer. Of less
    /// than 25 seconds, a fifth is kept.
    pub fn to_answer_by(time: SystemTime) -> Self {
        let left = until(time);
        Self::after(left.saturating_sub(TIME_TO_ANSWER.min(left / 5)))
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

fn until(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::now()).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_five_seconds_for_the_answer_and_of_a_short_time_a_fifth() {
        for (seconds, most) in [(900, 895), (25, 20), (10, 8), (0, 0)] {
            let deadline = Deadline::to_answer_by(SystemTime::now() + Duration::from_secs(seconds));
            let (left, most) = (deadline.remaining(), Duration::from_secs(most));
            assert!(left <= most && left >= most / 2, "of {seconds} s {left:?}");
        }
    }
}
