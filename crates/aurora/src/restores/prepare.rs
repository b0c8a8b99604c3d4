//! Making the table that a restore fills.

use domain::backup::RestoreId;
use domain::dictionary::Table;

use super::names::Shadow;
use super::record::{Kind, Status};
use super::standing;
use super::swap::settle;
use crate::{Database, Error, tables};

/// How often a shadow is made anew because an answer was lost or somebody else was quicker.
const ATTEMPTS: u32 = 5;

/// What a restore finds when it is about to fill a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// There is a table to fill; the chunks that are committed are in it.
    Fill {
        /// Where its rows go.
        shadow: Shadow,
    },
    /// All of its rows are in a table already, and checked.
    Filled,
    /// The database does not have the table that is to be restored.
    Missing,
    /// The restore has ended.
    Ended,
}

/// Makes the table that a restore fills, or finds the one it has filled so far. Finishes a swap that was left half done.
///
/// # Errors
/// Any [`Error`]; calling it again is safe. [`Error::Configuration`] for a table that the restore was not begun with.
pub async fn prepare(database: &Database, id: &RestoreId, table: &Table) -> Result<Prepared, Error> {
    let database = &database.with_deadline(database.deadline());
    let mut attempt = 1;
    loop {
        let standing = standing::standing(database, id).await?.filter(|now| now.status == Status::Running);
        let Some(standing) = standing else { return Ok(Prepared::Ended) };
        let row = standing.tables.iter().find(|row| row.name == table.name());
        let Some(row) = row.filter(|_| standing.kind != Kind::Undo) else {
            let message = format!("the restore {id} has no table {} to fill", table.name());
            return Err(Error::Configuration { message });
        };
        if let Some(shadow) = &row.shadow {
            if tables::exists(database, shadow.name()).await? {
                let shadow = shadow.clone();
                return Ok(if row.filled { Prepared::Filled } else { Prepared::Fill { shadow } });
            }
            // Swapped in, or dropped by somebody. Of a ticket that is noted, either is found out; without one no RENAME has been
            // or can be under way.
            if let Some(ticket) = &standing.ticket {
                settle(database, id, ticket).await?;
            } else {
                standing::forget_shadow(database, id, table.name(), shadow).await?;
            }
            continue;
        }
        match make(database, id, table.name()).await {
            Ok(_) => {}
            Err(error) if tables::is_missing_table(&error) => return Ok(Prepared::Missing),
            Err(error) if error.is_unknown_outcome() && attempt < ATTEMPTS => {}
            Err(error) => return Err(error),
        }
        attempt += 1;
    }
}

/// Makes a shadow and notes it in the ledger, unless another one is noted there or the restore is over.
async fn make(database: &Database, id: &RestoreId, table: &str) -> Result<(), Error> {
    let shadow = Shadow::fresh(id);
    // Where its answer is lost, the next one has another name, and this one is left to a sweep.
    tables::create_like(database, shadow.name(), table).await?;
    if standing::note_shadow(database, id, table, &shadow).await? {
        return Ok(());
    }
    tables::drop_table(database, shadow.name()).await
}
