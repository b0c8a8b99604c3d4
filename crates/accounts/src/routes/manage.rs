//! Accounts as operators manage them: `GET /accounts`, `POST /accounts/{username}/approve` and
//! `/disable`.

use axum::Json;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use domain::audit::Action;
use domain::page;
use domain::problem::{Problem, ProblemKind};
use lambda_kit::caller::ByOperator;
use lambda_kit::http::{InTime, PathText, RequestId};
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::{NoQuery, Query, mistake};
use serde_json::json;

use super::request::{Approval, read};
use super::service::{OperatorPerson, Service, failure, record};
use crate::accounts::ChangeError;
use crate::directory::{Directory, DirectoryError};
use crate::groups::Groups;
use crate::username::Username;

/// The rule for the `after` parameter of a page.
const AFTER: &str = "must be what next of the page before says, not more than an hour later";

/// Answers with a page of accounts.
pub(crate) async fn list<D: Directory>(
    _: ByOperator,
    InTime(service): InTime<Service<D>>,
    query: Query,
) -> Result<Response, ProblemResponse> {
    // Cognito's own tokens have no blanks.
    let token = |after: &str| !after.is_empty() && !after.contains(char::is_whitespace);
    let page = query.page(page::ACCOUNTS, AFTER, |after| token(after).then(|| after.to_owned()))?;
    let limit = page.limit.try_into().unwrap_or(i32::MAX);
    let page = service.accounts.page(limit, page.after.as_deref()).await.map_err(|error| match error {
        ChangeError::Directory(DirectoryError::NoPage) => mistake("after", format!("after {AFTER}.")),
        error => failure(&error),
    })?;
    Ok(Json(page).into_response())
}

/// Gives an account exactly these groups, and enables it.
pub(crate) async fn approve<D: Directory>(
    OperatorPerson(person): OperatorPerson,
    InTime(service): InTime<Service<D>>,
    request: RequestId,
    PathText(username): PathText,
    _: NoQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemResponse> {
    let Approval { groups } = read(&headers, body, Approval::SHAPE).await?;
    let accounts = &service.accounts;
    let groups = Groups::parse(&groups, accounts.dictionary)
        .map_err(|error| Problem::new(ProblemKind::WrongShape, error))?;
    let name = name_of(&username)?;
    let detail = json!({ "account": name, "groups": groups.names() });
    record(&accounts.database, person.username(), &request, Action::Approve, &detail).await?;
    let account = accounts.approve(&name, &groups).await.map_err(|error| failure(&error))?;
    Ok(Json(account).into_response())
}

/// Disables an account.
pub(crate) async fn disable<D: Directory>(
    OperatorPerson(person): OperatorPerson,
    InTime(service): InTime<Service<D>>,
    request: RequestId,
    PathText(username): PathText,
    _: NoQuery,
) -> Result<Response, ProblemResponse> {
    let accounts = &service.accounts;
    let name = name_of(&username)?;
    if name.as_str() == person.username() {
        let detail = "Nobody disables their own account. Another operator can.";
        return Err(Problem::new(ProblemKind::AccountState, detail).into());
    }
    let detail = json!({ "account": name });
    record(&accounts.database, person.username(), &request, Action::Disable, &detail).await?;
    let account = accounts.disable(&name).await.map_err(|error| failure(&error))?;
    Ok(Json(account).into_response())
}

/// Reads the name of an account. Text that cannot be a name belongs to no account.
fn name_of(text: &str) -> Result<Username, Problem> {
    Username::parse(text).ok_or_else(|| failure(&ChangeError::Unknown))
}
