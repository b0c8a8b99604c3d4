//! The time limit of a request.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use deadline::Deadline;
use domain::problem::{Problem, ProblemKind};

use crate::problem::ProblemResponse;

/// The time of a request. API Gateway waits for 29 seconds, and functions that only answer requests
/// are stopped after 28: the rest is for [`FINISH_TIME`], a cold start and the way of the answer.
pub const REQUEST_TIME: Duration = Duration::from_secs(21);

/// The time to finish after that: a COMMIT under way ends, the rest of the transaction is rolled
/// back, and the idempotency key is released. It is a little more than `aurora` allows for all of
/// them (`aurora::limits::FINISH_TIME`), so that the handler itself can answer how it ended. Less
/// would cut off a COMMIT: its outcome would be unknown, and locks would stay for minutes.
pub const FINISH_TIME: Duration = Duration::from_millis(5500);

/// State that handlers share, with a deadline for one request.
pub trait Within: Clone {
    /// Returns the same state with this deadline.
    #[must_use]
    fn within(&self, deadline: Deadline) -> Self;
}

/// The argument of handlers for their state, in place of axum's `State`: it is [`Within`] the
/// request's deadline, so that all calls of a request to the database have one.
#[derive(Debug, Clone)]
pub struct InTime<S>(pub S);

impl<S: Within + Send + Sync> FromRequestParts<S> for InTime<S> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        // A router without layers (in a test) has only the deadlines of its calls.
        let deadline = parts.extensions.get::<Deadline>();
        Ok(Self(deadline.map_or_else(|| state.clone(), |deadline| state.within(*deadline))))
    }
}

/// Puts a [`Deadline`] among the extensions of a request, and answers 503 if the handler has not
/// ended [`FINISH_TIME`] after it: a caller without an answer would have to guess. Whatever the
/// handler has begun is dropped then, which rolls an open transaction back.
pub(super) async fn limit(time: Duration, mut request: Request, next: Next) -> Response {
    let deadline = Deadline::after(time);
    request.extensions_mut().insert(deadline);
    let answer = deadline.extend(FINISH_TIME).bound(next.run(request)).await;
    answer.unwrap_or_else(|_| {
        tracing::error!("a request did not end in its time");
        // The database may still execute what was sent to it.
        let problem = Problem::new(
            ProblemKind::Unavailable,
            "The request took too long and was given up; it is not known whether it changed anything. Try again after \
             Retry-After, with the same Idempotency-Key where there was one.",
        );
        ProblemResponse::from(problem).into_response()
    })
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;
    use crate::caller::Keys;
    use crate::http::with_service_layers_in;

    #[derive(Debug, Clone)]
    struct Shared(Option<Deadline>);

    impl Within for Shared {
        fn within(&self, deadline: Deadline) -> Self {
            Self(Some(deadline))
        }
    }

    async fn ask(router: Router, path: &str) -> Response {
        router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_that_never_ends_is_answered_for() {
        let router = Router::new().route("/", get(async || pending::<()>().await));
        let answer = ask(with_service_layers_in(router, Keys::default(), Duration::ZERO), "/").await;
        assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (503, &b"10"[..]));
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert_eq!(answer.headers()["x-request-id"], "none");
    }

    #[tokio::test]
    async fn handlers_know_how_long_they_may_work() {
        let left = async |InTime(shared): InTime<Shared>| {
            let left = shared.0.map(Deadline::remaining);
            left.map_or_else(|| "any time".to_owned(), |left| left.as_secs().to_string())
        };
        let router = Router::new().route("/", get(left)).with_state(Shared(None));
        let text = async |answer: Response| axum::body::to_bytes(answer.into_body(), 10).await.unwrap();
        assert_eq!(text(ask(router.clone(), "/").await).await, "any time");
        let router = with_service_layers_in(router, Keys::default(), Duration::from_secs(7_200));
        let left: u64 = str::from_utf8(&text(ask(router, "/").await).await).unwrap().parse().unwrap();
        assert!((1..7_200).contains(&left), "{left}");
    }

    #[test]
    fn every_request_is_answered_before_the_gateway_times_out() {
        // The functions are ended after 28 seconds (infra/lib/functions/index.ts).
        assert!(REQUEST_TIME + FINISH_TIME < Duration::from_secs(27));
    }
}
