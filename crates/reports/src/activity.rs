//! `GET /activity`: what came in by day and table.

use aurora::loads;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use domain::page;
use domain::report::{ParameterValue, read_parameters};
use lambda_kit::caller::Caller;
use lambda_kit::http::InTime;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;
use serde_json::json;

use crate::accept::{Form, negotiate};
use crate::loads::Seen;
use crate::payload::Payload;
use crate::{Service, database_problem};

/// The last days, newest first, of the tables that the caller sees.
pub(crate) async fn get(
    InTime(service): InTime<Service>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let form = negotiate(&headers, &[Form::Json])?;
    let parameters = [page::activity_days()];
    let values = read_parameters(&parameters, &query::pairs(query.as_deref())).map_err(query::problem)?;
    let days = match values.get("days") {
        Some(ParameterValue::Integer(days)) => *days,
        _ => page::ACTIVITY_DAYS.default,
    };
    let days = u32::try_from(days).unwrap_or(u32::MAX);
    let seen = Seen::new(service.dictionary, &caller);
    let days = loads::activity(&service.database, seen.of(), days).await;
    let days = days.map_err(|error| database_problem(&error))?;
    let mut payload = Payload::default();
    let advice = "Ask for fewer days.";
    payload
        .push(&json!({ "days": days }).to_string())
        .map_err(|error| error.problem("The activity of these days", advice))?;
    Ok(([(header::CONTENT_TYPE, form.content_type())], payload.into_text()).into_response())
}
