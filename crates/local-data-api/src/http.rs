//! The HTTP side: rest-json over HTTP/1.1, and the server's own `/_/` pages.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use tokio::sync::oneshot;

use crate::error::{ApiError, ErrorKind};
use crate::faults::{Faults, Operation};
use crate::service::{Reply, Service};

/// The order to close the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer is withheld")]
pub(crate) struct Hangup;

type Answer = Result<Response<Full<Bytes>>, Hangup>;

/// Answers one request.
pub(crate) async fn handle(service: Arc<Service>, request: Request<Incoming>) -> Answer {
    let (parts, body) = request.into_parts();
    if parts.uri.path().starts_with("/_/") {
        return Ok(own_pages(&service, &parts.method, parts.uri.path(), body).await);
    }
    let operation = Operation::from_path(parts.uri.path()).filter(|_| parts.method == Method::POST);
    let Some(operation) = operation else {
        return Ok(error_response(&unknown_operation(parts.uri.path())));
    };
    let room = service.limits.request_bytes.saturating_sub(header_bytes(&parts.headers));
    let body = match read(body, room).await {
        Ok(body) => body,
        Err(error) => return Ok(error_response(&error)),
    };
    if let Some(authority) = &service.authority
        && let Some(denied) = authority.refuses(&parts, &body).await
    {
        return Ok(denied);
    }
    let (sender, receiver) = oneshot::channel();
    // In a task of its own: as with the service, a client that disconnects does not stop the work,
    // and no session is left in the middle of a statement.
    tokio::spawn(async move { service.call(operation, body, sender).await });
    match receiver.await {
        Ok(Reply::Success(body)) => Ok(response(StatusCode::OK, None, body)),
        Ok(Reply::Error(error)) => Ok(error_response(&error)),
        Ok(Reply::GatewayTimeout) => Ok(response(StatusCode::GATEWAY_TIMEOUT, None, Vec::new())),
        Ok(Reply::Hangup) => Err(Hangup),
        Err(_) => {
            tracing::error!("a call ended without an answer");
            Ok(error_response(&ApiError::new(ErrorKind::InternalServerErrorException, "")))
        }
    }
}

fn unknown_operation(path: &str) -> ApiError {
    if path == "/ExecuteSql" {
        return ApiError::bad_request(
            "This API is deprecated and not available. Use ExecuteStatement API instead",
        );
    }
    ApiError::new(ErrorKind::UnknownOperationException, "")
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

async fn read(body: Incoming, room: usize) -> Result<Bytes, ApiError> {
    let too_large = || {
        ApiError::new(ErrorKind::RequestEntityTooLargeException, "Request size exceeds the limit of 4 MiB")
    };
    if body.size_hint().lower() > room as u64 {
        return Err(too_large());
    }
    match Limited::new(body, room).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => Err(ApiError::new(ErrorKind::SerializationException, error.to_string())),
    }
}

async fn own_pages(service: &Service, method: &Method, path: &str, body: Incoming) -> Response<Full<Bytes>> {
    match (path, method) {
        ("/_/health", &Method::GET) => {
            let reachable = service.pool.reachable().await;
            let page = serde_json::json!({
                "status": if reachable { "ok" } else { "database unreachable" },
                "version": env!("CARGO_PKG_VERSION"),
                "open_transactions": service.transactions.count(),
            });
            let status = if reachable { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            response(status, None, page.to_string().into_bytes())
        }
        ("/_/faults", &Method::GET) => faults_page(service),
        ("/_/faults", &Method::DELETE) => {
            service.faults.clear();
            faults_page(service)
        }
        ("/_/faults", &Method::PUT) => {
            let body = match read(body, service.limits.request_bytes).await {
                Ok(body) => body,
                Err(error) => return error_response(&error),
            };
            let faults = serde_json::from_slice::<Faults>(&body)
                .map_err(|error| error.to_string())
                .and_then(|faults| faults.check().map(|()| faults));
            match faults {
                Ok(faults) => {
                    service.faults.set(faults);
                    faults_page(service)
                }
                Err(why) => error_response(&ApiError::new(ErrorKind::SerializationException, why)),
            }
        }
        _ => error_response(&unknown_operation(path)),
    }
}

fn faults_page(service: &Service) -> Response<Full<Bytes>> {
    let page = serde_json::json!({
        "faults": service.faults.get(),
        "injected": service.faults.injected(),
    });
    response(StatusCode::OK, None, page.to_string().into_bytes())
}

pub(crate) fn error_response(error: &ApiError) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_server_error() {
        tracing::info!(error.kind = error.kind.name(), "answered with a server error: {}", error.message);
    }
    response(status, Some(error.kind), error.body())
}

fn response(status: StatusCode, error: Option<ErrorKind>, body: Vec<u8>) -> Response<Full<Bytes>> {
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
