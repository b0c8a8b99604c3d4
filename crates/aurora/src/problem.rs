//! Problems that clients of the HTTP API see when the database fails.

use domain::problem::{Problem, ProblemKind};

use crate::Error;

impl Error {
    /// Returns the problem to answer with: 503 if the same request may succeed later, else 500.
    /// Never the cause, which may quote rows; the caller logs [`Error::class`].
    pub fn to_problem(&self) -> Problem {
        match self {
            // Sending the rows again is safe: an id that is taken is rejected, not inserted twice.
            Self::UnknownOutcome { .. } => Problem::new(
                ProblemKind::Unavailable,
                "The database did not answer, so it is not known whether the rows are in. Send them again: those that \
                 are in come back as duplicate_id.",
            ),
            Self::OutOfTime | Self::StatementTimeout { .. } => Problem::unavailable(),
            error if error.is_retryable() => Problem::unavailable(),
            _ => Problem::internal(),
        }
    }
}
