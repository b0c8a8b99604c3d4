//! Paths of routes and their parameters.

use std::convert::Infallible;

use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::routing::MethodRouter;

/// Routes that are served with and without a slash at the end, which API Gateway ignores and passes
/// on.
///
/// No layer (such as `tower_http::normalize_path`) cuts the slash off: it would have to wrap the
/// whole router, where the layers that count requests by route no longer see the route, and the
/// console redirects by it.
pub trait Paths<S> {
    /// Adds a route.
    #[must_use]
    fn path(self, path: &str, methods: MethodRouter<S>) -> Self;
}

impl<S: Clone + Send + Sync + 'static> Paths<S> for Router<S> {
    fn path(self, path: &str, methods: MethodRouter<S>) -> Self {
        self.route(path, methods.clone()).route(&format!("{path}/"), methods)
    }
}

/// The one parameter of a route's path, as an argument of handlers. Text that is not UTF-8 becomes
/// U+FFFD, which is in no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathText(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(text.map_or_else(|_| char::REPLACEMENT_CHARACTER.to_string(), |Path(text)| text)))
    }
}
