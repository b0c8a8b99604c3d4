//! `GET /openapi.json` and `GET /docs`: what the service can be asked, for programs and for people.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::problem::Problem;
use domain::report::read_parameters;
use lambda_kit::caller::Caller;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;
use openapi::{Door, Source};

use crate::Service;
use crate::accept::{Form, negotiate};

/// The OpenAPI document.
pub(crate) async fn document(
    State(service): State<Service>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let form = asked(&headers, query.as_deref(), Form::Json)?;
    Ok(([(header::CONTENT_TYPE, form.content_type())], openapi::json(source(&service, &caller)))
        .into_response())
}

/// The page that shows it.
pub(crate) async fn page(
    State(service): State<Service>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let form = asked(&headers, query.as_deref(), Form::Html)?;
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

/// The one form there is, where the client accepts it and asks for nothing else.
fn asked(headers: &HeaderMap, query: Option<&str>, form: Form) -> Result<Form, Problem> {
    let form = negotiate(headers, &[form])?;
    read_parameters(&[], &query::pairs(query)).map_err(query::problem)?;
    Ok(form)
}

/// The document of the door that the caller came through.
fn source<'s>(service: &'s Service, caller: &Caller) -> Source<'s> {
    let (door, url) = match caller {
        Caller::Person(_) => (Door::People, &service.people_url),
        Caller::Key { .. } | Caller::Unknown => (Door::Scripts, &service.url),
    };
    Source {
        dictionary: service.dictionary,
        reports: service.reports,
        version: env!("CARGO_PKG_VERSION"),
        door,
        url,
    }
}

#[cfg(test)]
mod tests {
    use lambda_kit::problem::HttpProblemKind;
    use serde_json::Value;

    use super::*;

    /// The document cannot depend on the crate that has these kinds, and repeats them.
    #[test]
    fn the_document_has_the_problems_that_only_http_knows() {
        let document = openapi::json(Source {
            dictionary: domain::shipped::dictionary().unwrap(),
            reports: domain::report::shipped().unwrap(),
            version: "1.2.3",
            door: Door::Scripts,
            url: "https://api.example.com/v1",
        });
        let document: Value = serde_json::from_str(&document).unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for kind in HttpProblemKind::ALL {
            let of_kind = schemas
                .values()
                .find(|schema| schema["properties"]["type"]["enum"] == serde_json::json!([kind.type_uri()]));
            let members = &of_kind.unwrap_or_else(|| panic!("no {}", kind.type_uri()))["properties"];
            assert_eq!(members["title"]["enum"], serde_json::json!([kind.title()]));
            assert_eq!(members["status"]["minimum"], kind.status());
        }
    }
}
