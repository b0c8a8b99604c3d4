//! Requests as API Gateway passes them on to a function's routes, and their answers.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
use lambda_http::request::RequestContext;
use lambda_kit::caller::{Key, Keys, Right};
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
    /// The same, parsed; null if it is empty or its content type is not JSON.
    pub body: Value,
}

/// A caller.
#[derive(Debug, Clone, Copy)]
pub enum By {
    /// A script whose API key has this id.
    Key(&'static str),
    /// A person in these groups.
    Person(&'static str),
}

impl By {
    /// Returns the extension of the caller's requests.
    pub fn context(self) -> RequestContext {
        match self {
            Self::Key(id) => by_key(Some(id)),
            Self::Person(groups) => by_person("ann@x.example", groups),
        }
    }

    /// Returns the word that problems have for what gives the caller rights.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Person(_) => "account",
        }
    }
}

/// Returns API keys with every right: `reader`, `writer` and `operator` see every table, `ann` is a
/// writer with the name of a person, and `team` may write the tables documents and collections
/// alone, `tags` the table tags.
///
/// # Panics
/// Never: the keys are well formed.
#[expect(clippy::expect_used, reason = "the keys are well formed")]
pub fn keys() -> Keys {
    let key = |id: &str, right, tables: &[&str]| {
        let tables = (!tables.is_empty()).then(|| tables.iter().map(ToString::to_string).collect());
        Key::new(id.to_owned(), right, tables).expect("the key is well formed")
    };
    let keys = [
        key("reader", Right::Read, &[]),
        key("writer", Right::Write, &[]),
        key("operator", Right::Operate, &[]),
        key("ann", Right::Write, &[]),
        key("team", Right::Write, &["documents", "collections"]),
        key("tags", Right::Write, &["tags"]),
    ];
    keys.into_iter().collect()
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
///
/// # Panics
/// If the body fails, or is not the JSON that its content type promises.
#[expect(clippy::expect_used, reason = "a test whose answer is broken fails")]
pub async fn send(routes: &Router, request: Request<Body>) -> Reply {
    let Ok(response) = routes.clone().oneshot(request).await;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("the body can be read").to_bytes();
    let body = if is_json(&parts.headers) && !bytes.is_empty() {
        serde_json::from_slice(&bytes).expect("the body is JSON, as its content type says")
    } else {
        Value::Null
    };
    Reply { status: parts.status.as_u16(), headers: parts.headers, bytes, body }
}

/// Returns true for `application/json` and types that end in `+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim();
    content_type == "application/json" || content_type.ends_with("+json")
}
