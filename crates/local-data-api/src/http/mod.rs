//! The HTTP side: rest-json over HTTP/1.1, and the server's own `/_/` pages.

mod answer;
mod authority;
mod body;
mod pages;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use tokio::sync::oneshot;

use self::answer::{error_response, response, unknown_operation};
use self::authority::Authority;
use crate::error::{ApiError, ErrorKind};
use crate::faults::Operation;
use crate::service::Service;
use crate::service::reply::Reply;

/// Closes the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer is withheld")]
pub(crate) struct Disconnect;

/// Returns the bytes of a body, all of which are there.
fn byte_count(body: &Full<Bytes>) -> usize {
    body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(usize::MAX)
}

/// The service behind HTTP, for callers who may use it.
#[derive(Debug)]
pub(crate) struct Endpoint {
    service: Arc<Service>,
    authority: Option<Authority>,
}

impl Endpoint {
    /// Serves `service` to everybody, or to those whom the IAM at this address lets.
    pub(crate) fn new(service: Arc<Service>, authority: Option<String>) -> Self {
        Self { service, authority: authority.map(Authority::new) }
    }

    /// Answers one request.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Disconnect> {
        let Self { service, authority } = &*self;
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        if path.starts_with("/_/") {
            return Ok(pages::answer(service, &parts.method, path, body).await);
        }
        let operation = Operation::from_path(path).filter(|_| parts.method == Method::POST);
        let Some(operation) = operation else {
            return Ok(error_response(&unknown_operation(path)));
        };
        let room = service.limits.request_bytes.saturating_sub(body::header_bytes(&parts.headers));
        let body = match body::read(body, room).await {
            Ok(body) => body,
            Err(error) => return Ok(error_response(&error)),
        };
        if let Some(authority) = authority
            && let Some(denied) = authority.refuses(&parts, &body).await
        {
            return Ok(denied);
        }
        let (sender, receiver) = oneshot::channel();
        let request_bytes = body.len();
        let working = Arc::clone(service);
        // In a task of its own: as with the service, a client that disconnects does not stop the
        // work, and no session is left in the middle of a statement.
        tokio::spawn(async move { working.call(operation, body, sender).await });
        let answer = match receiver.await {
            Ok(Reply::Success(body)) => Ok(response(StatusCode::OK, None, body)),
            Ok(Reply::Error(error)) => Ok(error_response(&error)),
            Ok(Reply::GatewayTimeout) => Ok(response(StatusCode::GATEWAY_TIMEOUT, None, Vec::new())),
            Ok(Reply::Disconnect) => Err(Disconnect),
            Err(_) => {
                tracing::error!("a call ended without an answer");
                Ok(error_response(&ApiError::new(ErrorKind::InternalServerErrorException, "")))
            }
        };
        let response_bytes = answer.as_ref().map_or(0, |answer| byte_count(answer.body()));
        service.usage.count(operation, request_bytes, response_bytes);
        answer
    }
}
