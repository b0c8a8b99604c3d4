//! `GET /tables/{table}/rows/{id}`: one row.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use domain::report::read_parameters;
use lambda_kit::caller::Caller;
use lambda_kit::http::InTime;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;

use super::{answer, database_problem, json_row, target, unknown};
use crate::Service;

/// The row with an id.
pub(crate) async fn read(
    InTime(service): InTime<Service>,
    caller: Caller,
    path: Result<Path<(String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, ProblemResponse> {
    let (table, row) = target::row_of(service.dictionary, path, &caller)?;
    read_parameters(&[], &query::pairs(query.as_deref())).map_err(query::problem)?;
    let found = aurora::read_row(&service.database, table, row).await;
    let text = found.map_err(|error| database_problem(&error))?.ok_or_else(|| unknown(table, row))?;
    let (json, _) = json_row(table, &text)?;
    Ok(answer(StatusCode::OK, 1, json))
}
