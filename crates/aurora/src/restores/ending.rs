//! Ending a restore without a swap, and what is left to do once it has ended.

use domain::backup::RestoreId;

use super::gate;
use super::record::{Mode, Status};
use super::standing;
use super::swap::{Swapped, settle};
use super::sweep::{drop_unneeded, forget_chunks};
use crate::{Database, Error};

/// Completes a restore that was only to verify: its shadows go.
///
/// # Errors
/// Any [`Error`]; calling it again is safe. [`Error::Configuration`] for a restore that is to replace.
pub async fn finish_verify(database: &Database, id: &RestoreId) -> Result<Swapped, Error> {
    let database = &database.with_deadline(database.deadline());
    let standing = standing::standing(database, id).await?.filter(|now| now.status == Status::Running);
    let Some(standing) = standing else { return Ok(Swapped::Ended) };
    if standing.mode != Mode::Verify {
        return Err(Error::Configuration { message: format!("the restore {id} is to replace its tables") });
    }
    if !gate::end_unswapped(database, id, None).await? {
        return Ok(Swapped::Unfilled);
    }
    clean_up(database, id).await;
    Ok(Swapped::Ended)
}

/// Ends a restore that has failed, and takes back all that it has brought: its tables are as they were. Where its shadows have
/// taken their places already, the restore completes instead. Does nothing to one that has ended.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn fail(database: &Database, id: &RestoreId, reason: &str) -> Result<(), Error> {
    let database = &database.with_deadline(database.deadline());
    loop {
        let standing = standing::standing(database, id).await?.filter(|now| now.status == Status::Running);
        let Some(standing) = standing else { return Ok(()) };
        if let Some(ticket) = &standing.ticket {
            settle(database, id, ticket).await?;
            continue;
        }
        let reason = match standing.mode {
            Mode::Replace => format!("{reason}; the tables are as they were before"),
            Mode::Verify => reason.to_owned(),
        };
        if gate::end_unswapped(database, id, Some(&reason)).await? {
            clean_up(database, id).await;
            return Ok(());
        }
    }
}

/// Drops what a restore that has ended leaves behind, and what earlier ones kept. Where that fails, a sweep does it later.
pub(super) async fn clean_up(database: &Database, id: &RestoreId) {
    let cleaned = async {
        drop_unneeded(database).await?;
        forget_chunks(database).await
    };
    if let Err(error) = cleaned.await {
        tracing::warn!(restore.id = %id, error.class = error.class(), "tables of restores are left to the sweep");
    }
}
