//! Computes what must be in the table, the ledger and the rejects files from what is known about
//! the records. Nothing here uses the loader's own code.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::content::{Content, Rows};
use super::plan::Mode;

/// Why records are rejected: the code of each one's first error, the column, and how many there
/// are.
pub(super) type Reasons = BTreeMap<(String, Option<String>), u64>;

/// The codes of ids that are taken.
const TAKEN: [&str; 2] = ["duplicate_id", "duplicate_in_batch"];

/// The expected figures of a chunk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) read: u64,
    pub(super) loaded: u64,
    pub(super) rejected: u64,
    pub(super) unknown: u64,
    /// Records that count for nothing.
    pub(super) skipped: u64,
    /// Records that must be in its rejects file: their positions in the content, and the codes.
    pub(super) rejects: Vec<(usize, String)>,
    pub(super) reasons: Reasons,
}

/// The expected end of a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Completed,
    /// Failed with an error that begins so and ends so, everything having been read.
    Failed(String, &'static str),
    /// Failed with an error that begins so at the first chunk with a reject, whatever others were
    /// in by then.
    Stopped(&'static str),
}

/// The expected result of a load.
#[derive(Debug, Clone)]
pub(super) struct Expectation {
    pub(super) end: End,
    pub(super) chunks: Vec<Chunk>,
    /// Its rows, as the last of them left each.
    pub(super) rows: Rows,
}

impl Expectation {
    pub(super) fn sum(&self, figure: impl Fn(&Chunk) -> u64) -> u64 {
        self.chunks.iter().map(figure).sum()
    }
}

/// The range of a chunk in its content.
#[derive(Debug, Clone)]
pub(super) struct Cut {
    pub(super) bytes: Range<u64>,
    /// Positions in the content.
    pub(super) records: Range<usize>,
}

/// The chunks of a content: each ends with the record that brings it to `chunk_bytes`, and they
/// follow each other without a gap.
pub(super) fn cut(content: &Content, chunk_bytes: u64) -> Vec<Cut> {
    if content.is_of_another_table {
        return Vec::new();
    }
    let whole = Cut { bytes: 0..content.length, records: 0..content.records.len() };
    let (mut chunks, mut last) = (Vec::new(), whole);
    for (position, record) in content.records.iter().enumerate() {
        if position > last.records.start && record.start - last.bytes.start >= chunk_bytes {
            let next = Cut { bytes: record.start..last.bytes.end, records: position..last.records.end };
            (last.bytes.end, last.records.end) = (record.start, position);
            chunks.push(std::mem::replace(&mut last, next));
        }
    }
    chunks.push(last);
    chunks
}

/// Returns the expected result of a load that may not take the ids of `taken`. `takes_rejects` says
/// if a replace may leave records out.
///
/// Of equal ids in the file the first one counts, but in an upsert all do, and the last one stays.
pub(super) fn expectation(
    mode: Mode,
    content: &Content,
    chunks: &[Cut],
    taken: &BTreeSet<i64>,
    takes_rejects: bool,
) -> Expectation {
    let mut expectation = Expectation { end: End::Completed, chunks: Vec::new(), rows: Rows::new() };
    for Cut { records, .. } in chunks {
        let mut chunk = Chunk::default();
        let mut claimed = BTreeSet::new();
        for position in records.clone() {
            let record = &content.records[position];
            if record.is_blank() {
                chunk.skipped += 1;
                continue;
            }
            let mut codes = record.codes.clone();
            chunk.read += 1;
            match record.id {
                Some(id) if codes.is_empty() => {
                    let is_taken = taken.contains(&id) || expectation.rows.contains_key(&id);
                    if mode == Mode::Upsert || !is_taken {
                        claimed.insert(id);
                        expectation.rows.insert(id, record.cells.clone());
                        chunk.unknown += record.unknown;
                    } else if claimed.contains(&id) {
                        codes.push("duplicate_in_batch");
                    } else {
                        codes.push("duplicate_id");
                    }
                }
                _ => {}
            }
            if codes.is_empty() {
                chunk.loaded += 1;
            } else {
                chunk.rejected += 1;
                let column = if TAKEN.contains(&codes[0]) { Some("id") } else { record.wrong_column };
                *chunk.reasons.entry((codes[0].to_owned(), column.map(str::to_owned))).or_default() += 1;
                chunk.rejects.push((position, codes.join("; ")));
            }
        }
        expectation.chunks.push(chunk);
    }
    expectation.end = end(mode, content, &expectation, takes_rejects);
    if mode == Mode::Replace && expectation.end != End::Completed {
        expectation.rows.clear();
        for chunk in &mut expectation.chunks {
            // Its rejected records are kept for people to see.
            (chunk.read, chunk.loaded, chunk.unknown) = (chunk.rejected, 0, 0);
        }
    }
    expectation
}

/// Returns the expected end of a load with this result.
fn end(mode: Mode, content: &Content, expectation: &Expectation, takes_rejects: bool) -> End {
    let undone = if mode == Mode::Replace { "; the table is as it was before" } else { "" };
    if content.is_of_another_table {
        return End::Failed("line ".to_owned(), undone);
    }
    let (loaded, rejected) = (expectation.sum(|chunk| chunk.loaded), expectation.sum(|chunk| chunk.rejected));
    if mode == Mode::Replace && rejected > 0 && !takes_rejects {
        return End::Stopped(
            "a replace takes all records of its file, and some were rejected, mostly because ",
        );
    }
    if loaded == 0 && rejected > 0 {
        let mut sum = Reasons::new();
        for (reason, count) in expectation.chunks.iter().flat_map(|chunk| &chunk.reasons) {
            *sum.entry(reason.clone()).or_default() += count;
        }
        let is_taken = |(code, _): &(String, Option<String>)| TAKEN.contains(&&**code);
        let faults = sum.iter().filter(|(reason, _)| !is_taken(reason)).map(|(_, count)| *count);
        let most = faults.clone().max().unwrap_or_default();
        if 2 * faults.sum::<u64>() >= rejected && most > 0 {
            let all = format!("nothing could be loaded: all {rejected} records were rejected");
            let part = if most == rejected { String::new() } else { format!(", {most} of them") };
            return End::Failed(format!("{all}{part} because "), undone);
        }
    }
    if mode == Mode::Replace && loaded == 0 {
        return End::Failed("the file has no row to replace the table with".to_owned(), undone);
    }
    End::Completed
}
