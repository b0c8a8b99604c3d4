//! Counts the records of a file that a load would reject.

use std::collections::BTreeMap;

use domain::dictionary::LoadMode;
use domain::load::{CheckedChunk, RejectedRecord};
use domain::row::RowCode;
use domain::value::Value;
use roaring::RoaringTreemap;

/// The records of a file as a load would count them, as far as the file alone shows it: not which
/// ids are taken in the table, nor which references name a row.
#[derive(Debug, Default)]
pub struct Counts {
    /// Records read: those accepted and those rejected.
    pub rows_read: u64,
    /// Records that would be rejected.
    pub rows_rejected: u64,
    /// The number of records that do not count: rows of empty fields, the header again.
    pub skipped: u64,
    /// Errors by their code. A record may have several.
    pub codes: BTreeMap<RowCode, u64>,
    /// The ids of the accepted rows, in a compressed set.
    ids: RoaringTreemap,
}

impl Counts {
    /// Counts the records of a chunk. Returns those that would be rejected, in the file's order:
    /// those that break a rule, and those whose id is that of a row before them. Calls `accept`
    /// with the index and the values of every other row.
    pub(super) fn add<'c>(
        &mut self,
        chunk: &CheckedChunk<'c>,
        mode: LoadMode,
        mut accept: impl FnMut(usize, &[Value<'c>]),
    ) -> Vec<RejectedRecord<'c>> {
        let mut rejected = chunk.rejected.clone();
        for (index, row) in chunk.rows().enumerate() {
            let id = row[chunk.table.key_index()].as_integer();
            // The order of the set means nothing, so negative ids may be the largest.
            if mode != LoadMode::Upsert && id.is_some_and(|id| !self.ids.insert(id as u64)) {
                rejected.push(chunk.taken(index));
            } else {
                accept(index, row);
            }
        }
        rejected.sort_by_key(|rejected| rejected.record.line);
        self.rows_read += chunk.rows_read as u64;
        self.rows_rejected += rejected.len() as u64;
        self.skipped += chunk.skipped as u64;
        for error in rejected.iter().flat_map(|rejected| &rejected.errors) {
            *self.codes.entry(error.code()).or_default() += 1;
        }
        rejected
    }
}
