//! `GET /audit`: the audit trail, newest first.

use aurora::audit::{self, Filter};
use axum::Json;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use domain::page;
use domain::problem::ProblemDetail;
use domain::report::{Parameter, ParameterType, ParameterValue, read_parameters};
use lambda_kit::caller::ByOperator;
use lambda_kit::http::InTime;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;

use crate::directory::Directory;
use crate::service::{Service, database_problem};

/// What people did.
pub(crate) async fn list<D: Directory>(
    _: ByOperator,
    InTime(service): InTime<Service<D>>,
    RawQuery(query): RawQuery,
) -> Result<Response, ProblemResponse> {
    let accounts = &service.accounts;
    let wanted = Wanted::read(&query::pairs(query.as_deref())).map_err(query::problem)?;
    // Entries have the tables' own names; a client may use their aliases.
    let table = wanted.table.as_deref();
    let table = table.map(|name| accounts.dictionary.table(name).map_or(name, |table| table.name()));
    let username = wanted.username.as_deref();
    let filter = Filter { username, table, row: wanted.row.as_deref(), after: wanted.after };
    let page = audit::page(&accounts.database, &filter, wanted.limit).await;
    Ok(Json(page.map_err(|error| database_problem(&error))?).into_response())
}

/// Which entries are wanted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    limit: u32,
    after: Option<i64>,
    username: Option<String>,
    table: Option<String>,
    row: Option<String>,
}

impl Wanted {
    fn read(given: &[(String, String)]) -> Result<Self, Vec<ProblemDetail>> {
        let parameter = |name: &str, parameter_type| Parameter {
            name: name.to_owned(),
            parameter_type,
            default: None,
            required: false,
            description: String::new(),
        };
        let text = |name: &str, max_length| parameter(name, ParameterType::String { max_length });
        let parameters = [
            page::AUDIT.limit(),
            parameter("after", ParameterType::Integer { minimum: 1, maximum: i64::MAX }),
            text("username", 128),
            text("table", 64),
            text("row", 64),
        ];
        let values = read_parameters(&parameters, given)?;
        let text = |name: &str| match values.get(name) {
            Some(ParameterValue::String(text)) => Some(text.clone()),
            _ => None,
        };
        let number = |name: &str| match values.get(name) {
            Some(ParameterValue::Integer(number)) => Some(*number),
            _ => None,
        };
        Ok(Self {
            limit: number("limit").and_then(|limit| u32::try_from(limit).ok()).unwrap_or_default(),
            after: number("after"),
            // Accounts have their names in lower case.
            username: text("username").map(|name| name.to_lowercase()),
            table: text("table"),
            row: text("row"),
        })
    }
}
