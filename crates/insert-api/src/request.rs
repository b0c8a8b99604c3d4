//! Reading a request's body.

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use domain::batch::{BatchError, MAX_BODY_BYTES};
use domain::problem::Problem;
use lambda_kit::body::{self, BodyError};

/// The bytes of a body that is declared as JSON and not too large.
pub(crate) async fn json_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    match body::json(headers, body, MAX_BODY_BYTES).await {
        Ok(bytes) if bytes.is_empty() => Err(BatchError::Empty.into()),
        Err(BodyError::TooLarge(_)) => Err(BatchError::TooLarge.into()),
        read => read.map_err(Problem::from),
    }
}
