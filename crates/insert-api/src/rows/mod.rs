//! Rows by their keys: `GET /tables/{table}/rows`, and `GET`, `PUT` and
//! `DELETE /tables/{table}/rows/{id}`.

mod condition;
mod delete;
mod list;
mod put;
mod read;
mod target;

use aurora::Error;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::dictionary::Table;
use domain::key_text::key_text;
use domain::problem::{Problem, ProblemKind};
use domain::value::Key;
use lambda_kit::http::Rows;
use lambda_kit::log_failure;

pub(crate) use delete::delete;
pub(crate) use list::list;
pub(crate) use put::put;
pub(crate) use read::read;

fn answer(status: StatusCode, rows: usize, json: String) -> Response {
    let rows = Rows(u64::try_from(rows).unwrap_or(u64::MAX));
    (status, [(header::CONTENT_TYPE, "application/json")], axum::Extension(rows), json).into_response()
}

fn unknown(table: &Table, key: &Key) -> Problem {
    let detail = format!("There is no row {} in {}.", key_text(key), table.name());
    Problem::new(ProblemKind::NotFound, detail)
}

/// Logs a failure of the database once, and returns the problem to answer with.
fn database_problem(error: &Error) -> Problem {
    log_failure("the request could not be served", error.class(), error);
    match error {
        Error::UnknownOutcome { .. } => Problem::new(
            ProblemKind::Unavailable,
            "The database did not answer, so it is not known whether the row has been changed. Send the request again: it \
             asks for the same either way.",
        ),
        // Which the Data API returns not even in pieces.
        Error::TooLarge { .. } => Problem::new(
            ProblemKind::ResultTooLarge,
            "A row here is larger than the 1 MB that the database can give out at once. limit makes no difference to it.",
        ),
        error => error.to_problem(),
    }
}
