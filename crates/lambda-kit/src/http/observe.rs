//! The log line and the id of a request.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
use lambda_http::request::RequestContext;
use tracing::Instrument;

use super::extensions::{RequestId, Rows};
use super::trace;
use crate::caller::{Caller, Person};
use crate::log::REQUESTS;
use crate::metrics::{RequestFigures, request_answered};

/// Adds the request's id to the answer, and writes the request's log line: the route and the
/// result, never the path or query that was sent, a body or a key. Every other line of the request
/// has its id and its trace id.
pub(super) async fn observe(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = gateway(&request).and_then(|context| context.request_id.clone());
    let id = id.map(RequestId).unwrap_or_default();
    let caller = Caller::of(request.extensions());
    let trace = trace::id(request.headers());
    let method = method_name(request.method());
    let route = route(&request);
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!(target: REQUESTS, "request", request.id = id.0, trace.id = trace);

    let mut response = next.run(request).instrument(span).await;

    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert("x-request-id", value);
    }
    request_answered(&RequestFigures {
        request: &id.0,
        method,
        route: &route,
        status: response.status().as_u16(),
        time: started.elapsed(),
        rows: response.extensions().get::<Rows>().map(|rows| rows.0),
        key: match &caller {
            Caller::Key(key) => Some(key.id()),
            Caller::Person(_) | Caller::Unknown => None,
        },
        person: caller.person().map(Person::username),
        trace: trace.as_deref(),
    });
    response
}

fn gateway(request: &Request) -> Option<&ApiGatewayProxyRequestContext> {
    match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV1(context)) => Some(context),
        _ => None,
    }
}

/// Returns the route that matched, without a slash at its end; `-` if none did. It is never the
/// client's text, each of which would be a metric of its own.
pub fn route(request: &Request) -> String {
    let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    matched.map_or("-", |path| path.strip_suffix('/').unwrap_or(path)).to_owned()
}

/// Returns the name of a known method, and `-` for other words: a client may send any.
pub fn method_name(method: &Method) -> &'static str {
    const NAMES: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    NAMES.into_iter().find(|name| method == name).unwrap_or("-")
}
