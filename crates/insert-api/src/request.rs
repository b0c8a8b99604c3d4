//! Reading a request: its body, and what its headers want.

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use domain::batch::{BatchError, MAX_BODY_BYTES};
use domain::idempotency::{IdempotencyKey, InvalidKey};
use domain::prefer::TxPreference;
use domain::problem::Problem;
use lambda_http::request::RequestContext;
use lambda_kit::body::{self, BodyError};
use lambda_kit::http::RequestId;
use lambda_kit::problem::ProblemResponse;

const PREFER: &str = "prefer";
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// How an insert is to be done, beside what it inserts.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) id: RequestId,
    pub(crate) preference: Option<TxPreference>,
    pub(crate) key: Option<IdempotencyKey>,
    /// Whose key it is: the id of the caller's API key.
    pub(crate) caller: String,
}

impl<S: Sync> FromRequestParts<S> for Wanted {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        let prefer = parts.headers.get_all(PREFER).into_iter().filter_map(|value| value.to_str().ok());
        Ok(Self {
            id: parts.extensions.get().cloned().unwrap_or_else(|| RequestId("none".to_owned())),
            preference: TxPreference::read(prefer),
            key: key(&parts.headers).map_err(Problem::from)?,
            caller: caller(&parts.extensions).to_owned(),
        })
    }
}

fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, InvalidKey> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).into_iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => IdempotencyKey::parse(value.as_bytes()).map(Some),
        // Which of them would be the key?
        (Some(_), Some(_)) => Err(InvalidKey),
    }
}

/// The id of the API key that the request came with, as API Gateway says it, never as a header does. Requests that came by no
/// gateway are all one caller's.
fn caller(extensions: &Extensions) -> &str {
    match extensions.get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV1(context)) => {
            context.identity.api_key_id.as_deref().unwrap_or_default()
        }
        _ => "",
    }
}

/// Returns the bytes of a body that is declared as JSON and not too large, unpacked if it came as gzip.
pub(crate) async fn json_body(headers: &HeaderMap, body: Body) -> Result<Bytes, ProblemResponse> {
    match body::json(headers, body, MAX_BODY_BYTES).await {
        Ok(bytes) if bytes.is_empty() => Err(Problem::from(BatchError::Empty).into()),
        Err(BodyError::TooLarge(_)) => Err(Problem::from(BatchError::TooLarge).into()),
        read => read.map_err(ProblemResponse::from),
    }
}
