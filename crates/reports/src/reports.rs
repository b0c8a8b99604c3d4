//! `GET /reports` and `GET /reports/{name}`.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::parameter::{Parameter, ParameterType, ParameterValue};
use domain::problem::{Problem, ProblemKind};
use domain::report::Report;
use indexmap::IndexMap;
use lambda_kit::caller::Caller;
use lambda_kit::http::{InTime, PathText, Rows};
use lambda_kit::log_failure;
use lambda_kit::payload::TooLarge;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::{NoQuery, Query};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::accept::{AsJson, Form, negotiate};
use crate::csv::CsvWriter;
use crate::json::JsonWriter;
use crate::result::{self, RowError};
use crate::service::Service;

/// Answers with the reports that the caller sees, their parameters and columns.
pub(crate) async fn list(
    _: AsJson,
    InTime(service): InTime<Service>,
    caller: Caller,
    _: NoQuery,
) -> Result<Json<Value>, ProblemResponse> {
    let reports: Vec<Value> = seen(service.reports, &caller).map(describe).collect();
    Ok(Json(json!({ "reports": reports })))
}

/// Runs a report and answers with its rows.
pub(crate) async fn run(
    InTime(service): InTime<Service>,
    caller: Caller,
    PathText(name): PathText,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let report = service.reports.iter().find(|report| report.name == name);
    let report = report.ok_or_else(|| unknown(service.reports, &caller))?;
    report.tables.iter().try_for_each(|table| caller.require(table))?;
    let form = negotiate(&headers, &[Form::Json, Form::Csv])?;
    let parameters = query.read(&report.parameters)?.0;
    let rows = result::fetch(&service.database, report, &parameters).await.map_err(|error| match error {
        aurora::Error::TooLarge { .. } => too_large_for_database(report),
        error => {
            let what = format!("the report {} could not be run; rowgate tables check runs it", report.name);
            log_failure(&what, error.class(), &error);
            error.to_problem()
        }
    })?;
    let body = write(report, form, &parameters, &rows).map_err(|error| match error {
        WriteError::TooLarge => too_large(report, form),
        WriteError::Row(error) => {
            tracing::error!(report = report.name, %error, "the report's file is wrong");
            Problem::internal()
        }
    })?;
    tracing::debug!(report = report.name, "report made");
    Ok(answer(report, form, rows.len(), body))
}

fn write(
    report: &Report,
    form: Form,
    parameters: &IndexMap<&str, ParameterValue>,
    rows: &[Box<RawValue>],
) -> Result<String, WriteError> {
    let cells = rows.iter().map(|row| result::cells(&report.columns, row).map_err(WriteError::Row));
    if form == Form::Csv {
        let mut writer = CsvWriter::new(report)?;
        cells.into_iter().try_for_each(|cells| Ok::<_, WriteError>(writer.push(&cells?)?))?;
        Ok(writer.finish())
    } else {
        let mut writer = JsonWriter::new(report, parameters)?;
        cells.into_iter().try_for_each(|cells| Ok::<_, WriteError>(writer.push(cells?)?))?;
        Ok(writer.finish()?)
    }
}

fn answer(report: &Report, form: Form, rows: usize, body: String) -> Response {
    let mut response = (
        [(header::CONTENT_TYPE, form.content_type()), (header::VARY, "accept")],
        Extension(Rows(u64::try_from(rows).unwrap_or(u64::MAX))),
        body,
    )
        .into_response();
    if form == Form::Csv
        && let Ok(value) = format!("attachment; filename=\"{}.csv\"", report.name).parse()
    {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
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

/// Returns the reports whose tables the caller sees.
fn seen<'r>(reports: &'r [Report], caller: &Caller) -> impl Iterator<Item = &'r Report> {
    reports.iter().filter(|report| report.tables.iter().all(|table| caller.sees(table)))
}

fn unknown(reports: &[Report], caller: &Caller) -> Problem {
    let names: Vec<&str> = seen(reports, caller).map(|report| &*report.name).collect();
    let detail = format!("There is no such report. The reports are: {}.", names.join(", "));
    Problem::new(ProblemKind::NotFound, detail)
}

fn too_large(report: &Report, form: Form) -> Problem {
    let mut advice = advice(report);
    if form == Form::Json {
        advice.push_str(" As text/csv it takes less room.");
    }
    TooLarge.problem(&format!("The report {}", report.name), &advice)
}

/// Returns the problem of rows beyond the Data API's limit, which is below ours and holds for every
/// form.
fn too_large_for_database(report: &Report) -> Problem {
    let what = format!("The rows of the report {}", report.name);
    let detail =
        format!("{what} are more than the 1 MiB that the database gives at once. {}", advice(report));
    Problem::new(ProblemKind::ResultTooLarge, detail)
}

/// Returns advice on how to ask for less.
fn advice(report: &Report) -> String {
    let names: Vec<&str> = report.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    if names.is_empty() {
        "It has no parameters to ask for less with.".to_owned()
    } else {
        format!("Ask for less with its parameters: {}.", names.join(", "))
    }
}

fn describe(report: &Report) -> Value {
    let parameters: Vec<Value> = report.parameters.iter().map(describe_parameter).collect();
    json!({
        "name": report.name,
        "title": report.title,
        "description": report.description,
        "tables": report.tables,
        "parameters": parameters,
        "columns": report.columns,
        "chart": report.chart,
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
