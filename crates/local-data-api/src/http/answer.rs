//! Answers in rest-json.

use std::fmt::Write as _;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;

use crate::error::{ApiError, ErrorKind};

pub(super) fn unknown_operation(path: &str) -> ApiError {
    if path == "/ExecuteSql" {
        return ApiError::bad_request(
            "This API is deprecated and not available. Use ExecuteStatement API instead",
        );
    }
    ApiError::new(ErrorKind::UnknownOperationException, "")
}

pub(super) fn error_response(error: &ApiError) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_server_error() {
        tracing::info!(error.kind = error.kind.name(), "answered with a server error: {}", error.message);
    }
    response(status, Some(error.kind), error.body())
}

pub(super) fn response(status: StatusCode, error: Option<ErrorKind>, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(id) = HeaderValue::from_str(&request_id()) {
        headers.insert("x-amzn-requestid", id);
    }
    if let Some(kind) = error {
        headers.insert("x-amzn-errortype", HeaderValue::from_static(kind.name()));
    }
    response
}

/// A random identifier in the form of a UUID, version 4.
fn request_id() -> String {
    let random = (fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{random:032x}");
    let mut id = String::with_capacity(36);
    let _ = write!(id, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    id
}
