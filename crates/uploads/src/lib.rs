#![doc = include_str!("../README.md")]

mod check;
mod complete;
mod file;
mod id;
mod links;
mod parts;
mod progress;
mod request;
mod start;

use std::error::Error as _;

use aurora::audit::{self, Actor};
use aurora::{Database, Deadline};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bucket::{BucketError, Links};
use domain::audit::Action;
use domain::dictionary::{Dictionary, Table};
use domain::problem::{Problem, ProblemKind};
use lambda_kit::http::{Paths, Within};
use lambda_kit::log_failure;
use serde::Serialize;
use serde_json::Value;

pub use check::MAX_CONTENT_BYTES;
pub use file::MAX_NAME_BYTES;
pub use id::UploadId;
pub use links::LINK_LIFETIME;
pub use parts::{MAX_BYTES, MAX_PARTS, MAX_SINGLE_BYTES, MIN_PART_BYTES, part_bytes, parts_of};

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

/// Returns the function's routes, for [`lambda_kit::http::serve`].
pub fn router<U: Links>(service: Service<U>) -> Router {
    Router::new()
        .path("/uploads", post(start::start::<U>))
        .path("/uploads/check", post(check::check::<U>))
        .path("/uploads/{id}", get(progress::progress::<U>))
        .path("/uploads/{id}/complete", post(complete::complete::<U>))
        .with_state(service)
}

fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    // Texts, numbers and lists of them cannot fail to be written.
    let json = serde_json::to_string(body).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// Records a step of an upload that a person is about to take.
///
/// # Errors
/// The problem to answer with; then the step must not be taken.
async fn record(
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
fn unknown() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no such upload: it was completed, or was left for more than a day and removed. GET /loads?key= says \
         whether the file has arrived; if not, begin again with POST /uploads.",
    )
}

/// Logs an error of S3 once, and returns the problem that the client is answered with.
fn store_problem(error: &BucketError) -> Problem {
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
