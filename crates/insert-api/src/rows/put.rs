//! `PUT /tables/{table}/rows/{id}`: upserts one row.

use aurora::{Error, Put};
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::batch::TableBatch;
use domain::json_row::write_json_row;
use domain::problem::{Problem, ProblemKind};
use lambda_kit::caller::Caller;
use lambda_kit::http::{InTime, RequestId};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::NoQuery;

use super::target::RowPath;
use super::{answer, condition, database_problem};
use crate::answer::log_rejected_row;
use crate::request;
use crate::service::Service;

/// Creates or replaces a row and answers with it; with `If-None-Match: *` it only creates it.
pub(crate) async fn put(
    InTime(service): InTime<Service>,
    id: RequestId,
    caller: Caller,
    RowPath { table, key }: RowPath,
    _: NoQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemResponse> {
    let only_create = condition::only_create(&headers)?;
    let body = request::json_body(&headers, body).await?;
    let rows = TableBatch::read_row(table, &key, &body).map_err(Problem::from)?;
    let actor = id.actor(&caller);
    let put = aurora::put_row(&service.database, service.dictionary, &rows, only_create, &id.0, actor).await;
    let status = match put.map_err(|error| failed(&error, only_create))? {
        Put::Created => StatusCode::CREATED,
        Put::Replaced => StatusCode::OK,
        Put::Taken => return Err(condition::taken(table, &key).into()),
        Put::Rejected(rejected) => {
            log_rejected_row(table.name(), &rejected, None);
            return Err(Problem::invalid_row(&rejected.errors).into());
        }
    };
    let mut json = String::with_capacity(2 * body.len());
    for row in &rows.rows {
        write_json_row(table, &row.checked.values, &mut json);
    }
    Ok(answer(status, 1, json))
}

/// Returns [`database_problem`]; but after an unknown outcome of a creation, the same request may
/// answer that the row exists.
fn failed(error: &Error, only_create: bool) -> Problem {
    let problem = database_problem(error);
    match error {
        Error::UnknownOutcome { .. } if only_create => Problem::new(
            ProblemKind::Unavailable,
            "The database did not answer, so it is not known whether the row has been created. Send the request again: 201 \
             says that it had not been, and 412 that there is a row with the id, be it this one; read it to see.",
        ),
        _ => problem,
    }
}
