//! `GET /outliers`: rows of a table that look wrong by the dictionary.

use aurora::outliers::{self, Found};
use axum::response::Response;
use domain::dictionary::{Column, Dictionary, Reference, Table};
use domain::outliers::{Check, checks};
use domain::parameter::Parameter;
use domain::problem::{Problem, ProblemKind};
use domain::value::Key;
use futures_util::{StreamExt, TryStreamExt, future, stream};
use lambda_kit::caller::Caller;
use lambda_kit::http::InTime;
use lambda_kit::payload;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::Query;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::accept::AsJson;
use crate::service::{Service, database_problem};

/// Checks that run concurrently: each reads the whole table, and all callers share the database.
const SIDE_BY_SIDE: usize = 3;

/// The result of a check, as `docs/api.md` describes it. A check without anything to look at is
/// left out. Of a reference of several columns, `column` is the first.
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
    id: Key,
    rows: u64,
}

#[derive(Debug, Serialize)]
struct Answer {
    checks: Vec<Outlier>,
}

/// Answers with the checks of a table and what each found. Each is one statement or two, in the
/// request's time.
pub(crate) async fn get(
    _: AsJson,
    InTime(service): InTime<Service>,
    caller: Caller,
    query: Query,
) -> Result<Response, ProblemResponse> {
    let table = table_of(service.dictionary, &caller, &query)?;
    let runs: Vec<_> =
        checks(service.dictionary, table).into_iter().map(|check| run(&service, check)).collect();
    let checks = stream::iter(runs).buffered(SIDE_BY_SIDE);
    let checks: Vec<Outlier> =
        checks.try_filter_map(|outlier| future::ready(Ok(outlier))).try_collect().await?;
    let advice = "Read the rows page by page with GET /tables/{table}/rows.";
    Ok(payload::json(&Answer { checks }, "The rows that look wrong", advice)?)
}

/// Returns the table that a request names; the caller must see it.
fn table_of(
    dictionary: &'static Dictionary,
    caller: &Caller,
    query: &Query,
) -> Result<&'static Table, Problem> {
    let parameters = [Parameter { required: true, ..Parameter::text("table", 64) }];
    let values = query.read(&parameters)?;
    let named = values.text("table").and_then(|name| dictionary.table(name));
    let table = named.filter(|table| !table.is_hidden()).ok_or_else(|| {
        let names = caller.seen_tables(dictionary);
        Problem::new(ProblemKind::UnknownTable, format!("There is no such table. The tables are: {names}."))
    })?;
    caller.require(table.name())?;
    Ok(table)
}

/// Runs a check; `None` if there is nothing to look at.
async fn run(service: &Service, check: Check<'static>) -> Result<Option<Outlier>, Problem> {
    let database = &service.database;
    let failed = |error: aurora::Error| database_problem(&error);
    Ok(match check {
        Check::UnknownReference { table, reference, references } => {
            let found = outliers::unknown_references(database, table, reference, references).await;
            let Found { count, rows } = found.map_err(failed)?;
            let rows = objects(table, &rows)?;
            let column = first_column(table, reference);
            let (table, references) = (table.name(), references.name());
            Some(Outlier::UnknownReference { table, column, references, count, rows })
        }
        Check::FarDate { table, column } => {
            let found = outliers::far_dates(database, table, column).await.map_err(failed)?;
            let far = |far: outliers::FarDates| {
                let rows = objects(table, &far.found.rows)?;
                let (from, to) = (iso(far.from), iso(far.to));
                let (table, column, count) = (table.name(), column.name(), far.found.count);
                Ok::<_, Problem>(Outlier::FarDate { table, column, from, to, count, rows })
            };
            found.map(far).transpose()?
        }
        Check::UnusualCount { table, reference, references } => {
            let found = outliers::unusual_counts(database, table, reference, references).await;
            found.map_err(failed)?.map(|found| Outlier::UnusualCount {
                table: table.name(),
                column: first_column(table, reference),
                references: references.name(),
                count: found.count,
                mean: found.mean,
                groups: found.groups.into_iter().map(|(id, rows)| Group { id, rows }).collect(),
            })
        }
    })
}

/// Returns the name of a reference's first column.
fn first_column(table: &'static Table, reference: &Reference) -> &'static str {
    let first = reference.columns().first().and_then(|index| table.columns().get(*index));
    first.map_or("", Column::name)
}

/// Converts a date or a time of the database to the form that rows have.
fn iso(text: String) -> String {
    match text.split_once(' ') {
        Some((day, time)) => format!("{day}T{time}Z"),
        None => text,
    }
}

/// Converts rows from their texts to JSON objects.
fn objects(table: &Table, texts: &[String]) -> Result<Vec<Box<RawValue>>, Problem> {
    let mut objects = Vec::with_capacity(texts.len());
    for text in texts {
        let (json, _) = payload::json_row(table, text)?;
        objects.push(RawValue::from_string(json).map_err(|_| Problem::internal())?);
    }
    Ok(objects)
}
