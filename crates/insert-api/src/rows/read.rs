//! `GET /tables/{table}/rows/{id}`: reads one row.

use axum::http::StatusCode;
use axum::response::Response;
use lambda_kit::http::InTime;
use lambda_kit::payload::json_row;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::NoQuery;

use super::target::RowPath;
use super::{answer, database_problem, unknown};
use crate::service::Service;

/// Answers with the row that has a key.
pub(crate) async fn read(
    InTime(service): InTime<Service>,
    RowPath { table, key }: RowPath,
    _: NoQuery,
) -> Result<Response, ProblemResponse> {
    let found = aurora::read_row(&service.database, table, &key).await;
    let text = found.map_err(|error| database_problem(&error))?.ok_or_else(|| unknown(table, &key))?;
    let (json, _) = json_row(table, &text)?;
    Ok(answer(StatusCode::OK, 1, json))
}
