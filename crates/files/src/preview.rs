//! Previews a load of a file, as far as the file alone shows its result.

use std::collections::BTreeMap;
use std::io::Read;

use domain::dictionary::LoadMode;
use domain::load::{CheckedChunk, Chunk, Columns, OtherHeader, RejectedRecord};
use domain::row::{RowCode, RowError};
use domain::value::Value;
use roaring::RoaringTreemap;

use super::{Opening, SourceError, open};

/// The preview of a load. It does not know which ids are taken in the table, nor which references
/// name a row.
#[derive(Debug, Default)]
pub struct Preview {
    /// Records read: those accepted and those rejected.
    pub rows_read: u64,
    /// Records that would be rejected.
    pub rows_rejected: u64,
    /// The number of records that do not count: rows of empty fields, the header again.
    pub skipped: u64,
    /// Errors by their code. A record may have several.
    pub codes: BTreeMap<RowCode, u64>,
    /// The first rejected records.
    pub first: Vec<Rejected>,
    /// Warnings about content that is not read.
    pub warnings: Vec<String>,
    /// Why the load would fail, with what was read before.
    pub failure: Option<PreviewError>,
}

/// A record that would be rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The line of the file, from 1.
    pub line: u64,
    /// The codes of its errors, in the dictionary's column order.
    pub codes: Vec<RowCode>,
    /// A sentence for each.
    pub reasons: Vec<String>,
}

/// Why a load would fail.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// The content.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A header in the middle.
    #[error(transparent)]
    OtherHeader(#[from] OtherHeader),
}

/// Reads a file as a load does; tells at most `first` rejected records. Memory holds a chunk, and
/// the ids in a compressed set.
pub fn preview(opening: Opening<'_>, mode: LoadMode, first: usize, reader: Box<dyn Read + Send>) -> Preview {
    let mut counting = Counting { mode, first, ids: RoaringTreemap::new(), found: Preview::default() };
    counting.found.failure = counting.read(opening, reader).err();
    counting.found
}

struct Counting {
    mode: LoadMode,
    first: usize,
    ids: RoaringTreemap,
    found: Preview,
}

impl Counting {
    fn read(&mut self, opening: Opening<'_>, reader: Box<dyn Read + Send>) -> Result<(), PreviewError> {
        let mut source = open(opening, reader)?;
        self.found.warnings = source.warnings().to_vec();
        let columns = source.columns().clone();
        while let Some(chunk) = source.next_chunk()? {
            self.count(opening, &columns, &chunk)?;
        }
        Ok(())
    }

    fn count(&mut self, opening: Opening<'_>, columns: &Columns, chunk: &Chunk) -> Result<(), OtherHeader> {
        let checked = CheckedChunk::check(opening.table, columns, chunk, self.mode)?;
        self.found.rows_read += checked.rows_read as u64;
        self.found.skipped += checked.skipped as u64;
        let rejected = rejected_records(&checked, self.mode, &mut self.ids, |_, _| {});
        for record in &rejected {
            self.reject(record);
        }
        Ok(())
    }

    fn reject(&mut self, RejectedRecord { record, errors }: &RejectedRecord<'_>) {
        self.found.rows_rejected += 1;
        for error in errors {
            *self.found.codes.entry(error.code()).or_default() += 1;
        }
        if self.found.first.len() < self.first {
            self.found.first.push(Rejected {
                line: record.line,
                codes: errors.iter().map(RowError::code).collect(),
                reasons: errors.iter().map(ToString::to_string).collect(),
            });
        }
    }
}

/// Returns the records that would be rejected, in the file's order: those that break a rule, and
/// those whose id is among the `ids` of rows before them, to which it adds. Calls `accept` with the
/// index and the values of every other row.
pub(super) fn rejected_records<'c>(
    chunk: &CheckedChunk<'c>,
    mode: LoadMode,
    ids: &mut RoaringTreemap,
    mut accept: impl FnMut(usize, &[Value<'c>]),
) -> Vec<RejectedRecord<'c>> {
    let mut rejected = chunk.rejected.clone();
    for (index, row) in chunk.rows().enumerate() {
        let id = row[chunk.table.key_index()].as_integer();
        // The order of the set means nothing, so negative ids may be the largest.
        if mode != LoadMode::Upsert && id.is_some_and(|id| !ids.insert(id as u64)) {
            rejected.push(chunk.taken(index));
        } else {
            accept(index, row);
        }
    }
    rejected.sort_by_key(|rejected| rejected.record.line);
    rejected
}
