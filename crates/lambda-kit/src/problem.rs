//! Problem details as HTTP answers.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::problem::Problem;
use serde_json::{Value, json};

/// What a client is told to wait after a 503, in seconds: Aurora takes about fifteen to resume from zero.
const RETRY_AFTER_SECONDS: &str = "10";

/// The encodings of bodies that are taken, for a client that sent another one.
const ENCODINGS: &str = "gzip";

/// A problem on its way out as `application/problem+json`; handlers return it with `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemResponse {
    /// Of what a request asks for.
    Domain(Box<Problem>),
    /// Of the request as HTTP.
    Http(Box<HttpProblem>),
}

/// A kind of problem that only HTTP knows, whatever a request is about: of its encoding and its conditions.
/// [`ProblemKind`](domain::problem::ProblemKind) has all the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpProblemKind {
    /// The body cannot be unpacked.
    InvalidEncoding,
    /// A condition in the headers does not hold (RFC 9110, section 13).
    PreconditionFailed,
    /// The key sends more requests than it may: of the API in a container, API Gateway answers so itself.
    Throttled,
    /// The body is encoded in a way that is not taken.
    UnsupportedEncoding,
}

/// A problem of such a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpProblem {
    kind: HttpProblemKind,
    detail: String,
}

impl HttpProblemKind {
    /// Every kind.
    pub const ALL: [Self; 4] =
        [Self::InvalidEncoding, Self::PreconditionFailed, Self::Throttled, Self::UnsupportedEncoding];

    /// The stable URI that names the kind.
    pub fn type_uri(self) -> &'static str {
        match self {
            Self::InvalidEncoding => "urn:rowgate:problem:invalid-encoding",
            Self::PreconditionFailed => "urn:rowgate:problem:precondition-failed",
            Self::Throttled => "urn:rowgate:problem:throttled",
            Self::UnsupportedEncoding => "urn:rowgate:problem:unsupported-encoding",
        }
    }

    /// A short title, the same for every problem of the kind.
    pub fn title(self) -> &'static str {
        match self {
            Self::InvalidEncoding => "The body cannot be unpacked",
            Self::PreconditionFailed => "A condition of the request does not hold",
            Self::Throttled => "Too many requests",
            Self::UnsupportedEncoding => "The body has an unsupported encoding",
        }
    }

    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidEncoding => 400,
            Self::PreconditionFailed => 412,
            Self::UnsupportedEncoding => 415,
            Self::Throttled => 429,
        }
    }
}

impl HttpProblem {
    /// A problem with what is wrong, and what to do.
    pub fn new(kind: HttpProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    fn body(&self) -> Value {
        let Self { kind, detail } = self;
        json!({ "type": kind.type_uri(), "title": kind.title(), "status": kind.status(), "detail": detail })
    }
}

impl From<Problem> for ProblemResponse {
    fn from(problem: Problem) -> Self {
        Self::Domain(Box::new(problem))
    }
}

impl From<HttpProblem> for ProblemResponse {
    fn from(problem: HttpProblem) -> Self {
        Self::Http(Box::new(problem))
    }
}

impl IntoResponse for ProblemResponse {
    fn into_response(self) -> Response {
        // Strings and numbers alone cannot fail to serialize.
        let (status, body) = match &self {
            Self::Domain(problem) => (problem.kind.status(), serde_json::to_vec(problem).unwrap_or_default()),
            Self::Http(problem) => (problem.kind.status(), problem.body().to_string().into_bytes()),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
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
        if matches!(&self, Self::Http(problem) if problem.kind == HttpProblemKind::UnsupportedEncoding) {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(ENCODINGS));
        }
        response
    }
}
