//! `GET /tables`: the tables of the dictionary that users see.

use axum::Json;
use domain::dictionary::{Column, Table};
use domain::page;
use lambda_kit::caller::Caller;
use lambda_kit::http::InTime;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::Query;
use serde::Serialize;
use serde_json::{Value, json};

use crate::accept::AsJson;
use crate::service::{Service, database_problem};

/// A table as `docs/api.md` describes it. Aliases are accepted in requests and never given out.
#[derive(Debug, Serialize)]
struct TableView<'a> {
    name: &'a str,
    description: &'a str,
    /// The column whose value is in a row's path.
    key: &'a str,
    default_mode: &'static str,
    /// The number of its rows, if the request asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    columns: Vec<ColumnView<'a>>,
}

#[derive(Debug, Serialize)]
struct ColumnView<'a> {
    name: &'a str,
    /// The type as in the dictionary: `string(255)`.
    #[serde(rename = "type")]
    column_type: String,
    required: bool,
    auto_increment: bool,
    personal: bool,
    /// The table that the column refers to.
    references: Option<&'a str>,
    description: &'a str,
}

/// Answers with the tables that the caller sees and their columns, each table after those that it
/// refers to.
pub(crate) async fn list(
    _: AsJson,
    InTime(service): InTime<Service>,
    caller: Caller,
    query: Query,
) -> Result<Json<Value>, ProblemResponse> {
    let parameters = [page::table_counts()];
    let is_counted = query.read(&parameters)?.flag("counts");
    let seen = service.dictionary.visible_tables().filter(|table| caller.sees(table.name()));
    let seen: Vec<&Table> = seen.collect();
    let mut tables: Vec<TableView<'_>> = seen.iter().copied().map(TableView::from).collect();
    if is_counted {
        let counts = aurora::count_rows(&service.database, &seen).await;
        let counts = counts.map_err(|error| database_problem(&error))?;
        for (table, rows) in tables.iter_mut().zip(counts) {
            table.rows = Some(rows);
        }
    }
    Ok(Json(json!({ "tables": tables })))
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
