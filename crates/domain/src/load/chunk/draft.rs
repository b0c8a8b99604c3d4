//! A chunk while its records are added.

use sha2::{Digest, Sha256};

use super::{Broken, Chunk, Extent, MAX_CHUNK_BYTES, Position, Span};

/// A chunk ends with this record at the latest, however short its records are: the 10,000th, or in
/// a chunk of more than 256 KiB as many in proportion. A load keeps its size of chunks, and what
/// bounds them depends on nothing else.
fn most_records(chunk_bytes: u64) -> usize {
    let records = chunk_bytes.saturating_mul(10_000) / (256 * 1024);
    usize::try_from(records).unwrap_or(usize::MAX).max(10_000)
}

/// An unfinished chunk.
#[derive(Debug)]
pub(super) struct Draft {
    start: Position,
    /// A chunk with this many bytes takes no further record.
    wanted: u64,
    /// The most records: a chunk with this many is full, too.
    most_records: usize,
    has_escapes: bool,
    /// The content, quotes and separators included, but for what [`forget_tail`](Self::forget_tail)
    /// dropped.
    data: Vec<u8>,
    fields: Vec<Span>,
    records: Vec<Extent>,
    /// Fields whose content is not what it means: positions in `fields`, and whether they are
    /// quoted.
    escaped: Vec<(usize, bool)>,
    hash: Sha256,
    /// The number of bytes of `data` that are in `hash`.
    hashed: usize,
    /// The number of bytes of the chunk that are in `hash` and no longer in `data`.
    dropped: u64,
}

impl Draft {
    pub(super) fn new(start: Position, wanted: u64, has_escapes: bool) -> Self {
        Self {
            start,
            has_escapes,
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

    /// Returns the offset in the content of the first byte that a chunk of the wanted size has not.
    pub(super) fn wanted_end(&self) -> u64 {
        self.start.byte.saturating_add(self.wanted)
    }

    /// Bytes of content held.
    pub(super) fn held(&self) -> usize {
        self.data.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Returns true if a record that begins when `held` bytes are held belongs to the next chunk.
    pub(super) fn is_full(&self, held: usize) -> bool {
        !self.is_empty()
            && (self.dropped + held as u64 >= self.wanted || self.records.len() >= self.most_records)
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.data.extend_from_slice(bytes);
    }

    /// Adds a field whose content is held, or will be, at these offsets. 32 bits hold every offset,
    /// for a chunk has at most [`MAX_CHUNK_BYTES`], and some records more.
    pub(super) fn push_field(&mut self, start: usize, end: usize) {
        self.fields.push(Span { start: start as u32, end: end as u32 });
    }

    /// Adds a field whose escapes are still to be resolved.
    pub(super) fn push_escaped(&mut self, start: usize, end: usize, is_quoted: bool) {
        self.escaped.push((self.fields.len(), is_quoted));
        self.push_field(start, end);
    }

    /// Makes a record of the fields since the last one.
    pub(super) fn end_record(&mut self, line: u64, broken: Option<Broken>) {
        let first = self.records.last().map_or(0, |record| record.last);
        self.records.push(Extent { line, broken, first, last: self.fields.len() as u32 });
    }

    /// Removes the held content from an offset on, and returns it.
    pub(super) fn split_tail(&mut self, start: usize) -> Vec<u8> {
        self.data.split_off(start)
    }

    /// Returns the held content from an offset on.
    pub(super) fn held_from(&self, start: usize) -> &[u8] {
        &self.data[start..]
    }

    /// Returns the offset in the content of what stands at this offset in the chunk.
    pub(super) fn offset(&self, held: usize) -> u64 {
        self.start.byte + self.dropped + held as u64
    }

    /// Discards the fields since the last record.
    pub(super) fn discard_fields(&mut self) {
        let fields = self.records.last().map_or(0, |record| record.last as usize);
        self.fields.truncate(fields);
        while self.escaped.pop_if(|(field, _)| *field >= fields).is_some() {}
    }

    /// Discards the unfinished record, whose first byte is at `start`.
    pub(super) fn discard_record(&mut self, start: usize) {
        self.discard_fields();
        self.data.truncate(start);
    }

    /// Drops what follows the last field, when that is more than `limit` bytes: only
    /// [`Chunk::digest`] needs it.
    pub(super) fn forget_tail(&mut self, limit: usize) {
        let last = self.fields.last().map_or(0, |field| field.end as usize);
        if self.data.len() - last > limit {
            self.hash.update(&self.data[self.hashed..]);
            self.dropped += (self.data.len() - last) as u64;
            self.data.truncate(last);
            self.hashed = last;
        }
    }

    /// Ends the chunk, and begins the next one on `end_line`.
    pub(super) fn cut(&mut self, end_line: u64) -> Chunk {
        let end_byte = self.offset(self.data.len());
        let next = Self::new(
            Position { number: self.start.number + 1, byte: end_byte, line: end_line },
            self.wanted,
            self.has_escapes,
        );
        let mut draft = std::mem::replace(self, next);
        // Chunks are much alike: with room for as much as the last one had, the next is not copied
        // as it grows.
        self.data.reserve(draft.data.len());
        self.fields.reserve(draft.fields.len());
        self.records.reserve(draft.records.len());
        draft.hash.update(&draft.data[draft.hashed..]);
        for (field, is_quoted) in draft.escaped {
            let span = &mut draft.fields[field];
            let data = &mut draft.data[span.start as usize..span.end as usize];
            let length = unescape(data, is_quoted, draft.has_escapes);
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

/// Resolves the escapes of a field in place, and returns its new length: two quotes become one, and
/// with backslashes, a backslash and the character after it what they mean.
fn unescape(field: &mut [u8], is_quoted: bool, has_escapes: bool) -> u32 {
    if has_escapes && !is_quoted && field == NO_VALUE {
        return 0;
    }
    let (mut read, mut written) = (0, 0);
    while read < field.len() {
        let byte = match field[read] {
            b'"' if is_quoted && field.get(read + 1) == Some(&b'"') => {
                read += 1;
                b'"'
            }
            b'\\' if has_escapes && read + 1 < field.len() => {
                read += 1;
                unescaped(field[read])
            }
            byte => byte,
        };
        field[written] = byte;
        read += 1;
        written += 1;
    }
    written as u32
}

/// MySQL's text for NULL outside of quotes; here an empty field means NULL.
const NO_VALUE: &[u8] = b"\\N";

/// Returns the meaning of a character after a backslash in MySQL.
/// <https://dev.mysql.com/doc/refman/8.0/en/load-data.html>
fn unescaped(byte: u8) -> u8 {
    match byte {
        b'0' => 0,
        b'b' => 8,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'Z' => 26,
        byte => byte,
    }
}
