//! Applies missing migrations: once each, in order.
//!
//! **Once, though two run at the same time.** Each call of the Data API may use another connection,
//! so `GET_LOCK` holds nothing, and DDL ends the transaction it runs in. The lock is therefore a
//! row of `rowgate_leases`: taken by one atomic UPDATE, renewed before each statement, free for
//! others once it expires. Every record of progress is written only while the lease is held.
//!
//! **Though killed half-way.** DDL commits by itself, so progress is recorded statement by
//! statement: `started` before and `done` after. DML commits together with its `done`. A DDL
//! statement that was started and never recorded as done may have run or may be running still; it
//! is waited for, then run again, and an answer that says "that is already so" counts as done. An
//! error that the database gave for certain takes `started` back, so it is never mistaken for that.
//!
//! **Never changed afterwards.** The checksum of each applied migration is recorded and compared. A
//! migration that stopped half-way may be corrected in its statements that have not run yet; the
//! others are compared.

mod apply;
mod lease;
mod record;

use std::time::Duration;

use domain::migration::Migration;

use crate::{Database, Error};

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The names of the migrations that this run applied or finished, in order.
    pub applied: Vec<String>,
    /// The newest migration that the database has now, if any.
    pub schema_version: Option<String>,
}

/// Why migrations could not be applied. Whatever was applied before stays and is recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// An applied migration has another text now.
    #[error(
        "migration {name} was changed after it was applied (recorded checksum {recorded}, now {shipped}): put its text back and add a new migration"
    )]
    Changed {
        /// The migration.
        name: String,
        /// The checksum the database has.
        recorded: String,
        /// The checksum of the text.
        shipped: String,
    },

    /// The database is ahead of this code.
    #[error(
        "migration {name} is applied in the database but this version does not have it: deploy the version that brought it, or a newer one"
    )]
    Unknown {
        /// The migration.
        name: String,
    },

    /// Another run holds the lease.
    #[error("another run is migrating the database (lease of {owner} until {until} UTC)")]
    Busy {
        /// The holder of the lease.
        owner: String,
        /// The end of the lease, unless renewed.
        until: String,
    },

    /// Another run took over, because this one paused for longer than its lease.
    #[error("the migration lease was lost to another run, which goes on from here")]
    LeaseLost,

    /// A statement failed. The statements before it are applied; the next run continues with it.
    #[error("migration {name} stopped at statement {statement} of {statements}: {source}")]
    Statement {
        /// The migration.
        name: String,
        /// The number of the statement, from 1.
        statement: usize,
        /// The number of its statements.
        statements: usize,
        /// The error.
        source: Error,
    },

    /// The migrator's own tables could not be read or written.
    #[error("the record of migrations cannot be read or written: {0}")]
    Database(#[from] Error),
}

/// The names of the migrations that the database has in full, in order; none where nothing was ever
/// migrated.
///
/// # Errors
///
/// As [`Database::query`].
pub async fn finished(database: &Database) -> Result<Vec<String>, Error> {
    /// A table that is not there.
    const NO_SUCH_TABLE: u16 = 1146;
    match record::Record::read_all(database).await {
        Ok(records) => Ok(records.into_iter().filter(|one| one.finished != 0).map(|one| one.name).collect()),
        Err(Error::Sql { code: Some(NO_SUCH_TABLE), .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The lifetime of a lease that is not renewed: a killed run blocks others for at most this long.
const LEASE: Duration = Duration::from_secs(90);

/// The time to try one statement under one renewal of the lease; a single call takes at most 60 s.
const STATEMENT_BUDGET: Duration = Duration::from_secs(75);

/// Applies those of `migrations` (in order) that the database does not have. `run` names this run
/// for those that wait for it, e.g. its request id. Waits for another run to end, until the
/// deadline of `database`.
///
/// # Errors
///
/// A [`MigrateError`]; the run can always be repeated.
pub async fn migrate(
    database: &Database,
    migrations: &[Migration],
    run: &str,
) -> Result<Outcome, MigrateError> {
    // The lease tells runs apart by this, and a request may come twice with the same id.
    let owner = format!("{run}-{:016x}", fastrand::u64(..));
    let database = database.with_deadline(database.deadline());
    record::create_tables(&database).await?;
    let lease = lease::take(&database, owner).await?;
    let outcome = apply::all(&database, &lease, migrations).await;
    // Not given back, it expires; the outcome matters more.
    if let Err(error) = lease.give_back(&database).await {
        tracing::warn!(error.class = error.class(), "migration lease left to expire");
    }
    outcome
}
