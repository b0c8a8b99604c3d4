//! HTTP functions behind API Gateway: a router, and the layers around it.

mod context;
mod extensions;
pub(crate) mod gateway;
mod identify;
mod in_time;
mod observe;
mod path;
mod rights;
mod trace;

use std::time::Duration;

use axum::Router;
use axum::http::Method;
use axum::middleware;
use domain::problem::{Problem, ProblemKind};

pub use context::put_context;
pub use extensions::{RequestId, Rows};
pub use in_time::{FINISH_TIME, InTime, REQUEST_TIME, Within};
pub use observe::{method_name, route};
pub use path::{PathText, Paths};

use crate::caller::Keys;
use crate::problem::ProblemResponse;

/// Wraps a function's routes in layers: unknown paths and methods answer as problem+json, every
/// answer has `x-request-id` and a deadline ([`REQUEST_TIME`]), and every request writes one log
/// line with its metrics. `keys` gives API keys their rights. A caller without the right for a
/// method is answered 403 before any handler runs.
pub fn with_service_layers(router: Router, keys: Keys) -> Router {
    with_service_layers_in(router, keys, REQUEST_TIME)
}

/// Does the same as [`with_service_layers`], with another time limit.
pub fn with_service_layers_in(router: Router, keys: Keys, time: Duration) -> Router {
    with_time_and_log(with_rights(with_fallbacks(router)), keys, time)
}

/// Does the same as [`with_service_layers`], but for everybody: for functions with methods that
/// take neither key nor token. Their other handlers check their callers, for example by a
/// [`ByOperator`](crate::caller::ByOperator). No key has a right.
pub fn with_open_service_layers(router: Router) -> Router {
    with_time_and_log(with_fallbacks(router), Keys::default(), REQUEST_TIME)
}

/// Requires the right for the method from each caller: to read for a method that reads, else to
/// write. It wraps the routes that the router has so far.
fn with_rights(router: Router) -> Router {
    router.layer(middleware::from_fn(rights::check))
}

fn with_fallbacks(router: Router) -> Router {
    router.fallback(unknown_path).method_not_allowed_fallback(unknown_method)
}

fn with_time_and_log(router: Router, keys: Keys, time: Duration) -> Router {
    router
        .layer(middleware::from_fn(move |request, next| in_time::limit(time, request, next)))
        .layer(middleware::from_fn(observe::observe))
        .layer(middleware::map_request_with_state(keys, identify::identify))
}

/// Serves the requests of a router with its layers, [`with_service_layers`] or
/// [`with_open_service_layers`], until Lambda ends the process.
///
/// # Errors
/// Those of the Lambda runtime.
pub async fn serve(routes: Router) -> Result<(), lambda_http::Error> {
    lambda_runtime::run(gateway::service(routes)).await
}

async fn unknown_path() -> ProblemResponse {
    Problem::new(ProblemKind::NotFound, "There is nothing at this path.").into()
}

async fn unknown_method(method: Method) -> ProblemResponse {
    Problem::new(ProblemKind::MethodNotAllowed, format!("This path does not take {method}.")).into()
}
