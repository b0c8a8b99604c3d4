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
mod error;
mod lease;
mod record;

use domain::migration::Migration;

pub use self::error::{MigrateError, Outcome};
use crate::{Database, Error};

/// Returns the names of the migrations that the database has in full, in order; none if nothing was
/// ever migrated.
///
/// # Errors
///
/// As [`Database::query`].
pub async fn finished(database: &Database) -> Result<Vec<String>, Error> {
    match record::Record::read_all(database).await {
        Ok(records) => Ok(records.into_iter().filter(|one| one.finished != 0).map(|one| one.name).collect()),
        Err(error) if error.is_missing_table() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

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
    if let Err(error) = lease.release(&database).await {
        tracing::warn!(error.class = error.class(), "migration lease left to expire");
    }
    outcome
}
