//! `GET /me`: who is signed in, and what the account may.

use axum::Json;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use domain::dictionary::Table;
use domain::report::read_parameters;
use lambda_kit::caller::Right;
use lambda_kit::http::InTime;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;
use serde_json::json;

use crate::directory::Directory;
use crate::service::{Service, SignedIn};

/// The person, as the token says: rights that were given since come with the next token.
pub(crate) async fn get<D: Directory>(
    SignedIn(person): SignedIn,
    InTime(service): InTime<Service<D>>,
    RawQuery(query): RawQuery,
) -> Result<Response, ProblemResponse> {
    read_parameters(&[], &query::pairs(query.as_deref())).map_err(query::problem)?;
    let tables = service.accounts.dictionary.visible_tables().map(Table::name);
    let may_read = person.may(Right::Read);
    let tables: Vec<&str> = tables.filter(|table| may_read && person.sees(table)).collect();
    let groups: Vec<&str> = person.groups().collect();
    let me = json!({ "username": person.username(), "groups": groups, "tables": tables });
    Ok(Json(me).into_response())
}
