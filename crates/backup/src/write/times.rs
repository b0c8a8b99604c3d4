//! Times of an invocation.

use std::time::Duration;

use aurora::Deadline;

/// The time reserved before Lambda's deadline to finish files, to record where to continue, and to
/// answer; an eighth of a short time.
const TIME_TO_ANSWER: Duration = Duration::from_secs(30);

/// Kept back to end a page that was asked for, since a call takes 45 s at most; of a short time, a
/// seventh.
const TIME_FOR_A_PAGE: Duration = Duration::from_secs(45);

/// Times of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The time after which no further page is read, and another invocation continues.
    pub until: Deadline,
    /// The time after which the database is not queried any more.
    pub deadline: Deadline,
}

impl Times {
    /// Returns those of an invocation that Lambda ends at `end`.
    pub fn before(end: Deadline) -> Self {
        let deadline = end.reserve(TIME_TO_ANSWER, 8);
        Self { until: deadline.reserve(TIME_FOR_A_PAGE, 7), deadline }
    }
}
