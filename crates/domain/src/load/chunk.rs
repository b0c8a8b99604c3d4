//! Chunks: the records that one transaction commits.
//!
//! Where a chunk begins and ends depends on the content and on the wanted size alone, never on how the bytes arrived,
//! so a load that is repeated or resumed finds the same chunks.

use sha2::{Digest, Sha256};

/// The size of a chunk unless another is asked for: a chunk ends with the record that brings it to this many bytes of
/// content. Some 20,000 employees in 27 statements: large enough that BEGIN, ledger row and COMMIT add a tenth to the
/// calls, small enough that a transaction takes a second on a small database.
pub const CHUNK_BYTES: u64 = 1024 * 1024;

/// A chunk ends with this record at the latest, however short its records are: the 10,000th, or in a chunk of more than
/// 256 KiB as many in proportion. A load keeps its size of chunks, and what bounds them depends on nothing else.
fn most_records(chunk_bytes: u64) -> usize {
    let records = chunk_bytes.saturating_mul(10_000) / (256 * 1024);
    usize::try_from(records).unwrap_or(usize::MAX).max(10_000)
}

/// The largest size of a chunk that can be asked for: offsets within a chunk are kept in 32 bits.
pub const MAX_CHUNK_BYTES: u64 = 1 << 30;

/// Bytes of one record at most. Far above any row that a table could hold; it bounds memory when a quote is never
/// closed or a file has no line ends.
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
    /// SHA-256 of its bytes. The chunks of a content hold each of its bytes once: a byte order mark is the first
    /// chunk's, empty lines are of the chunk before them.
    pub digest: [u8; 32],
    data: Vec<u8>,
    fields: Vec<Span>,
    records: Vec<Extent>,
}

/// Where a field's content stands in the chunk's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

/// One record within a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// The line of the file that it starts on, from 1.
    line: u64,
    /// Its fields are `fields[first..last]`.
    first: u32,
    last: u32,
}

/// Where a chunk starts.
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
    /// Where the first chunk starts.
    pub const START: Self = Self { number: 0, byte: 0, line: 1 };
}

/// A record of a chunk.
#[derive(Debug, Clone, Copy)]
pub struct Record<'c> {
    /// The line of the file that it starts on, from 1.
    pub line: u64,
    data: &'c [u8],
    fields: &'c [Span],
}

impl<'c> Record<'c> {
    /// How many fields it has.
    pub fn width(&self) -> usize {
        self.fields.len()
    }

    /// The bytes of a field, unquoted; `index` must be below [`width`](Self::width).
    pub fn field(&self, index: usize) -> &'c [u8] {
        let Span { start, end } = self.fields[index];
        &self.data[start as usize..end as usize]
    }

    /// All fields.
    pub fn fields(self) -> impl ExactSizeIterator<Item = &'c [u8]> {
        self.fields.iter().map(move |span| &self.data[span.start as usize..span.end as usize])
    }
}

impl Chunk {
    /// The records, in the file's order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        self.records.iter().map(|extent| Record {
            line: extent.line,
            data: &self.data,
            fields: &self.fields[extent.first as usize..extent.last as usize],
        })
    }

    /// The line that the first record starts on; 1 for a chunk without records.
    pub fn first_line(&self) -> u64 {
        self.records.first().map_or(1, |record| record.line)
    }

    /// Where the next chunk starts, if there is one.
    pub fn next_position(&self) -> Position {
        Position { number: self.number + 1, byte: self.end_byte, line: self.end_line }
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
    /// The content ends inside a quoted field.
    #[error("line {line}: a quote is opened and never closed")]
    QuoteNeverClosed {
        /// The line that the record starts on.
        line: u64,
    },
}

/// A chunk in the making.
#[derive(Debug)]
pub(super) struct Draft {
    start: Position,
    /// A chunk with this many bytes takes no further record.
    wanted: u64,
    /// So does one with this many records.
    most_records: usize,
    /// The content, quotes and separators included, but for what [`forget_tail`](Self::forget_tail) dropped.
    data: Vec<u8>,
    fields: Vec<Span>,
    records: Vec<Extent>,
    /// Fields whose content is not what it means: positions in `fields`.
    escaped: Vec<usize>,
    hash: Sha256,
    /// So many bytes of `data` are in `hash`.
    hashed: usize,
    /// Bytes of the chunk that are in `hash` and no longer in `data`.
    dropped: u64,
}

