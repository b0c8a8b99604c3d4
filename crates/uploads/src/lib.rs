#![doc = include_str!("../README.md")]

mod check;
mod complete;
mod file;
mod id;
mod parts;
mod progress;
mod request;
mod s3;
mod start;
mod store;

use aurora::audit::{self, Actor};
use aurora::{Database, Deadline};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
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
pub use parts::{MAX_BYTES, MAX_PARTS, MAX_SINGLE_BYTES, MIN_PART_BYTES, part_bytes, parts_of};
pub use s3::S3Uploads;
pub use store::{LINK_LIFETIME, Link, Links, StoreError, StoredPart, Uploads};

/// The state that the handlers share.
#[derive(Debug, Clone)]
pub struct Service<U> {
    /// Where it is kept who uploaded what.
    pub database: Database,
    /// Where files are put.
    pub store: U,
    /// The tables that files are for.
    pub dictionary: &'static Dictionary,
}

impl<U: Uploads> Within for Service<U> {
    fn within(&self, deadline: Deadline) -> Self {
        Self { database: self.database.within(deadline), ..self.clone() }
    }
}

/// Returns the function's routes, for [`lambda_kit::http::serve`].
pub fn router<U: Uploads>(service: Service<U>) -> Router {
    Router::new()
        .path("/uploads", post(start::start::<U>))
        .path("/uploads/check", post(check::check::<U>))
        .path("/uploads/{id}", get(progress::progress::<U>))
        .path("/uploads/{id}/complete", post(complete::complete::<U>))
        .with_state(service)
}

fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    // What is answered are texts, numbers and lists of them, which cannot fail to be written.
    let json = serde_json::to_string(body).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// Records which step of an upload a person is about to do.
///
/// # Errors
/// The problem to answer with; then it must not be done.
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

/// The problem of an upload that S3 does not know. Whether it has ended well or not, nobody can say any more.
fn unknown() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no such upload: it was completed, or was left for more than a day and removed. GET /loads?key= says \
         whether the file has arrived; if not, begin again with POST /uploads.",
    )
}

/// Logs once why S3 did not do as asked, and gives what the client is told of it.
fn store_problem(error: &StoreError) -> Problem {
    match error {
        StoreError::Unknown => unknown(),
        StoreError::Failed(cause) => {
            tracing::error!(error.causes = lambda_kit::causes(&**cause), "S3 did not do as asked");
            let detail =
                "The place that files are put in does not answer right now. Try again after Retry-After.";
            Problem::new(ProblemKind::Unavailable, detail)
        }
    }
}
