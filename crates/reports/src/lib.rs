#![doc = include_str!("../README.md")]

mod accept;
mod activity;
mod csv;
mod docs;
mod json;
mod links;
mod loads;
mod outliers;
mod payload;
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
use lambda_kit::VALUES;
use lambda_kit::http::Within;

pub use links::{LINK_LIFETIME, Links};
pub use payload::MAX_PAYLOAD_BYTES;

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct Service {
    /// The database that is asked.
    pub database: Database,
    /// The tables that loads go to.
    pub dictionary: &'static Dictionary,
    /// The reports that are served.
    pub reports: &'static [Report],
    /// The migrations that the database has to have, in order.
    pub migrations: Arc<[Migration]>,
    /// Links to rejects files.
    pub links: Links,
    /// Where scripts reach the API, with its stage and without a slash at the end.
    pub url: String,
    /// Where people do.
    pub people_url: String,
}

impl Within for Service {
    fn within(&self, deadline: Deadline) -> Self {
        Self { database: self.database.within(deadline), ..self.clone() }
    }
}

/// The function's routes; [`lambda_kit::http::serve`] wraps and runs them.
pub fn router(service: Service) -> Router {
    // API Gateway takes a slash at the end for nothing and passes it on, so each path is served with and without.
    Router::new()
        .route("/reports", get(reports::list))
        .route("/reports/", get(reports::list))
        .route("/reports/{name}", get(reports::run))
        .route("/reports/{name}/", get(reports::run))
        .route("/loads", get(loads::list))
        .route("/loads/", get(loads::list))
        .route("/loads/{id}", get(loads::get))
        .route("/loads/{id}/", get(loads::get))
        .route("/activity", get(activity::get))
        .route("/activity/", get(activity::get))
        .route("/outliers", get(outliers::get))
        .route("/outliers/", get(outliers::get))
        .route("/tables", get(tables::list))
        .route("/tables/", get(tables::list))
        .route("/status", get(status::get))
        .route("/status/", get(status::get))
        .route("/openapi.json", get(docs::document))
        .route("/openapi.json/", get(docs::document))
        .route("/docs", get(docs::page))
        .route("/docs/", get(docs::page))
        .with_state(service)
}

/// Logs a failure of the database once, and gives what the client is told of it.
fn database_problem(error: &aurora::Error) -> Problem {
    // The message may quote values; the class says what to do.
    tracing::error!(error.class = error.class(), "the database could not be read");
    tracing::debug!(target: VALUES, { error = %error }, "cause");
    error.to_problem()
}
