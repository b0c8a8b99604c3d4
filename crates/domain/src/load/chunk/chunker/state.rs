//! Where a [`Chunker`](super::Chunker) is in its content.

use crate::load::chunk::Broken;

/// The meaning of the next byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// One of so many before the first record.
    Skipped(usize),
    /// Between records.
    Between,
    /// The first of a field.
    Field,
    /// Behind blanks at the start of a field.
    Blank,
    /// In a field, outside of quotes.
    Plain,
    /// Behind a backslash outside of quotes.
    Escaped,
    /// Inside quotes.
    Quoted,
    /// Behind a backslash inside quotes.
    QuotedEscaped,
    /// Behind a quote inside quotes.
    Quote,
    /// In the first line of a broken record.
    Broken(Broken),
}

/// The record being read, outside of [`State::Skipped`] and [`State::Between`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OpenRecord {
    pub(super) line: u64,
    /// Its start in the chunk.
    pub(super) start: usize,
    /// The end in the chunk of its first line that ends in quotes, and that line's number, if the
    /// record extends beyond it.
    pub(super) line_end: Option<(usize, u64)>,
    /// True if it has passed a line end after a backslash outside of quotes since then.
    pub(super) has_left_quotes: bool,
}

/// The field being read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OpenField {
    /// Its start in the chunk, after an opening quote.
    pub(super) start: usize,
    pub(super) is_quoted: bool,
    pub(super) is_escaped: bool,
}

/// Why reading stopped.
#[derive(Clone, Copy)]
pub(super) enum Stop {
    /// There is no more input.
    Input,
    /// The chunk is full, and the next record begins.
    Full,
    /// The record is too long.
    TooLong,
    /// The record is broken, and has come further than its first line.
    Broken(Broken),
    /// The record has been in quotes for too long, and has come further than its first line.
    OpenTooLong,
}
