//! Which of the API's two keys a request came with: some methods are the operator's alone.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::Extensions;
use axum::http::request::Parts;
use domain::problem::{Problem, ProblemKind};
use lambda_http::request::RequestContext;

use crate::env::{self, EnvError};
use crate::problem::ProblemResponse;

/// The variable that holds the id of the operator's key.
const KEY_ID_VARIABLE: &str = "ROWGATE_OPERATOR_KEY_ID";

/// The API's operator, known by the id of the key.
///
/// API Gateway checks the key itself before it calls a function, and tells its id in `requestContext.identity.apiKeyId`
/// (docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format).
/// So a function needs to know no secret, and a header that the caller wrote decides nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    key_id: String,
}

impl Operator {
    /// The operator whose key has this id.
    pub fn new(key_id: impl Into<String>) -> Self {
        Self { key_id: key_id.into() }
    }

    /// The operator whose key's id is in `ROWGATE_OPERATOR_KEY_ID`.
    ///
    /// # Errors
    /// [`EnvError`] when it is not set: without it nobody could be told from the operator.
    pub fn from_env() -> Result<Self, EnvError> {
        env::required(KEY_ID_VARIABLE).map(Self::new)
    }

    /// Whether a request with these extensions is the operator's. One that came by no gateway is nobody's.
    pub fn called(&self, extensions: &Extensions) -> bool {
        let key_id = match extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV1(context)) => context.identity.api_key_id.as_deref(),
            _ => None,
        };
        !self.key_id.is_empty() && key_id == Some(&self.key_id)
    }
}

/// An argument of handlers that are for the operator alone: every other caller is answered 403 before anything else of the
/// request is looked at. Put it first among the arguments; the state gives out the [`Operator`] through [`FromRef`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByOperator;

impl<S> FromRequestParts<S> for ByOperator
where
    S: Send + Sync,
    Operator: FromRef<S>,
{
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        if Operator::from_ref(state).called(&parts.extensions) { Ok(Self) } else { Err(forbidden().into()) }
    }
}

/// The same for every caller and every path, so that it tells nothing of what is there.
fn forbidden() -> Problem {
    Problem::new(ProblemKind::Forbidden, "This method takes the operator's key.")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use axum::routing::{get, post};
    use axum::{Router, response::IntoResponse};
    use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
    use tower::ServiceExt;

    use super::*;

    fn routes() -> Router {
        let answer = |_: ByOperator, body: String| async move { body.into_response() };
        Router::new()
            .route("/backups", post(answer).merge(get(|| async { "anybody's" })))
            .with_state(Operator::new("op"))
    }

    async fn status(request: Request<Body>) -> u16 {
        routes().oneshot(request).await.unwrap().status().as_u16()
    }

    fn request(method: &str, key_id: Option<&str>) -> Request<Body> {
        let mut context = ApiGatewayProxyRequestContext::default();
        context.identity.api_key_id = key_id.map(Into::into);
        let request = Request::builder()
            .method(method)
            .uri("/backups")
            .extension(RequestContext::ApiGatewayV1(context));
        request.body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn lets_the_operator_alone_do_what_is_the_operators() {
        assert_eq!(status(request("POST", Some("op"))).await, 200);
        for key_id in [Some("writer"), Some("OP"), Some("op "), Some(""), None] {
            assert_eq!(status(request("POST", key_id)).await, 403, "{key_id:?}");
        }
        assert_eq!(status(request("GET", Some("writer"))).await, 200);
    }

    #[tokio::test]
    async fn believes_no_header_and_nobody_without_a_gateway() {
        let direct = Request::post("/backups").header("x-api-key", "op").body(Body::empty()).unwrap();
        assert_eq!(status(direct).await, 403);
        let mut forged = request("POST", Some("writer"));
        forged.headers_mut().insert("x-api-key", "op".parse().unwrap());
        assert_eq!(status(forged).await, 403);
    }

    #[tokio::test]
    async fn an_operator_without_a_key_is_nobody() {
        for key_id in [Some(""), None] {
            let (parts, _) = request("POST", key_id).into_parts();
            assert!(!Operator::new("").called(&parts.extensions));
        }
    }

    #[tokio::test]
    async fn refuses_with_the_same_text_always() {
        let response = routes().oneshot(request("POST", Some("writer"))).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(
            std::str::from_utf8(&body).unwrap(),
            concat!(
                r#"{"type":"urn:rowgate:problem:forbidden","title":"Forbidden","status":403,"#,
                r#""detail":"This method takes the operator's key."}"#
            )
        );
    }
}
