//! `DELETE /tables/{table}/rows/{id}`: deletes a row, for operators.

use aurora::Delete;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::dictionary::{Reference, Table};
use domain::key_text::key_text;
use domain::problem::{Problem, ProblemKind};
use domain::value::Key;
use lambda_kit::caller::{ByOperator, Caller};
use lambda_kit::http::{InTime, RequestId, Rows};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::NoQuery;

use super::target::RowPath;
use super::{database_problem, unknown};
use crate::service::Service;

/// Deletes a row that no other refers to.
pub(crate) async fn delete(
    _: ByOperator,
    InTime(service): InTime<Service>,
    id: RequestId,
    caller: Caller,
    RowPath { table, key }: RowPath,
    _: NoQuery,
) -> Result<Response, ProblemResponse> {
    let actor = id.actor(&caller);
    let deleted = aurora::delete_row(&service.database, service.dictionary, table, &key, actor).await;
    match deleted.map_err(|error| database_problem(&error))? {
        Delete::Deleted => Ok((StatusCode::NO_CONTENT, Extension(Rows(1))).into_response()),
        Delete::NotFound => Err(unknown(table, &key).into()),
        Delete::Referenced(by) => Err(referenced(table, &key, &by).into()),
    }
}

fn referenced(table: &Table, key: &Key, by: &[(&Table, &Reference)]) -> Problem {
    let names = |(other, reference): &(&Table, &Reference)| {
        let columns: Vec<&str> =
            reference.columns().iter().map(|index| other.columns()[*index].name()).collect();
        format!("{} ({})", other.name(), columns.join(", "))
    };
    let by: Vec<String> = by.iter().map(names).collect();
    let detail = format!(
        "Rows of {} refer to row {} of {}. Delete them first, or let them refer to another row.",
        by.join(", "),
        key_text(key),
        table.name()
    );
    Problem::new(ProblemKind::Referenced, detail)
}
