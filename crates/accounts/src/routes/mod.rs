//! The routes and their handlers.

mod manage;
mod me;
mod register;
mod request;
mod service;
mod session;
mod trail;

use axum::Router;
use axum::routing::{get, post};
use lambda_kit::http::Paths;

use crate::directory::Directory;

pub use request::MAX_BODY_BYTES;
pub use service::Service;

/// Returns the function's routes. Registration, login and refresh are open, the others take a
/// person's token; [`lambda_kit::http::with_open_service_layers`] wraps them.
pub fn router<D: Directory>(service: Service<D>) -> Router {
    Router::new()
        .path("/register", post(register::register::<D>))
        .path("/login", post(session::login::<D>))
        .path("/refresh", post(session::refresh::<D>))
        .path("/logout", post(session::logout::<D>))
        .path("/me", get(me::get::<D>))
        .path("/accounts", get(manage::list::<D>))
        .path("/accounts/{username}/approve", post(manage::approve::<D>))
        .path("/accounts/{username}/disable", post(manage::disable::<D>))
        .path("/audit", get(trail::list::<D>))
        .with_state(service)
}
