//! `GET /tables`: the tables of the dictionary that users see.

use axum::Json;
use domain::dictionary::{Check, Column, OnUnknown, Pattern, Reference, Table, Unknown};
use domain::json_row::write_json_value;
use domain::page;
use domain::value::Value as RowValue;
use lambda_kit::caller::Caller;
use lambda_kit::http::InTime;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::Query;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::accept::AsJson;
use crate::service::{Service, database_problem};

/// A table as `docs/api.md` describes it. Aliases are accepted in requests and never given out.
#[derive(Debug, Serialize)]
struct TableView<'a> {
    name: &'a str,
    description: &'a str,
    /// The columns whose values are in a row's path, with commas between them.
    key: String,
    default_mode: &'static str,
    /// The number of its rows, if the request asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    columns: Vec<ColumnView<'a>>,
    unique: Vec<Vec<&'a str>>,
    references: Vec<ReferenceView<'a>>,
    checks: Vec<&'a str>,
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
    /// The table that the column refers to by itself.
    references: Option<&'a str>,
    rules: RulesView<'a>,
    description: &'a str,
}

#[derive(Debug, Default, Serialize)]
struct RulesView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_length: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
struct ReferenceView<'a> {
    columns: Vec<&'a str>,
    table: &'a str,
    on_unknown: OnUnknownView,
}

#[derive(Debug, Serialize)]
struct OnUnknownView {
    api: Unknown,
    files: Unknown,
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
        let names = |positions: &[usize]| -> Vec<&'a str> {
            positions.iter().map(|index| table.columns()[*index].name()).collect()
        };
        let references = table.references().iter().map(|reference| {
            let OnUnknown { api, files } = reference.on_unknown();
            ReferenceView {
                columns: names(reference.columns()),
                table: reference.table(),
                on_unknown: OnUnknownView { api, files },
            }
        });
        Self {
            name: table.name(),
            description: table.description(),
            key: names(table.key_indexes()).join(","),
            default_mode: table.default_mode().as_str(),
            rows: None,
            columns: (0..table.columns().len()).map(|index| column_view(table, index)).collect(),
            unique: table.unique().iter().map(|unique| names(unique)).collect(),
            references: references.collect(),
            checks: table.checks().iter().map(Check::text).collect(),
        }
    }
}

fn column_view(table: &Table, index: usize) -> ColumnView<'_> {
    let column = &table.columns()[index];
    let own = table.references().iter().find(|reference| reference.columns() == [index]);
    ColumnView {
        name: column.name(),
        column_type: column.column_type().to_string(),
        required: column.required(),
        auto_increment: column.auto_increment(),
        personal: column.personal(),
        references: own.map(Reference::table),
        rules: rules_view(column),
        description: column.description(),
    }
}

fn rules_view(column: &Column) -> RulesView<'_> {
    let Some(rules) = column.rules() else { return RulesView::default() };
    RulesView {
        minimum: rules.minimum().and_then(in_json),
        maximum: rules.maximum().and_then(in_json),
        min_length: rules.min_length(),
        pattern: rules.pattern().map(Pattern::as_str),
        values: rules.values().iter().filter_map(in_json).collect(),
    }
}

/// Returns a value as rows have it.
fn in_json(value: &RowValue<'_>) -> Option<Box<RawValue>> {
    let mut text = String::new();
    write_json_value(value, &mut text);
    RawValue::from_string(text).ok()
}
