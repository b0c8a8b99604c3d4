//! Callers and their rights: holders of API keys, and people who are signed in.

mod keys;
mod person;
mod rights;

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::request::Parts;
use domain::batch::BatchError;
use domain::dictionary::{Dictionary, Table};
use domain::problem::{Problem, ProblemKind};
use lambda_http::request::RequestContext;

pub use keys::{Key, KeyError, Keys, KeysError};
pub use person::{Person, TABLE_GROUP};
pub use rights::{Right, Rights};

use crate::problem::ProblemResponse;

/// The sender of a request, from the context of API Gateway. Headers, query and body are never
/// trusted.
///
/// As an argument of a handler it never fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A script with an API key: the scripts' door.
    Key(Key),
    /// A person who signed in: the people's door.
    Person(Person),
    /// An unknown sender: the method is open, or there is no gateway, as in tests of a router
    /// alone.
    Unknown,
}

impl Caller {
    /// Returns the caller of a request that has passed the layer `identify`, with which the layers
    /// of every service begin.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or(Self::Unknown)
    }

    /// Returns the caller that API Gateway names, with the rights that `keys` give a key. If there
    /// are claims, a key does not count.
    pub(crate) fn of_context(context: Option<&RequestContext>, keys: &Keys) -> Self {
        let Some(RequestContext::ApiGatewayV1(context)) = context else { return Self::Unknown };
        if let Some(claims) = context.authorizer.fields.get("claims") {
            return Self::Person(Person::of_claims(claims));
        }
        match &context.identity.api_key_id {
            Some(id) if !id.is_empty() => Self::Key(keys.find(id)),
            _ => Self::Unknown,
        }
    }

    /// Returns the caller, if it is a person.
    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) => Some(person),
            Self::Key(_) | Self::Unknown => None,
        }
    }

    /// Returns the caller's rights; `None` if nobody is known.
    fn rights(&self) -> Option<&Rights> {
        match self {
            Self::Key(key) => Some(key.rights()),
            Self::Person(person) => Some(person.rights()),
            Self::Unknown => None,
        }
    }

    /// Returns true if the caller has the right.
    pub fn may(&self, right: Right) -> bool {
        self.rights().is_some_and(|rights| rights.may(right))
    }

    /// Returns true if the caller sees the table, by the table's own name.
    pub fn sees(&self, table: &str) -> bool {
        self.rights().is_none_or(|rights| rights.sees(table))
    }

    /// Returns true if the caller sees every table.
    pub fn sees_all(&self) -> bool {
        self.rights().is_none_or(Rights::sees_all)
    }

    /// Returns the names of the tables that the caller sees, for messages: `collections, tags`.
    pub fn seen_tables(&self, dictionary: &Dictionary) -> String {
        let names = dictionary.visible_tables().map(Table::name);
        names.filter(|name| self.sees(name)).collect::<Vec<_>>().join(", ")
    }

    /// Returns the table of this name, which the caller must see.
    ///
    /// # Errors
    /// The problem of an unknown name, which says what tables the caller sees, or of a table that
    /// the caller does not see.
    pub fn table(&self, dictionary: &'static Dictionary, name: &str) -> Result<&'static Table, Problem> {
        let table = dictionary.table(name).ok_or_else(|| {
            let known = self.seen_tables(dictionary);
            BatchError::UnknownTable { name: name.to_owned(), known }
        })?;
        self.require(table.name())?;
        Ok(table)
    }

    /// Requires that the caller sees the table.
    ///
    /// # Errors
    /// The problem of a caller that does not.
    pub fn require(&self, table: &str) -> Result<(), Problem> {
        if self.sees(table) {
            return Ok(());
        }
        let detail = format!("This {} does not see the table {table}.", self.noun());
        Err(Problem::new(ProblemKind::Forbidden, detail))
    }

    /// Requires that the caller may write, for a method that only reads but serves writing.
    ///
    /// # Errors
    /// The problem of a caller that may not.
    pub fn require_write(&self) -> Result<(), Problem> {
        if self.rights().is_none_or(|rights| rights.may(Right::Write)) {
            Ok(())
        } else {
            Err(self.no_right())
        }
    }

    /// Requires that the caller sees every table, for data of all tables.
    ///
    /// # Errors
    /// The problem of a caller that does not.
    pub fn require_all(&self) -> Result<(), Problem> {
        if self.sees_all() {
            return Ok(());
        }
        let detail = format!("This is for {}s that see every table.", self.noun());
        Err(Problem::new(ProblemKind::Forbidden, detail))
    }

    /// Returns the problem of a caller without the right for a method. It is the same for every
    /// key, every person and every path, so that it reveals nothing.
    pub(crate) fn no_right(&self) -> Problem {
        let giver = match self {
            Self::Key(_) => "Who deploys Rowgate",
            Self::Person(_) | Self::Unknown => "An operator",
        };
        let detail = format!(
            "This {} does not have the right to do this. {giver} can give it the right.",
            self.noun()
        );
        Problem::new(ProblemKind::Forbidden, detail)
    }

    /// Returns the word for what gives the caller rights, for messages.
    fn noun(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Person(_) | Self::Unknown => "account",
        }
    }

    /// Returns a text that is unique to the caller: no person has that of a key.
    pub fn identity(&self) -> String {
        match self {
            Self::Key(key) => key.id().to_owned(),
            // No key's id has a line break.
            Self::Person(person) => format!("person\n{}", person.username()),
            Self::Unknown => String::new(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}

/// The argument of handlers for operators alone: holders of a key with the right to operate, and
/// people in the group `operator`. Every other caller is answered 403 before the rest of the
/// request is read, so it must be the first argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByOperator;

impl<S: Sync> FromRequestParts<S> for ByOperator {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let caller = Caller::of(&parts.extensions);
        if caller.may(Right::Operate) { Ok(Self) } else { Err(caller.no_right().into()) }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{HeaderName, Request};
    use axum::routing::{get, post};
    use axum::{Router, response::IntoResponse};
    use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
    use tower::ServiceExt;

    use super::*;
    use crate::http::with_service_layers;

    fn key(id: &str, right: Right, tables: &[&str]) -> Key {
        let tables = (!tables.is_empty()).then(|| tables.iter().map(ToString::to_string).collect());
        Key::new(id.to_owned(), right, tables).unwrap()
    }

    fn keys() -> Keys {
        [
            key("reader", Right::Read, &[]),
            key("writer", Right::Write, &[]),
            key("tags", Right::Write, &["tags"]),
            key("op", Right::Operate, &[]),
            key("op-next", Right::Operate, &[]),
        ]
        .into_iter()
        .collect()
    }

    fn routes() -> Router {
        let answer = |_: ByOperator, body: String| async move { body.into_response() };
        let routes = Router::new().route("/backups", post(answer).merge(get(|| async { "anybody's" })));
        with_service_layers(routes, keys())
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
    async fn lets_operators_alone_do_what_is_the_operators() {
        for key_id in ["op", "op-next"] {
            assert_eq!(status(request("POST", Some(key_id))).await, 200);
        }
        for key_id in [Some("writer"), Some("reader"), Some("tags"), Some("OP"), Some("op "), Some(""), None]
        {
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
    async fn refuses_with_the_same_text_always() {
        for (method, key_id) in [("POST", "writer"), ("POST", "reader"), ("GET", "nobody's")] {
            let response = routes().oneshot(request(method, Some(key_id))).await.unwrap();
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
            assert_eq!(
                std::str::from_utf8(&body).unwrap(),
                concat!(
                    r#"{"type":"urn:rowgate:problem:forbidden","title":"Forbidden","status":403,"#,
                    r#""detail":"This key does not have the right to do this. "#,
                    r#"Who deploys Rowgate can give it the right."}"#
                )
            );
        }
    }

    /// A request with these claims in the gateway's context, from somebody who may send any header.
    fn signed_in(method: &str, claims: serde_json::Value) -> Request<Body> {
        let mut context = ApiGatewayProxyRequestContext::default();
        context.authorizer.fields.insert("claims".to_owned(), claims);
        let request = Request::builder().method(method).uri("/backups");
        request.extension(RequestContext::ApiGatewayV1(context)).body(Body::empty()).unwrap()
    }

    fn claims(groups: &str) -> serde_json::Value {
        serde_json::json!({ "token_use": "access", "username": "ann@x.example", "cognito:groups": groups })
    }

    #[tokio::test]
    async fn an_operator_among_people_needs_no_key() {
        assert_eq!(status(signed_in("POST", claims("operator"))).await, 200);
        for groups in ["writer", "reader", "", "table:operator"] {
            assert_eq!(status(signed_in("POST", claims(groups))).await, 403, "{groups}");
        }
    }

    #[tokio::test]
    async fn a_persons_key_and_headers_give_no_right() {
        let mut request = signed_in("POST", claims("writer"));
        if let Some(RequestContext::ApiGatewayV1(context)) = request.extensions_mut().get_mut() {
            context.identity.api_key_id = Some("op".to_owned());
        }
        let forged = [("x-api-key", "op"), ("cognito:groups", "operator"), ("x-amzn-claims", "operator")];
        for (name, value) in forged {
            request.headers_mut().append(
                HeaderName::from_bytes(name.replace(':', "-").as_bytes()).unwrap(),
                value.parse().unwrap(),
            );
        }
        assert_eq!(status(request).await, 403);
    }

    fn of(request: &Request<Body>) -> Caller {
        Caller::of_context(request.extensions().get(), &keys())
    }

    #[test]
    fn callers_are_distinguished() {
        assert_eq!(of(&request("GET", Some("op"))), Caller::Key(key("op", Right::Operate, &[])));
        assert_eq!(of(&request("GET", None)), Caller::Unknown);
        assert_eq!(of(&request("GET", Some(""))), Caller::Unknown);
        assert_eq!(of(&Request::get("/").body(Body::empty()).unwrap()), Caller::Unknown);
        let ann = of(&signed_in("GET", claims("reader")));
        assert_eq!(ann.person().map(Person::username), Some("ann@x.example"));
        let key = of(&request("GET", Some("ann@x.example")));
        assert_ne!(ann.identity(), key.identity());
        assert_ne!(ann.identity(), Caller::Unknown.identity());
        assert_ne!(
            of(&request("GET", Some("op"))).identity(),
            of(&request("GET", Some("op-next"))).identity()
        );
    }

    #[test]
    fn what_a_caller_may_and_sees() {
        let of_key = |id: &str| of(&request("GET", Some(id)));
        let person = |groups: &str| of(&signed_in("GET", claims(groups)));
        for (caller, may, sees) in [
            (of_key("op"), [true, true, true], [true, true]),
            (of_key("writer"), [true, true, false], [true, true]),
            (of_key("reader"), [true, false, false], [true, true]),
            (of_key("tags"), [true, true, false], [true, false]),
            (of_key("nobody's"), [false, false, false], [false, false]),
            (person("operator,table:tags"), [true, true, true], [true, true]),
            (person("writer"), [true, true, false], [true, true]),
            (person("reader,table:tags"), [true, false, false], [true, false]),
            (person(""), [false, false, false], [false, false]),
            (Caller::Unknown, [false, false, false], [true, true]),
        ] {
            assert_eq!(Right::ALL.map(|right| caller.may(right)), may, "{caller:?}");
            assert_eq!(["tags", "documents"].map(|table| caller.sees(table)), sees, "{caller:?}");
            assert_eq!(["tags", "documents"].map(|table| caller.require(table).is_ok()), sees, "{caller:?}");
            assert_eq!((caller.sees_all(), caller.require_all().is_ok()), (sees[1], sees[1]), "{caller:?}");
            let may_write = may[1] || caller == Caller::Unknown;
            assert_eq!(caller.require_write().is_ok(), may_write, "{caller:?}");
        }
    }

    #[test]
    fn a_refusal_says_what_lacks_the_right() {
        let account = Caller::Person(Person::new("ann", ["reader", "table:documents"]));
        let key = Caller::Key(key("k", Right::Read, &["documents"]));
        for (caller, noun) in [(account, "account"), (key, "key")] {
            let detail = |refused: Result<(), Problem>| refused.unwrap_err().detail;
            assert_eq!(detail(caller.require("tags")), format!("This {noun} does not see the table tags."));
            assert_eq!(detail(caller.require_all()), format!("This is for {noun}s that see every table."));
            assert!(
                detail(caller.require_write()).starts_with(&format!("This {noun} does not have the right"))
            );
        }
    }
}
