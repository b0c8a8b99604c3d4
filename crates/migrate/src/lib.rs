#![doc = include_str!("../README.md")]

mod secrets;

use aurora::Database;
use aurora::migrations::{MigrateError, Outcome, migrate};
use aurora::users::{Login, Role, UsersError, set_up};
use domain::load::LoadPath;
use domain::migration::Migration;
use lambda_kit::ErrorType;
use lambda_runtime::Diagnostic;
use serde::Serialize;

pub use secrets::{SecretError, Secrets};

/// The function's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Response {
    /// The migrations that this run applied or finished, in order.
    pub applied: Vec<String>,
    /// The newest migration that the database has now.
    pub schema_version: Option<String>,
}

/// Why the invocation fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The migrations could not be applied.
    #[error(transparent)]
    Migrations(#[from] MigrateError),
    /// The users could not be made.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// The secret of a user cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let name = match failure {
            Failure::Migrations(_) => "MigrationFailed",
            Failure::Users(_) | Failure::Secret(_) => "UsersFailed",
        };
        ErrorType(name).diagnostic(failure)
    }
}

/// Makes `users`, whose writer loads by `path`, then applies `migrations` to `database`, which has
/// to carry the invocation's deadline. `request_id` names this run.
///
/// # Errors
///
/// A [`Failure`] that says what to do.
pub async fn run(
    database: &Database,
    users: &[(Role, Login)],
    path: LoadPath,
    migrations: &[Migration],
    request_id: &str,
) -> Result<Response, Failure> {
    // Before the migrations: one that fails must not keep the functions of today from logging in.
    set_up(database, users, path).await?;
    let Outcome { applied, schema_version } = migrate(database, migrations, request_id).await?;
    Ok(Response { applied, schema_version })
}
