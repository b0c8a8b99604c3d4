//! HTTP functions behind API Gateway: a router, and around it what every answer needs.

use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use domain::problem::{Problem, ProblemKind};
use lambda_http::request::RequestContext;

use crate::problem::ProblemResponse;

/// The id that API Gateway gave the request. In answers as `x-request-id`, in log lines as `request.id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Wraps a function's routes: unknown paths and methods answer as problem+json, every answer carries `x-request-id`,
/// every request makes one log line (method, route, status, milliseconds; never bodies or parameters).
pub fn with_service_layers(router: Router) -> Router {
    router
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(middleware::from_fn(log_and_identify))
}

/// Serves a router's requests until Lambda ends the process.
///
/// # Errors
/// Whatever makes the Lambda runtime give up.
pub async fn serve(router: Router) -> Result<(), lambda_http::Error> {
    lambda_http::run(with_service_layers(router)).await
}

async fn unknown_path() -> ProblemResponse {
    Problem::new(ProblemKind::NotFound, "There is nothing at this path.").into()
}

async fn unknown_method(method: Method) -> ProblemResponse {
    Problem::new(ProblemKind::MethodNotAllowed, format!("This path does not take {method}.")).into()
}

async fn log_and_identify(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId(request_id(&request));
    let method = request.method().clone();
    let route =
        request.extensions().get::<MatchedPath>().map_or("-".to_owned(), |path| path.as_str().to_owned());
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await.into_response();
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert("x-request-id", value);
    }
    tracing::info!(
        request.id = id.0,
        http.method = %method,
        http.route = route,
        http.status = response.status().as_u16(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "request answered"
    );
    response
}

fn request_id(request: &Request) -> String {
    let from_gateway = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV1(context)) => context.request_id.clone(),
        _ => None,
    };
    // Without a gateway in front (in tests of a router alone) there is nobody to tell an id to.
    from_gateway.unwrap_or_else(|| "none".to_owned())
}
