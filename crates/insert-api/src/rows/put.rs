//! `PUT /tables/{table}/rows/{id}`: one row as the client has it.

use aurora::Put;
use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::batch::TableBatch;
use domain::json_row::write_json_row;
use domain::problem::Problem;
use domain::report::read_parameters;
use lambda_kit::http::{InTime, RequestId};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;

use super::{answer, database_problem, target};
use crate::answer::log_rejected_row;
use crate::{Service, request};

/// Creates or replaces the row with an id, and answers with it.
pub(crate) async fn put(
    InTime(service): InTime<Service>,
    Extension(id): Extension<RequestId>,
    path: Result<Path<(String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemResponse> {
    let (table, row) = target::row_of(service.dictionary, path)?;
    read_parameters(&[], &query::pairs(query.as_deref())).map_err(query::problem)?;
    let body = request::json_body(&headers, body).await?;
    let rows = TableBatch::read_row(table, row, &body).map_err(Problem::from)?;
    let put = aurora::put_row(&service.database, service.dictionary, &rows, &id.0).await;
    let status = match put.map_err(|error| database_problem(&error, &id))? {
        Put::Created => StatusCode::CREATED,
        Put::Replaced => StatusCode::OK,
        Put::Rejected(rejected) => {
            log_rejected_row(table.name(), &rejected, &id, None);
            return Err(Problem::invalid_row(&rejected.errors).into());
        }
    };
    let mut json = String::with_capacity(2 * body.len());
    for row in &rows.rows {
        write_json_row(table, &row.checked.values, &mut json);
    }
    Ok(answer(status, 1, json))
}
