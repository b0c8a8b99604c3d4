//! Asks another service, which knows users, roles and policies, if a caller may make a call.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::answer::error_response;
use crate::error::{ApiError, ErrorKind};
use crate::request;

/// For how long a caller who may make a call may make its like. A policy that changes is obeyed no
/// later.
const REMEMBERED: Duration = Duration::from_secs(60);

/// An emulator of IAM: it is sent a call as it came, signature and all, and answers 204 where its
/// caller may make it.
#[derive(Debug)]
pub(super) struct Authority {
    address: String,
    /// The permitted calls, and the time of each permission.
    allowed: Mutex<HashMap<u64, Instant>>,
}

impl Authority {
    pub(super) fn new(address: String) -> Self {
        Self { address, allowed: Mutex::default() }
    }

    /// The answer to a call whose caller may not make it.
    pub(super) async fn refuses(&self, parts: &Parts, body: &Bytes) -> Option<Response<Full<Bytes>>> {
        let like = like(parts, body);
        let known = self.allowed.lock().unwrap_or_else(PoisonError::into_inner).get(&like).copied();
        if known.is_some_and(|said| said.elapsed() < REMEMBERED) {
            return None;
        }
        match self.ask(parts, body).await {
            Ok(answer) if answer.status() == StatusCode::NO_CONTENT => {
                self.allowed.lock().unwrap_or_else(PoisonError::into_inner).insert(like, Instant::now());
                None
            }
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::error!("cannot ask {} who may make calls: {error}", self.address);
                Some(error_response(&ApiError::new(ErrorKind::ServiceUnavailableError, "")))
            }
        }
    }

    async fn ask(
        &self,
        parts: &Parts,
        body: &Bytes,
    ) -> Result<Response<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(&self.address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        // The host stays: it is signed.
        let mut request = Request::post(parts.uri.path()).body(Full::new(body.clone()))?;
        *request.headers_mut() = parts.headers.clone();
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let mut answer = Response::new(Full::new(body.collect().await?.to_bytes()));
        *answer.status_mut() = parts.status;
        for name in ["content-type", "x-amzn-errortype"] {
            if let Some(value) = parts.headers.get(name) {
                answer.headers_mut().insert(name, value.clone());
            }
        }
        Ok(answer)
    }
}

/// Returns the digest of a call's caller, operation, cluster and secret.
fn like(parts: &Parts, body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    // "AWS4-HMAC-SHA256 Credential=<key id>/<date>/<region>/<service>/aws4_request, …": all before
    // the first comma.
    let authorization = parts.headers.get(AUTHORIZATION).map(http::HeaderValue::as_bytes).unwrap_or_default();
    authorization.split(|byte| *byte == b',').next().hash(&mut hasher);
    parts.uri.path().hash(&mut hasher);
    if let Ok(request) = request::Request::parse(body) {
        (request.resource_arn.as_deref(), request.secret_arn.as_deref()).hash(&mut hasher);
    }
    hasher.finish()
}
