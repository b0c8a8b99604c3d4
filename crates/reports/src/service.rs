//! The state of the handlers, and what they have in common.

use aurora::{Database, Deadline};
use domain::dictionary::Dictionary;
use domain::migration::Migration;
use domain::problem::Problem;
use domain::report::Report;
use lambda_kit::http::Within;
use lambda_kit::log_failure;

use crate::links::Links;

/// The state that the handlers share.
#[derive(Debug, Clone)]
pub struct Service {
    /// The database.
    pub database: Database,
    /// The tables that loads go to.
    pub dictionary: &'static Dictionary,
    /// The reports.
    pub reports: &'static [Report],
    /// The migrations that the database must have.
    pub migrations: &'static [Migration],
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

/// Logs a failure of the database once, and returns the problem to answer with.
pub(crate) fn database_problem(error: &aurora::Error) -> Problem {
    log_failure("the database could not be read", error.class(), error);
    error.to_problem()
}
