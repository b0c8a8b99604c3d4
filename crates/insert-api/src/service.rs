//! The state of the handlers.

use aurora::idempotency::ClaimSettings;
use aurora::{Database, Deadline};
use axum::extract::FromRef;
use domain::dictionary::Dictionary;
use lambda_kit::caller::Operator;
use lambda_kit::http::Within;

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
