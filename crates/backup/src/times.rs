//! How long an invocation may work.

use std::time::Duration;

use aurora::Deadline;

/// Kept back from Lambda's deadline to end files, to note where to go on, and to answer; of a short
/// time, an eighth.
const TIME_TO_ANSWER: Duration = Duration::from_secs(30);

/// Kept back to end a page that was asked for, since a call takes 45 s at most; of a short time, a
/// seventh.
const TIME_FOR_A_PAGE: Duration = Duration::from_secs(45);

/// How long an invocation may work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// From when on no further page is asked for, and another invocation goes on.
    pub until: Deadline,
    /// When the database is not asked any more.
    pub deadline: Deadline,
}

impl Times {
    /// Returns those of an invocation that Lambda ends at `end`.
    pub fn before(end: Deadline) -> Self {
        let deadline = end.reserve(TIME_TO_ANSWER, 8);
        Self { until: deadline.reserve(TIME_FOR_A_PAGE, 7), deadline }
    }
}
