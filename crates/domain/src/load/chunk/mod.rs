//! Chunks: the records that one transaction commits.
//!
//! The bounds of a chunk depend only on the content and on the wanted size, never on how the bytes
//! arrived, so a load that is repeated or resumed finds the same chunks.

mod builder;
mod chunker;
mod dialect;
mod digest;
mod draft;
mod marks;

pub use builder::ChunkBuilder;
pub use chunker::Chunker;
pub use dialect::{Dialect, Start};
pub use digest::ContentDigest;

use crate::row::is_blank;

/// The size of a chunk unless another is asked for: a chunk ends with the record that brings it to
/// this many bytes of content. Some 20,000 short rows in 27 statements: large enough that BEGIN,
/// ledger row and COMMIT add a tenth to the calls, small enough that a transaction takes a second
/// on a small database.
pub const CHUNK_BYTES: u64 = 1024 * 1024;

/// The largest size of a chunk that can be asked for: offsets within a chunk are kept in 32 bits.
pub(crate) const MAX_CHUNK_BYTES: u64 = 1 << 30;

/// Bytes of one record at most. Far above any row that a table could hold; it bounds memory when a
/// quote is never closed or a file has no line ends.
pub const MAX_RECORD_BYTES: u64 = 1024 * 1024;

/// Records that are committed together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chunk {
    /// The chunk's number in the load, from 0.
    pub number: u32,
    /// The offset of its first byte in the content.
    pub start_byte: u64,
    /// The offset of the first byte after it.
    pub end_byte: u64,
    /// The line of the content that the first byte after it is on, from 1.
    pub end_line: u64,
    /// SHA-256 of its bytes. The chunks of a content hold each of its bytes once: a byte order mark
    /// is the first chunk's, empty lines are of the chunk before them.
    pub digest: [u8; 32],
    data: Vec<u8>,
    fields: Vec<Span>,
    records: Vec<Extent>,
}

/// The range of a field's content in the chunk's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: u32,
    end: u32,
}

/// Why a record cannot be read as fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Something else than a delimiter or a line end follows a closing quote. The record's only
    /// field is its first line.
    TextAfterQuote,
    /// A quote follows blanks at the start of a field, and it is unknown if they belong to it. The
    /// record's only field is its line.
    QuoteAfterBlank,
    /// A quote is opened and not closed. The record's only field is its first line.
    QuoteNeverClosed,
    /// The field of this index is a formula of a workbook whose result no program has stored; it is
    /// empty.
    NoResult(u32),
}

impl Broken {
    /// Returns true if quotes are what is wrong: the record's only field is a line of the text
    /// then.
    pub(crate) fn is_of_quotes(self) -> bool {
        !matches!(self, Self::NoResult(_))
    }
}

/// One record within a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    /// The line of the file that it starts on, from 1.
    line: u64,
    broken: Option<Broken>,
    /// Its fields are `fields[first..last]`.
    first: u32,
    last: u32,
}

/// The start of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The chunk's number, from 0.
    pub number: u32,
    /// The offset of its first byte in the content.
    pub byte: u64,
    /// The line that this byte is on, from 1.
    pub line: u64,
}

impl Position {
    /// The start of the first chunk.
    pub const START: Self = Self { number: 0, byte: 0, line: 1 };
}

/// A record of a chunk.
#[derive(Debug, Clone, Copy)]
pub struct Record<'c> {
    /// The line of the file that it starts on, from 1.
    pub line: u64,
    /// Why it cannot be read, if it cannot.
    pub broken: Option<Broken>,
    data: &'c [u8],
    fields: &'c [Span],
}

impl<'c> Record<'c> {
    /// Returns how many fields it has.
    pub fn width(&self) -> usize {
        self.fields.len()
    }

    /// Returns the bytes of a field, unquoted; `index` must be below [`width`](Self::width).
    pub fn field(&self, index: usize) -> &'c [u8] {
        let Span { start, end } = self.fields[index];
        &self.data[start as usize..end as usize]
    }

    /// Returns true if no field has anything in it but blanks.
    pub fn is_blank(&self) -> bool {
        let is_blank = |field| std::str::from_utf8(field).is_ok_and(is_blank);
        self.broken.is_none() && self.fields().all(is_blank)
    }

    /// All fields.
    pub fn fields(self) -> impl ExactSizeIterator<Item = &'c [u8]> + DoubleEndedIterator + Clone {
        self.fields.iter().map(move |span| &self.data[span.start as usize..span.end as usize])
    }
}

impl Chunk {
    /// Returns the records, in the file's order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record<'_>> + Clone {
        self.records.iter().map(|extent| Record {
            line: extent.line,
            broken: extent.broken,
            data: &self.data,
            fields: &self.fields[extent.first as usize..extent.last as usize],
        })
    }

    /// Returns the line that the first record starts on; 1 for a chunk without records.
    pub fn first_line(&self) -> u64 {
        self.records.first().map_or(1, |record| record.line)
    }
}

/// Content that cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// A record does not end within [`MAX_RECORD_BYTES`].
    #[error(
        "line {line}: the record is longer than {MAX_RECORD_BYTES} bytes; is a quote never closed, or are there no \
         line ends?"
    )]
    RecordTooLong {
        /// The line that the record starts on.
        line: u64,
    },
}
