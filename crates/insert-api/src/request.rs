//! The headers and the body of a request.

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use domain::batch::{BatchError, MAX_BODY_BYTES};
use domain::idempotency::{IdempotencyKey, InvalidKey};
use domain::prefer::TxPreference;
use domain::problem::Problem;
use lambda_kit::body::{self, BodyError};
use lambda_kit::caller::Caller;
use lambda_kit::http::RequestId;
use lambda_kit::problem::ProblemResponse;

const PREFER: &str = "prefer";
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The headers of an insert, and its caller.
#[derive(Debug)]
pub(crate) struct InsertContext {
    pub(crate) id: RequestId,
    pub(crate) preference: Option<TxPreference>,
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) caller: Caller,
}

impl<S: Sync> FromRequestParts<S> for InsertContext {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        let prefer = parts.headers.get_all(PREFER).into_iter().filter_map(|value| value.to_str().ok());
        Ok(Self {
            id: parts.extensions.get().cloned().unwrap_or_default(),
            preference: TxPreference::read(prefer),
            key: key(&parts.headers).map_err(Problem::from)?,
            caller: Caller::of(&parts.extensions),
        })
    }
}

fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, InvalidKey> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).into_iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => IdempotencyKey::parse(value.as_bytes()).map(Some),
        // It is ambiguous.
        (Some(_), Some(_)) => Err(InvalidKey),
    }
}

/// Returns the bytes of a body that is declared as JSON and not too large, unpacked if it came as
/// gzip.
pub(crate) async fn json_body(headers: &HeaderMap, body: Body) -> Result<Bytes, ProblemResponse> {
    match body::json(headers, body, MAX_BODY_BYTES).await {
        Err(BodyError::TooLarge(_)) => Err(Problem::from(BatchError::TooLarge).into()),
        read => read.map_err(ProblemResponse::from),
    }
}
