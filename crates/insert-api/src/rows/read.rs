//! `GET /tables/{table}/rows/{id}`: reads one row.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::response::Response;
use lambda_kit::caller::Caller;
use lambda_kit::http::InTime;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::Query;

use super::{answer, database_problem, json_row, target, unknown};
use crate::Service;

/// Answers with the row that has an id.
pub(crate) async fn read(
    InTime(service): InTime<Service>,
    caller: Caller,
    path: Result<Path<(String, String)>, PathRejection>,
    query: Query,
) -> Result<Response, ProblemResponse> {
    let (table, row) = target::row_of(service.dictionary, path, &caller)?;
    query.read(&[])?;
    let found = aurora::read_row(&service.database, table, row).await;
    let text = found.map_err(|error| database_problem(&error))?.ok_or_else(|| unknown(table, row))?;
    let (json, _) = json_row(table, &text)?;
    Ok(answer(StatusCode::OK, 1, json))
}
