#![doc = include_str!("../README.md")]

use std::time::{Duration, SystemTime};

use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Reserved of an invocation's time to send its answer; of a short time, a fifth.
const TIME_TO_ANSWER: Duration = Duration::from_secs(5);

/// The instant at which a piece of work has to be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// Creates the deadline `time` from now.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// Creates the deadline at `time`: when Lambda ends an invocation, say.
    pub fn at(time: SystemTime) -> Self {
        Self::after(time.duration_since(SystemTime::now()).unwrap_or_default())
    }

    /// Creates the deadline for the work of an invocation that Lambda ends at `time`: 5 seconds
    /// before it, to send the answer. Of less than 25 seconds, a fifth is reserved.
    pub fn to_answer_by(time: SystemTime) -> Self {
        Self::at(time).reserve(TIME_TO_ANSWER, 5)
    }

    /// Returns an earlier deadline, which leaves `time` for what comes after the work; at most one
    /// `share`th of the time that is left now.
    #[must_use]
    pub fn reserve(self, time: Duration, share: u32) -> Self {
        let left = self.remaining();
        Self::after(left.saturating_sub(time.min(left / share)))
    }

    /// Returns the deadline that is later by `time`.
    #[must_use]
    pub fn extend(self, time: Duration) -> Self {
        Self(self.0 + time)
    }

    /// Returns the time that is left; zero once the deadline has expired.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Returns true if the deadline has expired.
    pub fn is_over(self) -> bool {
        self.remaining().is_zero()
    }

    /// Waits until the deadline expires.
    pub async fn passed(self) {
        sleep_until(self.0).await;
    }

    /// Runs `work`, and drops it if the deadline expires first.
    ///
    /// # Errors
    /// [`Elapsed`] if the deadline expires first.
    pub async fn bound<T>(self, work: impl Future<Output = T>) -> Result<T, Elapsed> {
        timeout_at(self.0, work).await
    }
}

/// The pauses before the retries of a job that was disturbed.
#[derive(Debug, Default)]
pub struct Pauses(usize);

impl Pauses {
    const MILLISECONDS: [u64; 6] = [200, 1_000, 5_000, 10_000, 20_000, 30_000];

    /// Returns the next pause, from then on as long as the last one; `None` if there is no time
    /// left for it and as long a retry.
    pub fn next_before(&mut self, deadline: Deadline) -> Option<Duration> {
        let pause = Duration::from_millis(Self::MILLISECONDS[self.0]);
        self.0 = (self.0 + 1).min(Self::MILLISECONDS.len() - 1);
        (deadline.remaining() > 2 * pause).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[test]
    fn keeps_five_seconds_for_the_answer_and_of_a_short_time_a_fifth() {
        for (seconds, most) in [(900, 895), (25, 20), (10, 8), (0, 0)] {
            let deadline = Deadline::to_answer_by(SystemTime::now() + Duration::from_secs(seconds));
            let (left, most) = (deadline.remaining(), Duration::from_secs(most));
            assert!(left <= most && left >= most / 2, "of {seconds} s {left:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_while_there_is_time_for_them() {
        let mut pauses = Pauses::default();
        let deadline = Deadline::after(Duration::from_secs(61));
        let seconds: Vec<_> =
            (0..8).map(|_| pauses.next_before(deadline).map(|pause| pause.as_secs_f64())).collect();
        assert_eq!(seconds, [0.2, 1.0, 5.0, 10.0, 20.0, 30.0, 30.0, 30.0].map(Some));
        assert_eq!(pauses.next_before(Deadline::after(Duration::from_secs(60))), None);
    }

    #[tokio::test(start_paused = true)]
    async fn ends_work_that_takes_longer() {
        let deadline = Deadline::after(Duration::from_secs(7));
        assert_eq!(deadline.bound(async { 7 }).await.ok(), Some(7));
        assert!(!deadline.is_over());
        assert!(deadline.bound(pending::<()>()).await.is_err());
        assert!(deadline.is_over());
        assert_eq!(deadline.extend(Duration::from_secs(3)).remaining(), Duration::from_secs(3));
    }
}
