//! Which references of a file's rows name a row.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use aurora::{Database, Error, loads};
use domain::dictionary::Dictionary;
use domain::load::CheckedChunk;

/// Ids remembered for a table at most; beyond that they are asked for again, so that memory stays bounded.
const MAX_REMEMBERED: usize = 200_000;

/// Ids that are known to be there, table by table, so that a file that names the same departments over and over asks
/// for them once.
#[derive(Debug, Default)]
pub(crate) struct References {
    present: BTreeMap<String, HashSet<i64>>,
}

/// For each column that refers to a table, by position, the ids that name no row.
pub(crate) type Missing = BTreeMap<usize, BTreeSet<i64>>;

impl References {
    /// Finds out which references of a chunk's accepted rows name no row.
    pub(crate) async fn missing(
        &mut self,
        database: &Database,
        dictionary: &Dictionary,
        chunk: &CheckedChunk<'_>,
    ) -> Result<Missing, Error> {
        let mut missing = Missing::new();
        for (column, target) in chunk.table.references() {
            let Some(table) = dictionary.table(target) else { continue };
            let present = self.present.entry(target.to_owned()).or_default();
            let asked: BTreeSet<i64> = chunk
                .rows()
                .filter_map(|row| row[column].as_integer())
                .filter(|id| !present.contains(id))
                .collect();
            let found = loads::present_ids(database, table, &asked).await?;
            missing.insert(column, asked.difference(&found).copied().collect());
            if present.len() + found.len() > MAX_REMEMBERED {
                present.clear();
            }
            present.extend(found);
        }
        Ok(missing)
    }
}

/// How many references of the rows that were loaded name no row.
pub(crate) fn count_missing(chunk: &CheckedChunk<'_>, taken: &BTreeSet<usize>, missing: &Missing) -> u64 {
    if missing.values().all(BTreeSet::is_empty) {
        return 0;
    }
    let loaded = chunk.rows().enumerate().filter(|(position, _)| !taken.contains(position));
    loaded
        .flat_map(|(_, row)| missing.iter().map(move |(column, ids)| (row[*column].as_integer(), ids)))
        .filter(|(id, ids)| id.is_some_and(|id| ids.contains(&id)))
        .count() as u64
}
