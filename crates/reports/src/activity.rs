//! `GET /activity`: rows and loads by day and table.

use aurora::loads;
use axum::response::Response;
use domain::page;
use lambda_kit::caller::Caller;
use lambda_kit::http::InTime;
use lambda_kit::payload;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::Query;
use serde_json::json;

use crate::accept::AsJson;
use crate::loads::VisibleTables;
use crate::service::{Service, database_problem};

/// Answers with the last days, newest first, of the tables that the caller sees.
pub(crate) async fn get(
    _: AsJson,
    InTime(service): InTime<Service>,
    caller: Caller,
    query: Query,
) -> Result<Response, ProblemResponse> {
    let parameters = [page::activity_days()];
    let days = query.read(&parameters)?.integer("days").and_then(|days| days.try_into().ok());
    let seen = VisibleTables::new(service.dictionary, &caller);
    let days = loads::activity(&service.database, seen.filter(), days.unwrap_or(u32::MAX)).await;
    let days = days.map_err(|error| database_problem(&error))?;
    let answer = json!({ "days": days });
    Ok(payload::json(&answer, "The activity of these days", "Ask for fewer days.")?)
}
