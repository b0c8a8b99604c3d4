//! Previews a load of a file, as far as the file alone shows its result.

use std::io::Read;

use domain::dictionary::LoadMode;
use domain::load::{CheckedChunk, RejectedRecord};
use domain::row::{RowCode, RowError};

use crate::counts::Counts;
use crate::error::PreviewError;
use crate::open::open;
use crate::source::Opening;

/// The preview of a load.
#[derive(Debug, Default)]
pub struct Preview {
    /// Its records.
    pub counts: Counts,
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

impl From<&RejectedRecord<'_>> for Rejected {
    fn from(RejectedRecord { record, errors }: &RejectedRecord<'_>) -> Self {
        Self {
            line: record.line,
            codes: errors.iter().map(RowError::code).collect(),
            reasons: errors.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Reads a file as a load does, and returns at most `first` rejected records. Memory holds a chunk,
/// and for each row its key: whole numbers in a compressed set, other keys and unique values as 128
/// bits each.
pub fn preview(opening: Opening<'_>, mode: LoadMode, first: usize, reader: Box<dyn Read + Send>) -> Preview {
    let mut found = Preview::default();
    found.failure = found.read(opening, mode, first, reader).err();
    found
}

impl Preview {
    fn read(
        &mut self,
        opening: Opening<'_>,
        mode: LoadMode,
        first: usize,
        reader: Box<dyn Read + Send>,
    ) -> Result<(), PreviewError> {
        let mut source = open(opening, reader)?;
        self.warnings = source.warnings().to_vec();
        let columns = source.columns().clone();
        while let Some(chunk) = source.next_chunk()? {
            let checked = CheckedChunk::check(opening.table, &columns, &chunk)?;
            let rejected = self.counts.add(&checked, mode).rejected();
            let room = first - self.first.len();
            self.first.extend(rejected.iter().take(room).map(Rejected::from));
        }
        Ok(())
    }
}
