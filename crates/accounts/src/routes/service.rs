//! The state of the handlers, and what they have in common.

use aurora::audit::{self, Actor};
use aurora::{Database, Deadline};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::audit::Action;
use domain::problem::{Problem, ProblemKind};
use lambda_kit::caller::{ByOperator, Caller, Person};
use lambda_kit::http::{RequestId, Within};
use lambda_kit::log_failure;
use lambda_kit::problem::{ProblemResponse, sentence};
use serde_json::Value;

use crate::accounts::{Accounts, ChangeError};
use crate::directory::{Directory, DirectoryError};
use crate::options::Options;

/// The state that the handlers share.
#[derive(Debug, Clone)]
pub struct Service<D> {
    /// The accounts.
    pub accounts: Accounts<D>,
    /// The rules of registration.
    pub options: Options,
}

impl<D: Directory> Within for Service<D> {
    fn within(&self, deadline: Deadline) -> Self {
        let accounts = self.accounts.with_database(self.accounts.database.within(deadline));
        Self { accounts, options: self.options.clone() }
    }
}

/// The argument of handlers for every person who is signed in, with or without rights: only an
/// access token counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedIn(pub(crate) Person);

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        match Caller::of(&parts.extensions) {
            // Only an access token has a name.
            Caller::Person(person) if !person.username().is_empty() => Ok(Self(person)),
            _ => Err(Problem::new(ProblemKind::Forbidden, "This is for people who are signed in.").into()),
        }
    }
}

/// The argument of handlers for operators alone, whose name the audit trail needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OperatorPerson(pub(crate) Person);

impl<S: Sync> FromRequestParts<S> for OperatorPerson {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        ByOperator::from_request_parts(parts, state).await?;
        SignedIn::from_request_parts(parts, state).await.map(|SignedIn(person)| Self(person))
    }
}

/// Records what a person is about to do by a request.
///
/// # Errors
/// The problem to answer with; then it must not be done.
pub(crate) async fn record(
    database: &Database,
    username: &str,
    request: &RequestId,
    action: Action,
    detail: &Value,
) -> Result<(), Problem> {
    let actor = Actor { username, request_id: &request.0 };
    let recorded = audit::record(database, Some(actor), action, None, detail).await;
    recorded.map_err(|error| database_problem(&error))
}

/// Logs a failure once, and returns the problem to answer with.
pub(crate) fn failure(error: &ChangeError) -> Problem {
    match error {
        ChangeError::Unknown => unknown(),
        ChangeError::LastOperator | ChangeError::Unfinished => {
            Problem::new(ProblemKind::AccountState, sentence(&error.to_string()))
        }
        ChangeError::Password(rule) => Problem::new(ProblemKind::Password, sentence(&rule.to_string())),
        ChangeError::Locked => {
            tracing::warn!("others kept the lock for changes of accounts");
            let detail = "Others are changing accounts, or the database is resuming. Nothing was changed; try again after \
                          Retry-After.";
            Problem::new(ProblemKind::Unavailable, detail)
        }
        ChangeError::Directory(error) => directory_problem(error),
        ChangeError::Database(error) => database_problem(error),
    }
}

/// Logs a failure of the user pool once, and returns the problem to answer with.
pub(crate) fn directory_problem(error: &DirectoryError) -> Problem {
    match error {
        DirectoryError::NoUser => unknown(),
        DirectoryError::Busy { .. } => {
            tracing::warn!(error = %error, "the user pool could not be asked");
            let detail = "The accounts cannot be reached right now. Try again after Retry-After; what was asked for may be \
                          done again.";
            Problem::new(ProblemKind::Unavailable, detail)
        }
        _ => {
            tracing::error!(error = %error, "the user pool refused what the function asked");
            Problem::internal()
        }
    }
}

/// Logs a failure of the database once, and returns the problem to answer with.
pub(crate) fn database_problem(error: &aurora::Error) -> Problem {
    log_failure("the request could not be served", error.class(), error);
    match error.to_problem() {
        // Its own text is about rows.
        problem if problem.kind == ProblemKind::Unavailable => Problem::new(
            ProblemKind::Unavailable,
            "The database is resuming or cannot be reached. Try again after Retry-After.",
        ),
        problem => problem,
    }
}

fn unknown() -> Problem {
    Problem::new(ProblemKind::NotFound, "There is no such account. GET /accounts lists them.")
}
