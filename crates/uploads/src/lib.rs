#![doc = include_str!("../README.md")]

mod check;
mod complete;
mod file;
mod id;
mod parts;
mod progress;
mod request;
mod service;
mod start;

use axum::Router;
use axum::routing::{get, post};
use bucket::Links;
use lambda_kit::http::Paths;

pub use check::MAX_CONTENT_BYTES;
pub use file::MAX_NAME_BYTES;
pub use id::UploadId;
pub use parts::{MAX_BYTES, MAX_PARTS, MAX_SINGLE_BYTES, MIN_PART_BYTES};
pub use service::Service;

/// Returns the function's routes, for [`lambda_kit::http::serve`].
pub fn router<U: Links>(service: Service<U>) -> Router {
    Router::new()
        .path("/uploads", post(start::start::<U>))
        .path("/uploads/check", post(check::check::<U>))
        .path("/uploads/{id}", get(progress::progress::<U>))
        .path("/uploads/{id}/complete", post(complete::complete::<U>))
        .with_state(service)
}
