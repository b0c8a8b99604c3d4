//! Paths of routes, and what they name.

use std::convert::Infallible;

use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::routing::MethodRouter;

/// Routes that are served with and without a slash at the end: API Gateway takes no notice of it and passes it on.
///
/// No layer cuts the slash off, because layers that count requests by their routes run before it could.
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

/// The one parameter of a route's path, as an argument of handlers. Text that is not UTF-8 becomes U+FFFD, which is in no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathText(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(text.map_or_else(|_| char::REPLACEMENT_CHARACTER.to_string(), |Path(text)| text)))
    }
}
