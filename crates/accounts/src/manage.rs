//! What operators do with accounts: `GET /accounts`, `POST /accounts/{username}/approve` and `/disable`.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::audit::Action;
use domain::page;
use domain::problem::{Problem, ProblemDetail, ProblemKind};
use domain::report::{Parameter, ParameterType, ParameterValue, read_parameters};
use lambda_kit::caller::ByOperator;
use lambda_kit::http::{InTime, RequestId};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;
use serde_json::json;

use crate::accounts::ChangeError;
use crate::directory::{Directory, DirectoryError};
use crate::groups::Groups;
use crate::request::{Approval, read};
use crate::service::{OperatorPerson, Service, failure, record};
use crate::username::Username;

/// Characters of what `next` has, at most; Cognito's have some hundreds.
const MAX_AFTER_CHARS: usize = 4_000;

/// The accounts.
pub(crate) async fn list<D: Directory>(
    _: ByOperator,
    InTime(service): InTime<Service<D>>,
    RawQuery(query): RawQuery,
) -> Result<Response, ProblemResponse> {
    let (limit, after) = page_of(&query::pairs(query.as_deref())).map_err(query::problem)?;
    let page = service.accounts.page(limit, after.as_deref()).await.map_err(|error| match error {
        ChangeError::Directory(DirectoryError::NoPage) => no_page(),
        error => failure(&error),
    })?;
    Ok(Json(page).into_response())
}

/// Lets an account in, with exactly these groups.
pub(crate) async fn approve<D: Directory>(
    OperatorPerson(person): OperatorPerson,
    InTime(service): InTime<Service<D>>,
    Extension(request): Extension<RequestId>,
    username: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemResponse> {
    read_parameters(&[], &query::pairs(query.as_deref())).map_err(query::problem)?;
    let Approval { groups } = read(&headers, body, Approval::SHAPE).await?;
    let accounts = &service.accounts;
    let groups = Groups::parse(&groups, accounts.dictionary)
        .map_err(|error| Problem::new(ProblemKind::WrongShape, error))?;
    let name = name_of(username)?;
    let detail = json!({ "account": name, "groups": groups.names() });
    record(&accounts.database, person.username(), &request, Action::Approve, &detail).await?;
    let account = accounts.approve(&name, &groups).await.map_err(|error| failure(&error))?;
    Ok(Json(account).into_response())
}

/// Lets an account in no more.
pub(crate) async fn disable<D: Directory>(
    OperatorPerson(person): OperatorPerson,
    InTime(service): InTime<Service<D>>,
    Extension(request): Extension<RequestId>,
    username: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, ProblemResponse> {
    read_parameters(&[], &query::pairs(query.as_deref())).map_err(query::problem)?;
    let accounts = &service.accounts;
    let name = name_of(username)?;
    if name.as_str() == person.username() {
        let detail = "Nobody disables their own account. Another operator can.";
        return Err(Problem::new(ProblemKind::AccountState, detail).into());
    }
    let detail = json!({ "account": name });
    record(&accounts.database, person.username(), &request, Action::Disable, &detail).await?;
    let account = accounts.disable(&name).await.map_err(|error| failure(&error))?;
    Ok(Json(account).into_response())
}

/// What cannot be a name is no account's.
fn name_of(path: Result<Path<String>, PathRejection>) -> Result<Username, Problem> {
    let name = path.ok().and_then(|Path(text)| Username::parse(&text));
    name.ok_or_else(|| failure(&ChangeError::Unknown))
}

fn page_of(given: &[(String, String)]) -> Result<(i32, Option<String>), Vec<ProblemDetail>> {
    let after = Parameter {
        name: "after".to_owned(),
        parameter_type: ParameterType::String { max_length: MAX_AFTER_CHARS },
        default: None,
        required: false,
        description: String::new(),
    };
    let parameters = [page::ACCOUNTS.limit(), after];
    let values = read_parameters(&parameters, given)?;
    let limit = match values.get("limit") {
        Some(ParameterValue::Integer(limit)) => i32::try_from(*limit).unwrap_or_default(),
        _ => 0,
    };
    match values.get("after") {
        // Cognito's own tokens have characters alone, and no blanks.
        Some(ParameterValue::String(after)) if after.is_empty() || after.contains(char::is_whitespace) => {
            Err(no_page().errors)
        }
        Some(ParameterValue::String(after)) => Ok((limit, Some(after.clone()))),
        _ => Ok((limit, None)),
    }
}

fn no_page() -> Problem {
    let detail = "after must be what next of the page before says, not more than an hour later.".to_owned();
    query::problem(vec![ProblemDetail { parameter: "after".to_owned(), detail }])
}
