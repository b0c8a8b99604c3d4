#![doc = include_str!("../README.md")]

use aurora::Database;
use aurora::migrations::{MigrateError, Outcome, migrate};
use domain::migration::Migration;
use lambda_kit::ErrorType;
use lambda_runtime::Diagnostic;
use serde::Serialize;

/// The function's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Response {
    /// The migrations that this run applied or finished, in order.
    pub applied: Vec<String>,
    /// The newest migration that the database has now.
    pub schema_version: Option<String>,
}

/// Why the invocation fails: the migrations could not be applied.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Failure(#[from] MigrateError);

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        ErrorType("MigrationFailed").diagnostic(failure)
    }
}

/// Applies `migrations` to `database`, which has to carry the invocation's deadline. `request_id`
/// names this run.
///
/// # Errors
///
/// A [`Failure`] that says what to do.
pub async fn run(
    database: &Database,
    migrations: &[Migration],
    request_id: &str,
) -> Result<Response, Failure> {
    let Outcome { applied, schema_version } = migrate(database, migrations, request_id).await?;
    Ok(Response { applied, schema_version })
}
