//! `GET /openapi.json` and `GET /docs`: what the service can be asked, for programs and for people.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::problem::Problem;
use domain::report::read_parameters;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;
use openapi::Source;

use crate::Service;
use crate::accept::{Form, negotiate};

/// The OpenAPI document.
pub(crate) async fn document(
    State(service): State<Service>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let form = asked(&headers, query.as_deref(), Form::Json)?;
    Ok(([(header::CONTENT_TYPE, form.content_type())], openapi::json(source(&service))).into_response())
}

/// The page that shows it.
pub(crate) async fn page(
    State(service): State<Service>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let form = asked(&headers, query.as_deref(), Form::Html)?;
    let page = openapi::page(&openapi::json(source(&service)));
    let policy = HeaderValue::from_str(&page.policy).map_err(|_| Problem::internal())?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(form.content_type())),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Ok((headers, page.html).into_response())
}

/// The one form there is, where the client accepts it and asks for nothing else.
fn asked(headers: &HeaderMap, query: Option<&str>, form: Form) -> Result<Form, Problem> {
    let form = negotiate(headers, &[form])?;
    read_parameters(&[], &query::pairs(query)).map_err(query::problem)?;
    Ok(form)
}

fn source(service: &Service) -> Source<'_> {
    Source {
        dictionary: service.dictionary,
        reports: service.reports,
        version: env!("CARGO_PKG_VERSION"),
        url: &service.url,
    }
}
