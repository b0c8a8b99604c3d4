//! The state of the handlers.

use aurora::idempotency::ClaimSettings;
use aurora::{Database, Deadline};
use domain::dictionary::Dictionary;
use lambda_kit::http::Within;

/// The state that the handlers share.
#[derive(Debug, Clone)]
pub struct Service {
    /// The database of the rows.
    pub database: Database,
    /// The dictionary that rows are checked against.
    pub dictionary: &'static Dictionary,
    /// The settings of idempotency keys.
    pub claims: ClaimSettings,
}

impl Service {
    /// Returns a service with the default settings.
    pub fn new(database: Database, dictionary: &'static Dictionary) -> Self {
        Self { database, dictionary, claims: ClaimSettings::default() }
    }
}

impl Within for Service {
    fn within(&self, deadline: Deadline) -> Self {
        Self { database: self.database.within(deadline), ..self.clone() }
    }
}
