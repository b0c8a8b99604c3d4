//! `GET /me`: the person who is signed in, and the account's rights.

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::dictionary::Table;
use lambda_kit::http::InTime;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::NoQuery;
use serde_json::json;

use super::service::{Service, SignedIn};
use crate::directory::Directory;

/// Answers with the person, as the token has it: rights given since then come with the next token.
pub(crate) async fn get<D: Directory>(
    SignedIn(person): SignedIn,
    InTime(service): InTime<Service<D>>,
    _: NoQuery,
) -> Result<Response, ProblemResponse> {
    let tables = service.accounts.dictionary.visible_tables().map(Table::name);
    let tables: Vec<&str> = tables.filter(|table| person.rights().sees(table)).collect();
    let groups: Vec<&str> = person.groups().collect();
    let me = json!({ "username": person.username(), "groups": groups, "tables": tables });
    Ok(Json(me).into_response())
}
