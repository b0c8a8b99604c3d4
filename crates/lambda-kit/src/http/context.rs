//! The context of a request that comes by another door than API Gateway.

use axum::http::Extensions;
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
use lambda_http::request::RequestContext;

use super::RequestId;

/// Puts among a request's extensions what API Gateway would tell of it: its id, and the id of the key that it came with.
/// Everything that asks who calls asks there, so whoever calls this must have checked the key.
pub fn put_context(extensions: &mut Extensions, request: &RequestId, key_id: &str) {
    let mut context = ApiGatewayProxyRequestContext::default();
    context.request_id = Some(request.0.clone());
    context.identity.api_key_id = Some(key_id.to_owned());
    extensions.insert(RequestContext::ApiGatewayV1(context));
}
