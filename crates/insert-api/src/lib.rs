#![doc = include_str!("../README.md")]

mod answer;
mod insert;
mod request;
mod rows;

use aurora::idempotency::ClaimSettings;
use aurora::{Database, Deadline};
use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};
use domain::dictionary::Dictionary;
use lambda_kit::caller::Operator;
use lambda_kit::http::{Paths, Within};

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct Service {
    /// The database that rows go to.
    pub database: Database,
    /// What rows are checked against.
    pub dictionary: &'static Dictionary,
    /// Who may delete rows.
    pub operator: Operator,
    /// How requests take their idempotency keys.
    pub claims: ClaimSettings,
}

impl Service {
    /// A service with the usual settings.
    pub fn new(database: Database, dictionary: &'static Dictionary, operator: Operator) -> Self {
        Self { database, dictionary, operator, claims: ClaimSettings::default() }
    }
}

impl FromRef<Service> for Operator {
    fn from_ref(service: &Service) -> Self {
        service.operator.clone()
    }
}

impl Within for Service {
    fn within(&self, deadline: Deadline) -> Self {
        Self { database: self.database.within(deadline), ..self.clone() }
    }
}

/// The function's routes; [`lambda_kit::http::serve`] wraps and runs them.
pub fn router(service: Service) -> Router {
    Router::new()
        .path("/insert_data", post(insert::insert_data))
        .path("/tables/{table}/rows", get(rows::list).post(insert::insert_rows))
        .path("/tables/{table}/rows/{id}", get(rows::read).put(rows::put).delete(rows::delete))
        .with_state(service)
}
