//! What must be in the table, the ledger and the rejects files, computed from what is known about the records. Nothing here
//! uses the loader's own code.

use std::collections::BTreeSet;
use std::ops::Range;

use anyhow::{Result, ensure};

use crate::content::{Content, Rows};
use crate::plan::Mode;

/// What a chunk must have brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) read: u64,
    pub(crate) loaded: u64,
    pub(crate) rejected: u64,
    pub(crate) unknown: u64,
    /// Records that must be in its rejects file: their positions in the content, and the codes.
    pub(crate) rejects: Vec<(usize, String)>,
}

/// What a load must have brought.
#[derive(Debug, Clone, Default)]
pub(crate) struct Brought {
    pub(crate) chunks: Vec<Chunk>,
    /// Its rows, as the last of them left each.
    pub(crate) rows: Rows,
}

impl Brought {
    pub(crate) fn sum(&self, figure: impl Fn(&Chunk) -> u64) -> u64 {
        self.chunks.iter().map(figure).sum()
    }
}

/// The records of each chunk, where these are the bytes that the ledger says the chunks cover: they must follow each other
/// without a gap, begin and end between records, and be as large as the rule says, which is the record that brings a chunk
/// to `chunk_bytes` and no further one.
pub(crate) fn cut(content: &Content, chunk_bytes: u64, bytes: &[Range<u64>]) -> Result<Vec<Range<usize>>> {
    let mut records = Vec::new();
    let (mut next, mut position) = (0, 0);
    for (number, chunk) in bytes.iter().enumerate() {
        ensure!(chunk.start == next, "chunk {number} covers {chunk:?}, the one before ends at {next}");
        next = chunk.end;
        let first = position;
        while content.records.get(position).is_some_and(|record| record.start < chunk.end) {
            position += 1;
        }
        let size = chunk.end - chunk.start;
        if number + 1 < bytes.len() {
            ensure!(size >= chunk_bytes, "chunk {number} of {chunk_bytes} bytes covers {chunk:?}");
            let before = content.records[..position].last().map_or(0, |record| record.start);
            ensure!(
                before.saturating_sub(chunk.start) < chunk_bytes,
                "chunk {number} of {chunk_bytes} bytes has more records than it may: {chunk:?}"
            );
        }
        ensure!(position > first || number == 0, "chunk {number} has no record");
        records.push(first..position);
    }
    ensure!(next == content.length, "the chunks end at {next} instead of {}", content.length);
    Ok(records)
}

/// What a load must have brought that may not take the ids of `taken`.
///
/// Of equal ids in the file the first one counts, but in an upsert all do, and the last one stays.
pub(crate) fn brought(
    mode: Mode,
    content: &Content,
    chunks: &[Range<usize>],
    taken: &BTreeSet<i64>,
) -> Brought {
    let mut brought = Brought::default();
    for records in chunks {
        let mut chunk = Chunk::default();
        let mut claimed = BTreeSet::new();
        for position in records.clone() {
            let record = &content.records[position];
            let mut codes = record.codes.clone();
            chunk.read += 1;
            if mode != Mode::Upsert && record.id.is_some_and(|id| claimed.contains(&id)) {
                codes.push("duplicate_in_batch");
            }
            match record.id {
                Some(id) if codes.is_empty() => {
                    claimed.insert(id);
                    let is_taken = taken.contains(&id) || brought.rows.contains_key(&id);
                    if mode != Mode::Upsert && is_taken {
                        codes.push("duplicate_id");
                    } else {
                        brought.rows.insert(id, record.cells.clone());
                        chunk.unknown += record.unknown;
                    }
                }
                _ => {}
            }
            if codes.is_empty() {
                chunk.loaded += 1;
            } else {
                chunk.rejected += 1;
                chunk.rejects.push((position, codes.join("; ")));
            }
        }
        brought.chunks.push(chunk);
    }
    brought
}
