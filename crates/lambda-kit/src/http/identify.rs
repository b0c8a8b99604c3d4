//! The caller of a request.

use axum::extract::{Request, State};

use crate::caller::{Caller, Keys};

/// Adds the [`Caller`] to the extensions of a request, with the caller's rights: what comes after
/// it needs no keys to know them.
pub(super) async fn identify(State(keys): State<Keys>, mut request: Request) -> Request {
    let caller = Caller::of_context(request.extensions().get(), &keys);
    request.extensions_mut().insert(caller);
    request
}
