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
mod status;
mod tables;

use std::sync::Arc;

use aurora::{Database, Deadline};
use axum::Router;
use axum::routing::get;
use domain::dictionary::Dictionary;
use domain::migration::Migration;
use domain::problem::Problem;
use domain::report::Report;
use lambda_kit::http::{Paths, Within};
use lambda_kit::log_failure;

pub use lambda_kit::payload::MAX_PAYLOAD_BYTES;
pub use links::{LINK_LIFETIME, Links};

/// The state that the handlers share.
#[derive(Debug, Clone)]
pub struct Service {
    /// The database.
    pub database: Database,
    /// The tables that loads go to.
    pub dictionary: &'static Dictionary,
    /// The reports.
    pub reports: &'static [Report],
    /// The migrations that the database must have, in order.
    pub migrations: Arc<[Migration]>,
    /// The links to rejects files.
    pub links: Links,
    /// The URL of the API for scripts, with its stage and without a slash at the end.
    pub url: String,
    /// The URL for people.
    pub people_url: String,
}

impl Within for Service {
    fn within(&self, deadline: Deadline) -> Self {
        Self { database: self.database.within(deadline), ..self.clone() }
    }
}

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

/// Logs a failure of the database once, and returns the problem to answer with.
fn database_problem(error: &aurora::Error) -> Problem {
    log_failure("the database could not be read", error.class(), error);
    error.to_problem()
}
