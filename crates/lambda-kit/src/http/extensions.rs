//! The extensions of requests and answers that handlers and layers exchange.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::audit::Actor;

use crate::caller::Caller;

/// The id that API Gateway gave the request: `x-request-id` in answers, `request.id` in log lines.
///
/// As an argument of a handler it never fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

impl Default for RequestId {
    /// Returns the id of a request without a gateway, as in tests of a router alone.
    fn default() -> Self {
        Self("none".to_owned())
    }
}

impl RequestId {
    /// Returns who the audit trail names for what this request of `caller` does: a person, and no
    /// script.
    pub fn actor<'a>(&'a self, caller: &'a Caller) -> Option<Actor<'a>> {
        caller.person().map(|person| Actor { username: person.username(), request_id: &self.0 })
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// The number of rows that a request inserted, changed or returned. Handlers put it among the
/// extensions of answers about rows; the request's log line has it as `rows`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows(pub u64);
