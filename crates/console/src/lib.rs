#![doc = include_str!("../README.md")]

mod encoding;
mod files;
mod policy;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::problem::{Problem, ProblemKind};
use lambda_kit::problem::ProblemResponse;

pub use files::{Files, FilesError};
pub use policy::{BucketOrigin, OriginError};

use crate::files::INDEX;

/// The state that the handlers share.
#[derive(Debug)]
struct Service {
    files: Files,
    policy: HeaderValue,
}

/// Routes the page and its files. Only files that were read at start are found, whatever a path
/// says.
pub fn router(files: Files, origin: &BucketOrigin) -> Router {
    let service = Service { files, policy: origin.policy() };
    Router::new()
        .route("/console", get(index))
        .route("/console/", get(without_slash))
        .route("/console/{*name}", get(file))
        .with_state(Arc::new(service))
}

async fn index(State(service): State<Arc<Service>>, headers: HeaderMap) -> Result<Response, ProblemResponse> {
    service.answer(INDEX, &headers)
}

/// Redirects to the page: its links are relative, and would lead elsewhere from here.
async fn without_slash() -> impl IntoResponse {
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, "../console")])
}

async fn file(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    service.answer(&format!("console/{name}"), &headers)
}

impl Service {
    fn answer(&self, name: &str, headers: &HeaderMap) -> Result<Response, ProblemResponse> {
        let file = self.files.get(name);
        let file =
            file.ok_or_else(|| Problem::new(ProblemKind::NotFound, "The console has no such file."))?;
        let (coding, bytes) = file.form(headers);
        let cache = if file.is_immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mut response = (
            [
                (header::CONTENT_TYPE, HeaderValue::from_static(file.media_type)),
                (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
                (header::VARY, HeaderValue::from_static("accept-encoding")),
                (header::CONTENT_SECURITY_POLICY, self.policy.clone()),
                (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
                (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
                (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            ],
            bytes.clone(),
        )
            .into_response();
        if let Some(coding) = coding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        Ok(response)
    }
}