impl Draft {
    pub(super) fn new(start: Position, wanted: u64) -> Self {
        Self {
            start,
            wanted: wanted.min(MAX_CHUNK_BYTES),
            most_records: most_records(wanted.min(MAX_CHUNK_BYTES)),
            data: Vec::new(),
            fields: Vec::new(),
            records: Vec::new(),
            escaped: Vec::new(),
            hash: Sha256::new(),
            hashed: 0,
            dropped: 0,
        }
    }

    /// Bytes of content held.
    pub(super) fn held(&self) -> usize {
        self.data.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether a record that begins when `held` bytes are held belongs to the next chunk.
    pub(super) fn is_full(&self, held: usize) -> bool {
        !self.is_empty()
            && (self.dropped + held as u64 >= self.wanted || self.records.len() >= self.most_records)
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.data.extend_from_slice(bytes);
    }

    /// Adds a field whose content is held, or will be, at these offsets. An escaped one is still to be unquoted.
    /// 32 bits hold every offset, for a chunk has at most [`MAX_CHUNK_BYTES`] and a record.
    pub(super) fn push_field(&mut self, start: usize, end: usize, is_escaped: bool) {
        if is_escaped {
            self.escaped.push(self.fields.len());
        }
        self.fields.push(Span { start: start as u32, end: end as u32 });
    }

    /// Makes a record of the fields since the last one.
    pub(super) fn end_record(&mut self, line: u64) {
        let first = self.records.last().map_or(0, |record| record.last);
        self.records.push(Extent { line, first, last: self.fields.len() as u32 });
    }

    /// Gives up the fields since the last record.
    pub(super) fn give_up_fields(&mut self) {
        let fields = self.records.last().map_or(0, |record| record.last as usize);
        self.fields.truncate(fields);
        while self.escaped.pop_if(|field| *field >= fields).is_some() {}
    }

    /// Gives up the record in the making, of which the first byte is at `start`.
    pub(super) fn give_up_record(&mut self, start: usize) {
        self.give_up_fields();
        self.data.truncate(start);
    }

    /// Drops what follows the last field, when that is more than `limit` bytes: only [`Chunk::digest`] needs it.
    pub(super) fn forget_tail(&mut self, limit: usize) {
        let kept = self.fields.last().map_or(0, |field| field.end as usize);
        if self.data.len() - kept > limit {
            self.hash.update(&self.data[self.hashed..]);
            self.dropped += (self.data.len() - kept) as u64;
            self.data.truncate(kept);
            self.hashed = kept;
        }
    }

    /// Ends the chunk, and begins the next one on `end_line`.
    pub(super) fn cut(&mut self, end_line: u64) -> Chunk {
        let end_byte = self.start.byte + self.dropped + self.data.len() as u64;
        let next = Self::new(
            Position { number: self.start.number + 1, byte: end_byte, line: end_line },
            self.wanted,
        );
        let mut draft = std::mem::replace(self, next);
        // Chunks are much alike: with room for as much as the last one had, the next is not copied as it grows.
        self.data.reserve(draft.data.len());
        self.fields.reserve(draft.fields.len());
        self.records.reserve(draft.records.len());
        draft.hash.update(&draft.data[draft.hashed..]);
        for field in draft.escaped {
            let span = &mut draft.fields[field];
            let length = unescape(&mut draft.data[span.start as usize..span.end as usize]);
            span.end = span.start + length;
        }
        Chunk {
            number: draft.start.number,
            start_byte: draft.start.byte,
            end_byte,
            end_line,
            digest: draft.hash.finalize().into(),
            data: draft.data,
            fields: draft.fields,
            records: draft.records,
        }
    }
}

/// Brings what stands behind an opening quote to its meaning, and says how long that is: of two quotes one stays; a
/// single one closes, and what follows it is taken as it is.
fn unescape(field: &mut [u8]) -> u32 {
    let (mut read, mut written) = (0, 0_u32);
    let mut is_open = true;
    while read < field.len() {
        if is_open && field[read] == b'"' {
            read += 1;
            is_open = field.get(read) == Some(&b'"');
            if read == field.len() {
                break;
            }
        }
        field[written as usize] = field[read];
        read += 1;
        written += 1;
    }
    written
}
