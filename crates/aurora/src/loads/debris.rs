//! Tables that swaps have left behind.

use domain::load::{LoadId, LoadStatus};

use super::gate::{self, Standing};
use super::shadow::{self, Shadow};
use super::swap;
use crate::{Database, Error, tables};

/// Finishes the swaps that nobody works on any more, and drops the shadows and old tables that no load needs; gives
/// their names. Safe at any time, beside loads that begin, swap or end.
///
/// # Errors
/// As [`Database::execute`].
pub async fn debris(database: &Database) -> Result<Vec<String>, Error> {
    let database = &database.with_deadline(database.deadline());
    for closed in gate::closed(database, None).await? {
        if closed.stale {
            // One swap that cannot be finished now must not be in the way of the others.
            if let Err(error) = swap::recover(database, &closed).await {
                tracing::warn!(
                    table = closed.table,
                    error.class = error.class(),
                    "the swap is left half done"
                );
            }
        }
    }
    sweep(database, None).await
}

/// Drops the shadows and old tables that no load needs, of one load or of all.
pub(super) async fn sweep(database: &Database, only: Option<&LoadId>) -> Result<Vec<String>, Error> {
    let mut dropped = Vec::new();
    // The tables first, then the ledger: a table that is made after this list is not on it, and one on it whose load has
    // another shadow, or has ended, will not be noted any more.
    for name in shadow::all(database).await? {
        let Some(table) = Beside::parse(&name) else { continue };
        let Some(id) = table.shadow().load().filter(|id| only.is_none_or(|only| only == id)) else {
            continue;
        };
        match gate::standing(database, &id).await? {
            // Whoever made it did so without this ledger, and may know what it is for.
            None => tracing::warn!(table = name, "no load of the ledger has made this table"),
            Some(standing) if table.is_needed(&standing) => {}
            Some(_) => {
                tables::drop_table(database, &name).await?;
                dropped.push(name);
            }
        }
    }
    Ok(dropped)
}

/// A table that a swap has made, by its name.
enum Beside {
    New(Shadow),
    Old(Shadow),
}

impl Beside {
    fn parse(name: &str) -> Option<Self> {
        Shadow::parse(name).map(Self::New).or_else(|| Shadow::of_old(name).map(Self::Old))
    }

    fn shadow(&self) -> &Shadow {
        match self {
            Self::New(shadow) | Self::Old(shadow) => shadow,
        }
    }

    fn is_needed(&self, standing: &Standing) -> bool {
        match self {
            // Of a load that has none yet, it may be about to be noted.
            Self::New(shadow) => {
                standing.status == LoadStatus::Running
                    && standing.shadow().is_none_or(|noted| noted == *shadow)
            }
            // Until the ledger has seen the swap, it is what tells of it.
            Self::Old(_) => standing.status != LoadStatus::Completed,
        }
    }
}
