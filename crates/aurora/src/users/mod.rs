//! The users of the database that the functions log in as: one that reads and one that writes. The
//! admin, who migrates, makes both.

mod grants;
mod login;
#[cfg(test)]
mod tests;

use domain::load::LoadPath;
use serde::Deserialize;

pub use grants::{Role, load_from_s3, statements};
pub use login::{InvalidSecret, Login};

use crate::{Database, Error, Statement};

/// Why the users could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UsersError {
    /// Two secrets name the same user.
    #[error("the secrets of the reader and of the writer both name the user {user}; each needs its own")]
    Shared {
        /// The user.
        user: String,
    },
    /// A secret names the user that migrates, whose password is rotated elsewhere.
    #[error(
        "the secret of the {role} names the user {user}, which migrates the database; the {role} needs a user of \
         its own"
    )]
    Admin {
        /// The user's role.
        role: Role,
        /// The user.
        user: String,
    },
    /// The database refused a statement.
    #[error("the user {user} cannot be made the {role}: {reason}")]
    Refused {
        /// The user's role.
        role: Role,
        /// The user.
        user: String,
        /// The database's words without the password. A source would have them with it.
        reason: String,
    },
    /// The database could not be asked who migrates.
    #[error(transparent)]
    Database(#[from] Error),
}

/// Makes each user, sets its password and grants the rights of its role on the database; with the
/// path over S3, the writer may load from there. Doing it again changes nothing; open sessions go
/// on.
///
/// # Errors
///
/// A [`UsersError`] that says which user, and what to do.
pub async fn set_up(database: &Database, users: &[(Role, Login)], path: LoadPath) -> Result<(), UsersError> {
    if users.is_empty() {
        return Ok(());
    }
    let admin = admin(database).await?;
    for (number, (role, login)) in users.iter().enumerate() {
        let user = login.user();
        if user == admin {
            return Err(UsersError::Admin { role: *role, user: user.to_owned() });
        }
        if users[..number].iter().any(|(_, other)| other.user() == user) {
            return Err(UsersError::Shared { user: user.to_owned() });
        }
    }
    for (role, login) in users {
        for sql in statements(&database.target().database, *role, login) {
            let statement = Statement::new(sql).idempotent().continue_after_timeout();
            database.execute(statement).await.map_err(|error| UsersError::Refused {
                role: *role,
                user: login.user().to_owned(),
                reason: login.without_password(&error.to_string()),
            })?;
        }
        if *role == Role::Writer && path == LoadPath::S3 {
            // The loader can do without.
            let statement = Statement::new(load_from_s3(login)).idempotent().continue_after_timeout();
            if let Err(error) = database.execute(statement).await {
                tracing::warn!(
                    db.user = login.user(),
                    error.class = error.class(),
                    "the writer cannot be let load from S3; the loader sends statements"
                );
            }
        }
        tracing::info!(db.user = login.user(), db.role = %role, "the user has its password and rights");
    }
    Ok(())
}

/// Returns the name of the user that this handle logs in as.
async fn admin(database: &Database) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Row {
        user: String,
    }
    let sql = "SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1) AS `user`";
    let rows: Vec<Row> = database.query(Statement::new(sql)).await?;
    rows.into_iter().next().map(|row| row.user).ok_or_else(|| Error::unreadable("no current user"))
}
