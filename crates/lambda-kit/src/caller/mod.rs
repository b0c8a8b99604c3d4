//! Callers and their rights: holders of API keys, and people who are signed in.

mod operator;
mod person;

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, Method};
use domain::batch::BatchError;
use domain::dictionary::{Dictionary, Table};
use domain::problem::{Problem, ProblemKind};
use lambda_http::request::RequestContext;

pub use operator::Operator;
pub use person::{Person, TABLE_GROUP};

use crate::problem::ProblemResponse;

/// A right of a caller. Each right includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Reads.
    Read,
    /// Sends rows and files, and replaces rows.
    Write,
    /// Does everything: deletes rows, starts backups and restores, approves accounts.
    Operate,
}

impl Right {
    /// All rights, the least first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Operate];

    /// Returns the right that a method requires.
    pub(crate) fn of_method(method: &Method) -> Self {
        if matches!(*method, Method::GET | Method::HEAD) { Self::Read } else { Self::Write }
    }

    /// Returns the name of the group whose members have the right.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Read => "reader",
            Self::Write => "writer",
            Self::Operate => "operator",
        }
    }

    /// Returns the right that the members of a group have.
    fn of_group(group: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.group() == group)
    }
}

/// The sender of a request, from the context of API Gateway. Headers, query and body are never
/// trusted.
///
/// As an argument of a handler it never fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A script with an API key: the scripts' door.
    Key {
        /// The key's id, which is no secret.
        id: String,
    },
    /// A person who signed in: the people's door.
    Person(Person),
    /// An unknown sender: the method is open, or there is no gateway, as in tests of a router
    /// alone.
    Unknown,
}

impl Caller {
    /// Returns the caller of a request with these extensions. If there are claims, a key does not
    /// count.
    pub fn of(extensions: &Extensions) -> Self {
        let Some(RequestContext::ApiGatewayV1(context)) = extensions.get::<RequestContext>() else {
            return Self::Unknown;
        };
        if let Some(claims) = context.authorizer.fields.get("claims") {
            return Self::Person(Person::of_claims(claims));
        }
        match &context.identity.api_key_id {
            Some(id) if !id.is_empty() => Self::Key { id: id.clone() },
            _ => Self::Unknown,
        }
    }

    /// Returns the caller, if it is a person.
    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) => Some(person),
            Self::Key { .. } | Self::Unknown => None,
        }
    }

    /// Returns true if the caller has the right. Every key may read and write; only the operator's
    /// may operate.
    pub fn may(&self, right: Right, operator: &Operator) -> bool {
        match self {
            Self::Key { id } => right < Right::Operate || operator.holds(id),
            Self::Person(person) => person.may(right),
            Self::Unknown => false,
        }
    }

    /// Returns true if the caller sees the table, by the table's own name. Keys see every table.
    pub fn sees(&self, table: &str) -> bool {
        self.person().is_none_or(|person| person.sees(table))
    }

    /// Returns true if the caller sees every table.
    pub fn sees_all(&self) -> bool {
        self.person().is_none_or(Person::sees_all)
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
        let detail = format!("This account does not see the table {table}.");
        Err(Problem::new(ProblemKind::Forbidden, detail))
    }

    /// Requires that the caller may write, for a method that only reads but serves writing.
    ///
    /// # Errors
    /// The problem of a person who does not.
    pub fn require_write(&self) -> Result<(), Problem> {
        if self.person().is_none_or(|person| person.may(Right::Write)) { Ok(()) } else { Err(no_right()) }
    }

    /// Requires that the caller sees every table, for data of all tables.
    ///
    /// # Errors
    /// The problem of a caller that does not.
    pub fn require_all(&self) -> Result<(), Problem> {
        if self.sees_all() {
            return Ok(());
        }
        Err(Problem::new(ProblemKind::Forbidden, "This is for accounts that see every table."))
    }

    /// Returns a text that is unique to the caller: no person has that of a key.
    pub fn identity(&self) -> String {
        match self {
            Self::Key { id } => id.clone(),
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

/// The argument of handlers for operators alone: the holder of the operator's key, or a person in
/// the group `operator`. Every other caller is answered 403 before the rest of the request is read,
/// so it must be the first argument. The state provides the [`Operator`] through [`FromRef`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByOperator;

impl<S> FromRequestParts<S> for ByOperator
where
    S: Send + Sync,
    Operator: FromRef<S>,
{
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let caller = Caller::of(&parts.extensions);
        if caller.may(Right::Operate, &Operator::from_ref(state)) {
            return Ok(Self);
        }
        Err(if caller.person().is_some() { no_right() } else { operators_key() }.into())
    }
}

/// Returns the problem of a caller who is not an operator. It is the same for every key and path,
/// so that it reveals nothing.
fn operators_key() -> Problem {
    Problem::new(ProblemKind::Forbidden, "This method takes the operator's key.")
}

/// Returns the problem of a person without the right for a method. It is the same for every person
/// and path.
pub(crate) fn no_right() -> Problem {
    Problem::new(
        ProblemKind::Forbidden,
        "This account does not have the right to do this. An operator can give it the right.",
    )
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
            assert!(!Caller::of(&parts.extensions).may(Right::Operate, &Operator::new("")));
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

    #[test]
    fn callers_are_distinguished() {
        let of = |request: Request<Body>| Caller::of(request.extensions());
        assert_eq!(of(request("GET", Some("k-1"))), Caller::Key { id: "k-1".to_owned() });
        assert_eq!(of(request("GET", None)), Caller::Unknown);
        assert_eq!(of(request("GET", Some(""))), Caller::Unknown);
        assert_eq!(of(Request::get("/").body(Body::empty()).unwrap()), Caller::Unknown);
        let ann = of(signed_in("GET", claims("reader")));
        assert_eq!(ann.person().map(Person::username), Some("ann@x.example"));
        let key = Caller::Key { id: "ann@x.example".to_owned() };
        assert_ne!(ann.identity(), key.identity());
        assert_ne!(ann.identity(), Caller::Unknown.identity());
    }

    #[test]
    fn what_a_caller_may_and_sees() {
        let operator = Operator::new("op");
        let may = |caller: &Caller| {
            [Right::Read, Right::Write, Right::Operate].map(|right| caller.may(right, &operator))
        };
        assert_eq!(may(&Caller::Key { id: "op".to_owned() }), [true, true, true]);
        assert_eq!(may(&Caller::Key { id: "writer".to_owned() }), [true, true, false]);
        assert_eq!(may(&Caller::Unknown), [false, false, false]);
        let person = Caller::Person(Person::new("ann", ["reader", "table:documents"]));
        assert_eq!(may(&person), [true, false, false]);
        assert!(person.require("documents").is_ok() && person.require_all().is_err());
        assert_eq!(person.require("tags").unwrap_err().detail, "This account does not see the table tags.");
        assert!(Caller::Unknown.sees("tags") && Caller::Key { id: "k".to_owned() }.sees_all());
    }
}
