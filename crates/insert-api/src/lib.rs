#![doc = include_str!("../README.md")]

mod answer;
mod insert;
mod request;
mod rows;
mod service;

use axum::Router;
use axum::routing::{get, post};
use lambda_kit::http::Paths;

pub use service::Service;

/// Returns the function's routes, for [`lambda_kit::http::serve`].
pub fn router(service: Service) -> Router {
    Router::new()
        .path("/insert_data", post(insert::insert_data))
        .path("/tables/{table}/rows", get(rows::list).post(insert::insert_rows))
        .path("/tables/{table}/rows/{id}", get(rows::read).put(rows::put).delete(rows::delete))
        .with_state(service)
}
