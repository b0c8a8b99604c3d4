#![doc = include_str!("../README.md")]

mod accept;
mod activity;
mod csv;
mod docs;
mod json;
mod links;
mod loads;
mod outliers;
mod reports;
mod result;
mod service;
mod status;
mod tables;

use axum::Router;
use axum::routing::get;
use lambda_kit::http::Paths;

pub use lambda_kit::payload::MAX_PAYLOAD_BYTES;
pub use links::Links;
pub use service::Service;

/// Returns the function's routes, for [`lambda_kit::http::serve`].
pub fn router(service: Service) -> Router {
    Router::new()
        .path("/reports", get(reports::list))
        .path("/reports/{name}", get(reports::run))
        .path("/loads", get(loads::list))
        .path("/loads/{id}", get(loads::get))
        .path("/activity", get(activity::get))
        .path("/outliers", get(outliers::get))
        .path("/tables", get(tables::list))
        .path("/status", get(status::get))
        .path("/openapi.json", get(docs::document))
        .path("/docs", get(docs::page))
        .with_state(service)
}
