//! The state of the handlers, and what they have in common.

use std::error::Error as _;

use aurora::audit::{self, Actor};
use aurora::{Database, Deadline};
use bucket::{BucketError, Links};
use domain::audit::Action;
use domain::dictionary::{Dictionary, Table};
use domain::problem::{Problem, ProblemKind};
use lambda_kit::http::Within;
use lambda_kit::log_failure;
use serde_json::Value;

/// The state that the handlers share.
#[derive(Debug, Clone)]
pub struct Service<U> {
    /// The database with the audit trail.
    pub database: Database,
    /// The bucket that files are put in.
    pub store: U,
    /// The tables that files are for.
    pub dictionary: &'static Dictionary,
}

impl<U: Links> Within for Service<U> {
    fn within(&self, deadline: Deadline) -> Self {
        Self { database: self.database.within(deadline), ..self.clone() }
    }
}

/// Records a step of an upload that a person is about to take.
///
/// # Errors
/// The problem to answer with; then the step must not be taken.
pub(crate) async fn record(
    database: &Database,
    actor: Option<Actor<'_>>,
    table: &Table,
    detail: &Value,
) -> Result<(), Problem> {
    let recorded = audit::record(database, actor, Action::Upload, Some(table.name()), detail).await;
    recorded.map_err(|error| {
        log_failure("the audit trail could not be written", error.class(), &error);
        error.to_problem()
    })
}

/// Returns the problem of an upload that S3 does not know: it may have been completed or removed.
pub(crate) fn unknown() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no such upload: it was completed, or was left for more than a day and removed. GET /loads?key= says \
         whether the file has arrived; if not, begin again with POST /uploads.",
    )
}

/// Logs an error of S3 once, and returns the problem that the client is answered with.
pub(crate) fn store_problem(error: &BucketError) -> Problem {
    match error {
        BucketError::Gone { .. } => unknown(),
        error => {
            // The error itself names the key, which may say something of a person.
            let causes = error.source().map(lambda_kit::causes);
            tracing::error!(error.causes = causes, "S3 did not do as asked");
            let detail =
                "The place that files are put in does not answer right now. Try again after Retry-After.";
            Problem::new(ProblemKind::Unavailable, detail)
        }
    }
}
