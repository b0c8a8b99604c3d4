//! `GET /openapi.json` and `GET /docs`: the description of the API, for programs and for people.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::problem::Problem;
use lambda_kit::caller::Caller;
use lambda_kit::payload::json_text;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::{NoQuery, Query};
use openapi::{Door, Source};

use crate::accept::{AsJson, Form, negotiate};
use crate::service::Service;

/// Answers with the OpenAPI document.
pub(crate) async fn document(
    _: AsJson,
    State(service): State<Service>,
    caller: Caller,
    _: NoQuery,
) -> Result<Response, ProblemResponse> {
    Ok(json_text(openapi::json(source(&service, &caller))))
}

/// Answers with the page that shows it.
pub(crate) async fn page(
    State(service): State<Service>,
    caller: Caller,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let form = negotiate(&headers, &[Form::Html])?;
    query.read(&[])?;
    let page = openapi::page(&openapi::json(source(&service, &caller)));
    let policy = HeaderValue::from_str(&page.policy).map_err(|_| Problem::internal())?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(form.content_type())),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Ok((headers, page.html).into_response())
}

/// Returns the source of the document for the door that the caller came through.
fn source<'s>(service: &'s Service, caller: &Caller) -> Source<'s> {
    let (door, url) = match caller {
        Caller::Person(_) => (Door::People, &service.people_url),
        Caller::Key(_) | Caller::Unknown => (Door::Scripts, &service.url),
    };
    Source {
        dictionary: service.dictionary,
        reports: service.reports,
        version: env!("CARGO_PKG_VERSION"),
        door,
        url,
    }
}
