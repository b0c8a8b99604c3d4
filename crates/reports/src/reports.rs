//! `GET /reports` and `GET /reports/{name}`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use domain::problem::{Problem, ProblemKind};
use domain::report::{Column, Parameter, ParameterType, Report, read_parameters};
use lambda_kit::caller::Caller;
use lambda_kit::http::{InTime, Rows};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::accept::{Form, negotiate};
use crate::csv::CsvWriter;
use crate::json::JsonWriter;
use crate::payload::TooLarge;
use crate::result::{self, RowError};
use crate::{Service, database_problem};

/// The reports that the caller sees, their parameters and columns.
pub(crate) async fn list(
    InTime(service): InTime<Service>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let form = negotiate(&headers, &[Form::Json])?;
    read_parameters(&[], &query::pairs(query.as_deref())).map_err(query::problem)?;
    let reports: Vec<Value> = seen(service.reports, &caller).map(describe).collect();
    let body = json!({ "reports": reports }).to_string();
    Ok(([(header::CONTENT_TYPE, form.content_type())], body).into_response())
}

/// One report.
pub(crate) async fn run(
    InTime(service): InTime<Service>,
    caller: Caller,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    // A name that is not UTF-8 is no report's.
    let name = name.map(|Path(name)| name).unwrap_or_default();
    let report = service
        .reports
        .iter()
        .find(|report| report.name() == name)
        .ok_or_else(|| unknown(service.reports, &caller))?;
    report.tables().iter().try_for_each(|table| caller.require(table))?;
    let form = negotiate(&headers, &[Form::Json, Form::Csv])?;
    let parameters =
        read_parameters(report.parameters(), &query::pairs(query.as_deref())).map_err(query::problem)?;

    let rows = result::fetch(&service.database, report, &parameters).await.map_err(|error| match error {
        aurora::Error::TooLarge { .. } => too_large_for_database(report),
        error => database_problem(&error),
    })?;
    let body = match form {
        // No page is on offer here.
        Form::Json | Form::Html => {
            JsonWriter::new(report, &parameters).map_err(WriteError::from).and_then(|mut writer| {
                each_row(report, &rows, |cells| writer.push(cells))?;
                Ok(writer.finish()?)
            })
        }
        Form::Csv => CsvWriter::new(report).map_err(WriteError::from).and_then(|mut writer| {
            each_row(report, &rows, |cells| writer.push(&cells))?;
            Ok(writer.finish())
        }),
    };
    let body = body.map_err(|error| match error {
        WriteError::TooLarge => too_large(report, form),
        WriteError::Row(error) => {
            tracing::error!(report = report.name(), %error, "the report's file is wrong");
            Problem::internal()
        }
    })?;
    tracing::debug!(report = report.name(), "report made");

    let mut response = body.into_response();
    response.extensions_mut().insert(Rows(u64::try_from(rows.len()).unwrap_or(u64::MAX)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(form.content_type()));
    headers.insert(header::VARY, header::HeaderValue::from_static("accept"));
    if form == Form::Csv
        && let Ok(value) = format!("attachment; filename=\"{}.csv\"", report.name()).parse()
    {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

enum WriteError {
    TooLarge,
    Row(RowError),
}

impl From<TooLarge> for WriteError {
    fn from(TooLarge: TooLarge) -> Self {
        Self::TooLarge
    }
}

fn each_row(
    report: &Report,
    rows: &[Box<RawValue>],
    mut write: impl FnMut(Vec<result::Cell>) -> Result<(), TooLarge>,
) -> Result<(), WriteError> {
    for row in rows {
        write(result::cells(report.columns(), row).map_err(WriteError::Row)?)?;
    }
    Ok(())
}

/// The reports all of whose tables the caller sees.
fn seen<'r>(reports: &'r [Report], caller: &Caller) -> impl Iterator<Item = &'r Report> {
    reports.iter().filter(|report| report.tables().iter().all(|table| caller.sees(table)))
}

fn unknown(reports: &[Report], caller: &Caller) -> Problem {
    let names: Vec<&str> = seen(reports, caller).map(Report::name).collect();
    let detail = format!("There is no such report. The reports are: {}.", names.join(", "));
    Problem::new(ProblemKind::NotFound, detail)
}

fn too_large(report: &Report, form: Form) -> Problem {
    let mut advice = advice(report);
    if form == Form::Json {
        advice.push_str(" As text/csv it takes less room.");
    }
    TooLarge.problem(&format!("The report {}", report.name()), &advice)
}

/// What is over the Data API's own limit, which is below ours, is so in every form.
fn too_large_for_database(report: &Report) -> Problem {
    let what = format!("The rows of the report {}", report.name());
    let detail =
        format!("{what} are more than the 1 MiB that the database gives at once. {}", advice(report));
    Problem::new(ProblemKind::ResultTooLarge, detail)
}

/// How to ask for less.
fn advice(report: &Report) -> String {
    let names: Vec<&str> = report.parameters().iter().map(|parameter| parameter.name.as_str()).collect();
    if names.is_empty() {
        "It has no parameters to ask for less with.".to_owned()
    } else {
        format!("Ask for less with its parameters: {}.", names.join(", "))
    }
}

fn describe(report: &Report) -> Value {
    let parameters: Vec<Value> = report.parameters().iter().map(describe_parameter).collect();
    let columns: Vec<Value> = report.columns().iter().map(describe_column).collect();
    json!({
        "name": report.name(),
        "title": report.title(),
        "description": report.description(),
        "tables": report.tables(),
        "parameters": parameters,
        "columns": columns,
        "chart": report.chart(),
    })
}

fn describe_parameter(parameter: &Parameter) -> Value {
    let mut object = Map::new();
    let mut set = |key: &str, value: Value| object.insert(key.to_owned(), value);
    set("name", json!(parameter.name));
    set("type", json!(parameter.parameter_type.name()));
    match &parameter.default {
        Some(default) => set("default", json!(default)),
        None => set("required", json!(parameter.required)),
    };
    match &parameter.parameter_type {
        ParameterType::Integer { minimum, maximum } => {
            set("minimum", json!(minimum));
            set("maximum", json!(maximum));
        }
        ParameterType::String { max_length } => {
            set("max_length", json!(max_length));
        }
        ParameterType::Choice { values } => {
            set("values", json!(values));
        }
        ParameterType::Boolean | ParameterType::Date => {}
    }
    set("description", json!(parameter.description));
    Value::Object(object)
}

fn describe_column(column: &Column) -> Value {
    json!({ "name": column.name(), "type": column.column_type().name(), "description": column.description() })
}
