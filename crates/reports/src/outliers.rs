//! `GET /outliers`: rows of a table that look wrong, as the dictionary lets one tell.

use aurora::outliers::{self, Found};
use axum::extract::RawQuery;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use domain::dictionary::{Dictionary, Table};
use domain::json_row::json_of_row_text;
use domain::outliers::{Check, checks};
use domain::problem::{Problem, ProblemKind};
use domain::report::{Parameter, ParameterType, ParameterValue, read_parameters};
use futures_util::{StreamExt, TryStreamExt, future, stream};
use lambda_kit::caller::Caller;
use lambda_kit::http::InTime;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::accept::{Form, negotiate};
use crate::payload::Payload;
use crate::{Service, database_problem};

/// Checks that run at the same time: each reads all of the table, and they share the database with everybody.
const SIDE_BY_SIDE: usize = 3;

/// What a check found, as `docs/api.md` has it. A check that has nothing to look at is left out.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Outlier {
    UnknownReference {
        table: &'static str,
        column: &'static str,
        references: &'static str,
        count: u64,
        rows: Vec<Box<RawValue>>,
    },
    FarDate {
        table: &'static str,
        column: &'static str,
        from: String,
        to: String,
        count: u64,
        rows: Vec<Box<RawValue>>,
    },
    UnusualCount {
        table: &'static str,
        column: &'static str,
        references: &'static str,
        count: u64,
        mean: f64,
        groups: Vec<Group>,
    },
}

#[derive(Debug, Serialize)]
struct Group {
    id: i64,
    rows: u64,
}

#[derive(Debug, Serialize)]
struct Answer {
    checks: Vec<Outlier>,
}

/// The checks of a table and what each found. Each is one statement or two, in the request's time.
pub(crate) async fn get(
    InTime(service): InTime<Service>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let form = negotiate(&headers, &[Form::Json])?;
    let table = table_of(service.dictionary, &caller, &query::pairs(query.as_deref()))?;
    let runs: Vec<_> =
        checks(service.dictionary, table).into_iter().map(|check| run(&service, check)).collect();
    let checks = stream::iter(runs).buffered(SIDE_BY_SIDE);
    let checks: Vec<Outlier> =
        checks.try_filter_map(|outlier| future::ready(Ok(outlier))).try_collect().await?;
    let answer = Answer { checks };
    let json = serde_json::to_string(&answer).map_err(|_| Problem::internal())?;
    let mut payload = Payload::default();
    let advice = "Read the rows page by page with GET /tables/{table}/rows.";
    payload.push(&json).map_err(|error| error.problem("The rows that look wrong", advice))?;
    Ok(([(header::CONTENT_TYPE, form.content_type())], payload.into_text()).into_response())
}

/// Which table is asked about; the caller must see it.
fn table_of(
    dictionary: &'static Dictionary,
    caller: &Caller,
    given: &[(String, String)],
) -> Result<&'static Table, Problem> {
    let parameters = [Parameter {
        name: "table".to_owned(),
        parameter_type: ParameterType::String { max_length: 64 },
        default: None,
        required: true,
        description: String::new(),
    }];
    let values = read_parameters(&parameters, given).map_err(query::problem)?;
    let name = match values.get("table") {
        Some(ParameterValue::String(name)) => name.as_str(),
        _ => "",
    };
    let table = dictionary.table(name).filter(|table| !table.is_hidden()).ok_or_else(|| {
        let names = caller.seen_tables(dictionary);
        Problem::new(ProblemKind::UnknownTable, format!("There is no such table. The tables are: {names}."))
    })?;
    caller.require(table.name())?;
    Ok(table)
}

/// Runs a check; `None` where there is nothing that it could look at.
async fn run(service: &Service, check: Check<'static>) -> Result<Option<Outlier>, Problem> {
    let database = &service.database;
    let failed = |error: aurora::Error| database_problem(&error);
    Ok(match check {
        Check::UnknownReference { table, column, references } => {
            let found = outliers::unknown_references(database, table, column, references).await;
            let Found { count, rows } = found.map_err(failed)?;
            let rows = objects(table, &rows)?;
            let (table, column, references) = (table.name(), column.name(), references.name());
            Some(Outlier::UnknownReference { table, column, references, count, rows })
        }
        Check::FarDate { table, column } => {
            let found = outliers::far_dates(database, table, column).await.map_err(failed)?;
            let far = |far: outliers::FarDates| {
                let rows = objects(table, &far.found.rows)?;
                let (from, to) = (moment(far.from), moment(far.to));
                let (table, column, count) = (table.name(), column.name(), far.found.count);
                Ok::<_, Problem>(Outlier::FarDate { table, column, from, to, count, rows })
            };
            found.map(far).transpose()?
        }
        Check::UnusualCount { table, column, references } => {
            let found = outliers::unusual_counts(database, table, column, references).await;
            found.map_err(failed)?.map(|found| Outlier::UnusualCount {
                table: table.name(),
                column: column.name(),
                references: references.name(),
                count: found.count,
                mean: found.mean,
                groups: found.groups.into_iter().map(|(id, rows)| Group { id, rows }).collect(),
            })
        }
    })
}

/// A day or moment of the database as rows have it.
fn moment(text: String) -> String {
    match text.split_once(' ') {
        Some((day, time)) => format!("{day}T{time}Z"),
        None => text,
    }
}

/// Rows as JSON objects, from their texts.
///
/// # Errors
/// The problem of a row that is not as the dictionary says: it was written past Rowgate. The log says which column.
fn objects(table: &Table, texts: &[String]) -> Result<Vec<Box<RawValue>>, Problem> {
    let mut objects = Vec::with_capacity(texts.len());
    for text in texts {
        let (json, _) = json_of_row_text(table, text).map_err(|problem| {
            let table = table.name();
            tracing::error!(table, %problem, "a row is not as the dictionary says");
            Problem::internal()
        })?;
        objects.push(RawValue::from_string(json).map_err(|_| Problem::internal())?);
    }
    Ok(objects)
}
