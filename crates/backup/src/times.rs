//! How long an invocation may work.

use std::time::Duration;

use aurora::Deadline;

/// Kept back from Lambda's deadline to end files, to note where to go on, and to answer; of a short time, an eighth.
const TIME_TO_ANSWER: Duration = Duration::from_secs(30);

/// Kept back to end a page that was asked for, since a call takes 45 s at most; of a short time, an eighth.
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
    /// Those of an invocation that Lambda ends in this time.
    pub fn within(time: Duration) -> Self {
        let deadline = time - TIME_TO_ANSWER.min(time / 8);
        let until = deadline - TIME_FOR_A_PAGE.min(time / 8);
        Self { until: Deadline::after(until), deadline: Deadline::after(deadline) }
    }
}
