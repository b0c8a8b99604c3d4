//! The context of a request that does not come from API Gateway.

use axum::http::Extensions;
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
use lambda_http::request::RequestContext;

use super::extensions::RequestId;

/// Adds the context that API Gateway would add to a request's extensions: its id and the id of its
/// key. All checks of callers trust it, so the key must have been checked before.
pub fn put_context(extensions: &mut Extensions, request: &RequestId, key_id: &str) {
    let mut context = ApiGatewayProxyRequestContext::default();
    context.request_id = Some(request.0.clone());
    context.identity.api_key_id = Some(key_id.to_owned());
    extensions.insert(RequestContext::ApiGatewayV1(context));
}
