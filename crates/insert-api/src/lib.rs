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

/// The state that the handlers share.
#[derive(Debug, Clone)]
pub struct Service {
    /// The database of the rows.
    pub database: Database,
    /// The dictionary that rows are checked against.
    pub dictionary: &'static Dictionary,
    /// The operators, who may delete rows.
    pub operator: Operator,
    /// The settings of idempotency keys.
    pub claims: ClaimSettings,
}

impl Service {
    /// Returns a service with the default settings.
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

/// Returns the function's routes, for [`lambda_kit::http::serve`].
pub fn router(service: Service) -> Router {
    Router::new()
        .path("/insert_data", post(insert::insert_data))
        .path("/tables/{table}/rows", get(rows::list).post(insert::insert_rows))
        .path("/tables/{table}/rows/{id}", get(rows::read).put(rows::put).delete(rows::delete))
        .with_state(service)
}
