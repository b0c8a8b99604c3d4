//! Requests as API Gateway passes them on to a function's routes, and their answers.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request};
use http_body_util::{BodyExt, Collected};
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
use lambda_http::request::RequestContext;
use serde_json::{Value, json};
use tower::ServiceExt;

/// The id of every request.
pub const REQUEST_ID: &str = "request-1";

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub bytes: Bytes,
    /// The same as JSON; null if it is none.
    pub body: Value,
}

/// Returns the extension of a request with the API key that has this id, or with none.
pub fn by_key(id: Option<&str>) -> RequestContext {
    let mut context = ApiGatewayProxyRequestContext::default();
    context.request_id = Some(REQUEST_ID.to_owned());
    context.identity.api_key_id = id.map(str::to_owned);
    RequestContext::ApiGatewayV1(context)
}

/// Returns the extension of a request by a person in these groups.
pub fn by_person(username: &str, groups: &str) -> RequestContext {
    let mut context = ApiGatewayProxyRequestContext::default();
    context.request_id = Some(REQUEST_ID.to_owned());
    let claims = json!({ "token_use": "access", "username": username, "cognito:groups": groups });
    context.authorizer.fields.insert("claims".to_owned(), claims);
    RequestContext::ApiGatewayV1(context)
}

/// Sends a request to a function's routes.
pub async fn send(routes: &Router, request: Request<Body>) -> Reply {
    let Ok(response) = routes.clone().oneshot(request).await;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    Reply { status: parts.status.as_u16(), headers: parts.headers, bytes, body }
}
