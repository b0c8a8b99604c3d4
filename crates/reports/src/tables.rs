//! `GET /tables`: the dictionary, as far as users see it.

use axum::extract::RawQuery;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use domain::dictionary::{Column, Table};
use domain::page;
use domain::report::{ParameterValue, read_parameters};
use lambda_kit::caller::Caller;
use lambda_kit::http::InTime;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;
use serde::Serialize;
use serde_json::json;

use crate::accept::{Form, negotiate};
use crate::{Service, database_problem};

/// One table, as `docs/api.md` has it. Aliases are taken, and never given out.
#[derive(Debug, Serialize)]
struct TableView<'a> {
    name: &'a str,
    description: &'a str,
    /// The column whose value stands in a row's path.
    key: &'a str,
    default_mode: &'static str,
    /// How many rows it has, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    columns: Vec<ColumnView<'a>>,
}

#[derive(Debug, Serialize)]
struct ColumnView<'a> {
    name: &'a str,
    /// As in the dictionary: `string(255)`.
    #[serde(rename = "type")]
    column_type: String,
    required: bool,
    auto_increment: bool,
    personal: bool,
    /// The table whose key the column names.
    references: Option<&'a str>,
    description: &'a str,
}

/// The tables that the caller sees, each after those that it refers to, and their columns.
pub(crate) async fn list(
    InTime(service): InTime<Service>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let form = negotiate(&headers, &[Form::Json])?;
    let parameters = [page::table_counts()];
    let values = read_parameters(&parameters, &query::pairs(query.as_deref())).map_err(query::problem)?;
    let seen = service.dictionary.visible_tables().filter(|table| caller.sees(table.name()));
    let seen: Vec<&Table> = seen.collect();
    let mut tables: Vec<TableView<'_>> = seen.iter().copied().map(TableView::from).collect();
    if values.get("counts") == Some(&ParameterValue::Boolean(true)) {
        let counts = aurora::count_rows(&service.database, &seen).await;
        let counts = counts.map_err(|error| database_problem(&error))?;
        for (table, rows) in tables.iter_mut().zip(counts) {
            table.rows = Some(rows);
        }
    }
    let body = json!({ "tables": tables }).to_string();
    Ok(([(header::CONTENT_TYPE, form.content_type())], body).into_response())
}

impl<'a> From<&'a Table> for TableView<'a> {
    fn from(table: &'a Table) -> Self {
        Self {
            name: table.name(),
            description: table.description(),
            key: table.key().name(),
            default_mode: table.default_mode().as_str(),
            rows: None,
            columns: table.columns().iter().map(ColumnView::from).collect(),
        }
    }
}

impl<'a> From<&'a Column> for ColumnView<'a> {
    fn from(column: &'a Column) -> Self {
        Self {
            name: column.name(),
            column_type: column.column_type().to_string(),
            required: column.required(),
            auto_increment: column.auto_increment(),
            personal: column.personal(),
            references: column.references(),
            description: column.description(),
        }
    }
}
