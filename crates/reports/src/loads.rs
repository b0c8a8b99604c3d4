//! `GET /loads` and `GET /loads/{id}`: the loads ledger.

use aurora::loads;
use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use domain::dictionary::Dictionary;
use domain::load::{LoadId, LoadStatus};
use domain::problem::{Problem, ProblemDetail, ProblemKind};
use domain::report::{Parameter, ParameterType, ParameterValue, read_parameters};
use lambda_kit::http::RequestId;
use lambda_kit::problem::ProblemResponse;
use serde_json::json;

use crate::accept::{Form, negotiate};
use crate::payload::{Payload, TooLarge};
use crate::{Service, database_problem, query};

const MAX_LIMIT: i64 = 1000;
const DEFAULT_LIMIT: i64 = 100;
const STATUSES: [LoadStatus; 4] =
    [LoadStatus::Running, LoadStatus::Completed, LoadStatus::Failed, LoadStatus::Skipped];

/// Loads, newest first.
pub(crate) async fn list(
    State(service): State<Service>,
    Extension(id): Extension<RequestId>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let form = negotiate(&headers, &[Form::Json])?;
    let filter = Filter::read(service.dictionary, query::pairs(query.as_deref())).map_err(query::problem)?;
    let page = loads::list(
        &service.database,
        filter.table.as_deref(),
        filter.status,
        filter.limit,
        filter.after.as_ref(),
    )
    .await
    .map_err(|error| match error {
        aurora::Error::TooLarge { .. } => too_large(TooLarge),
        error => database_problem(&error, &id),
    })?;
    let mut payload = Payload::default();
    payload.push(&json!({ "loads": page.loads, "next": page.next }).to_string()).map_err(too_large)?;
    Ok(([(header::CONTENT_TYPE, form.content_type())], payload.into_text()).into_response())
}

/// One load.
pub(crate) async fn get(
    State(service): State<Service>,
    Extension(id): Extension<RequestId>,
    load: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let form = negotiate(&headers, &[Form::Json])?;
    read_parameters(&[], &query::pairs(query.as_deref())).map_err(query::problem)?;
    // What cannot be an id is no load's.
    let Some(load) = load.ok().and_then(|Path(load)| LoadId::parse(&load)) else {
        return Err(unknown().into());
    };
    let record = loads::get(&service.database, &load).await.map_err(|error| database_problem(&error, &id))?;
    let record = record.ok_or_else(unknown)?;
    Ok(([(header::CONTENT_TYPE, form.content_type())], json!(record).to_string()).into_response())
}

fn unknown() -> Problem {
    Problem::new(ProblemKind::NotFound, "There is no such load. GET /loads lists them.")
}

fn too_large(error: TooLarge) -> Problem {
    error.problem("This page of loads", "Ask for fewer with limit.")
}

/// Which loads are wanted.
#[derive(Debug, PartialEq, Eq)]
struct Filter {
    table: Option<String>,
    status: Option<LoadStatus>,
    limit: u32,
    after: Option<LoadId>,
}

impl Filter {
    fn read(dictionary: &Dictionary, mut given: Vec<(String, String)>) -> Result<Self, Vec<ProblemDetail>> {
        // The ledger has the tables' own names; a client may use their aliases.
        for (_, value) in given.iter_mut().filter(|(name, _)| name == "table") {
            if let Some(table) = dictionary.table(value) {
                table.name().clone_into(value);
            }
        }
        let parameters = parameters(dictionary);
        let result = read_parameters(&parameters, &given);
        let after = given.iter().find(|(name, _)| name == "after").map(|(_, value)| LoadId::parse(value));
        let wrong_after = matches!(after, Some(None));
        let mut mistakes = result.as_ref().err().cloned().unwrap_or_default();
        if wrong_after && !mistakes.iter().any(|mistake| mistake.parameter == "after") {
            let detail = "after must be a load's id, as next has it.".to_owned();
            mistakes.push(ProblemDetail { parameter: "after".to_owned(), detail });
        }
        match result {
            Ok(values) if mistakes.is_empty() => {
                let text = |name: &str| match values.get(name) {
                    Some(ParameterValue::String(text)) => Some(text.clone()),
                    _ => None,
                };
                let limit = match values.get("limit") {
                    Some(ParameterValue::Integer(limit)) => *limit,
                    _ => DEFAULT_LIMIT,
                };
                Ok(Self {
                    table: text("table"),
                    status: text("status").and_then(|status| LoadStatus::from_name(&status)),
                    limit: u32::try_from(limit).unwrap_or(u32::MAX),
                    after: after.flatten(),
                })
            }
            _ => Err(mistakes),
        }
    }
}

fn parameters(dictionary: &Dictionary) -> [Parameter; 4] {
    let optional = |name: &str, parameter_type, default| Parameter {
        name: name.to_owned(),
        parameter_type,
        default,
        required: false,
        description: String::new(),
    };
    let tables = dictionary.tables().iter().map(|table| table.name().to_owned()).collect();
    let statuses = STATUSES.map(|status| status.as_str().to_owned()).into();
    [
        optional("table", ParameterType::Choice { values: tables }, None),
        optional("status", ParameterType::Choice { values: statuses }, None),
        optional(
            "limit",
            ParameterType::Integer { minimum: 1, maximum: MAX_LIMIT },
            Some(ParameterValue::Integer(DEFAULT_LIMIT)),
        ),
        optional("after", ParameterType::String { max_length: 64 }, None),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Filter, Vec<String>> {
        let dictionary = domain::shipped::dictionary().unwrap();
        Filter::read(dictionary, query::pairs(Some(query)))
            .map_err(|mistakes| mistakes.into_iter().map(|mistake| mistake.detail).collect())
    }

    #[test]
    fn reads_every_filter_and_knows_a_table_by_its_alias() {
        assert_eq!(read(""), Ok(Filter { table: None, status: None, limit: 100, after: None }));
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(
            read(&format!("table=hired_employees&status=failed&limit=1000&after={id}")),
            Ok(Filter {
                table: Some("employees".to_owned()),
                status: Some(LoadStatus::Failed),
                limit: 1000,
                after: LoadId::parse(id)
            })
        );
    }

    #[test]
    fn reports_every_mistake() {
        assert_eq!(
            read("table=people&status=done&limit=0&after=7&order=asc").unwrap_err(),
            [
                "table must be departments, jobs or employees, not \"people\".",
                "status must be running, completed, failed or skipped, not \"done\".",
                "limit must be from 1 to 1000, not 0.",
                "order is not known; there are table, status, limit and after.",
                "after must be a load's id, as next has it.",
            ]
        );
        assert_eq!(read("after=7&after=8").unwrap_err(), ["after is given 2 times; give it once."]);
    }
}
