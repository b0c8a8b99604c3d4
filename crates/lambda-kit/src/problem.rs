//! Problem details as HTTP responses.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::problem::{Problem, ProblemKind};

/// Seconds that a client should wait after a 503: Aurora takes about fifteen to resume from zero.
const RETRY_AFTER_SECONDS: &str = "10";

/// The content codings of bodies that are supported, for a client that sent another one.
const ENCODINGS: &str = "gzip";

/// A problem as an `application/problem+json` response; handlers return it with `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemResponse(Box<Problem>);

impl From<Problem> for ProblemResponse {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl IntoResponse for ProblemResponse {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        // Strings and numbers alone cannot fail to serialize.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let status = StatusCode::from_u16(problem.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 11.6.1.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if problem.kind == ProblemKind::UnsupportedEncoding {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(ENCODINGS));
        }
        response
    }
}

/// Makes a sentence of a message: a capital letter at its start and a full stop at its end.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}
