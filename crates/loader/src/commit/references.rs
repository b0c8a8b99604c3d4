//! Checks which references of a file's rows name a row.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aurora::{Database, Error, loads};
use domain::dictionary::{Dictionary, Table};
use domain::load::CheckedChunk;

/// Ids remembered for a table at most; beyond that they are asked for again, so that memory stays
/// bounded.
const MAX_REMEMBERED: usize = 200_000;

/// Ids that are known to be there, table by table, so that a file that names the same departments
/// over and over asks for them once.
#[derive(Debug, Default)]
pub(crate) struct References {
    present: Mutex<BTreeMap<String, HashSet<i64>>>,
}

/// For each column that refers to a table, by position, the ids that name no row.
pub(crate) type Missing = BTreeMap<usize, BTreeSet<i64>>;

impl References {
    /// Finds out which of the ids that a chunk's rows refer to name no row; columns without such
    /// are left out.
    pub(crate) async fn missing(
        &self,
        database: &Database,
        dictionary: &Dictionary,
        table: &Table,
        named: &[(usize, BTreeSet<i64>)],
    ) -> Result<Missing, Error> {
        let mut missing = Missing::new();
        for (column, ids) in named {
            let target = table.references().find(|(position, _)| position == column);
            let Some(referred) = target.and_then(|(_, name)| dictionary.table(name)) else { continue };
            let asked: BTreeSet<i64> = match self.lock().get(referred.name()) {
                Some(present) => ids.iter().filter(|id| !present.contains(id)).copied().collect(),
                None => ids.clone(),
            };
            if asked.is_empty() {
                continue;
            }
            let found =
                loads::present_ids(database, referred, referred.name(), asked.iter().copied()).await?;
            let absent: BTreeSet<i64> = asked.difference(&found).copied().collect();
            if !absent.is_empty() {
                missing.insert(*column, absent);
            }
            let mut remembered = self.lock();
            let present = remembered.entry(referred.name().to_owned()).or_default();
            if present.len() + found.len() > MAX_REMEMBERED {
                present.clear();
            }
            present.extend(found);
        }
        Ok(missing)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, HashSet<i64>>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts the references of the accepted rows that name no row.
pub(crate) fn count_missing(chunk: &CheckedChunk<'_>, taken: &BTreeSet<usize>, missing: &Missing) -> u64 {
    let loaded = chunk.rows().enumerate().filter(|(position, _)| !taken.contains(position));
    loaded
        .flat_map(|(_, row)| missing.iter().map(move |(column, ids)| (row[*column].as_integer(), ids)))
        .filter(|(id, ids)| id.is_some_and(|id| ids.contains(&id)))
        .count() as u64
}
