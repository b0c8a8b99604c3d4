//! Cutting text into chunks: RFC 4180 in its strict reading, and its dialects.

mod read;
mod state;
#[cfg(test)]
mod tests;

use super::dialect::{Dialect, Start};
use super::draft::Draft;
use super::{Broken, Chunk, ChunkError, MAX_RECORD_BYTES, Position};
use state::{OpenField, OpenRecord, State, Stop};

/// Bytes of empty lines that are held before they are dropped.
const BLANKS_HELD: usize = 64 * 1024;

/// Bytes that a chunk may grow by at most because no chunk ends where a quote has been open for too
/// long.
const MOST_OVER: u64 = 8 * MAX_RECORD_BYTES;

/// Cuts content that arrives piece by piece into chunks.
///
/// A field may be quoted, with `""` for a quote in it; records end with LF, CRLF or CR; empty lines
/// are no records. A quote within a field that does not begin with a quote is content, as in
/// `24" pipe`.
///
/// A record with something behind a closing quote, or with a quote that is never closed, is broken
/// ([`Broken`]): only its first line is lost, and reading resumes at the next one. A record that is
/// in quotes at a line end from which an earlier broken record went on to its fault would meet the
/// same fault, so it is broken at once: every line is read at most twice.
#[derive(Debug)]
pub struct Chunker {
    dialect: Dialect,
    draft: Draft,
    state: State,
    /// The line that the next byte is on.
    line: u64,
    /// True if the last byte was a CR, which forms one line end with an LF after it.
    is_after_cr: bool,
    record: OpenRecord,
    field: OpenField,
    /// Content that broken records had taken, and how much of it has been read again; the last
    /// comes first.
    again: Vec<(Vec<u8>, usize)>,
    /// A record that is in quotes at a line end before this offset in the content is broken in this
    /// way.
    doomed: (Broken, u64),
    /// No chunk ends before this offset in the content.
    whole_until: u64,
}

impl Chunker {
    /// Creates a chunker at the start of the content, which says where records begin. A chunk ends
    /// with the record that brings it to `chunk_bytes`, at most
    /// [`MAX_CHUNK_BYTES`](super::MAX_CHUNK_BYTES).
    pub fn new(dialect: Dialect, start: Start, chunk_bytes: u64) -> Self {
        let mut chunker = Self::resume(dialect, chunk_bytes, Position::START);
        chunker.state = State::Skipped(start.bytes);
        // A skipped quote may open a field.
        chunker.field.is_quoted = start.is_quoted;
        chunker
    }

    /// Creates a chunker that resumes where a chunk ended; it is fed the content from there.
    pub fn resume(dialect: Dialect, chunk_bytes: u64, position: Position) -> Self {
        Self {
            dialect,
            draft: Draft::new(position, chunk_bytes, dialect.has_escapes),
            state: State::Between,
            line: position.line,
            is_after_cr: false,
            record: OpenRecord::default(),
            field: OpenField::default(),
            again: Vec::new(),
            doomed: (Broken::QuoteNeverClosed, 0),
            whole_until: 0,
        }
    }

    /// Takes the next piece of content; returns the first chunk that is complete with it and the
    /// rest of the piece, to be fed again until no chunk comes.
    ///
    /// # Errors
    /// [`ChunkError::RecordTooLong`]; what comes after [`salvage`](Self::salvage) cannot be read.
    pub fn feed<'i>(&mut self, mut input: &'i [u8]) -> Result<(Option<Chunk>, &'i [u8]), ChunkError> {
        loop {
            if let Some((held, from)) = self.again.pop() {
                let (taken, stop) = self.read(&held[from..]);
                self.draft.take(&held[from..from + taken]);
                if from + taken < held.len() {
                    self.again.push((held, from + taken));
                }
                if let Some(chunk) = self.after(stop)? {
                    return Ok((Some(chunk), input));
                }
            } else {
                let (taken, stop) = self.read(input);
                self.draft.take(&input[..taken]);
                input = &input[taken..];
                if let Some(chunk) = self.after(stop)? {
                    return Ok((Some(chunk), input));
                }
                if input.is_empty() && self.again.is_empty() {
                    if self.state == State::Between {
                        self.draft.forget_tail(BLANKS_HELD);
                    }
                    return Ok((None, input));
                }
            }
        }
    }

    /// Ends the content: returns what is left, chunk by chunk, until there is none.
    ///
    /// # Errors
    /// [`ChunkError::RecordTooLong`].
    pub fn finish(&mut self) -> Result<Option<Chunk>, ChunkError> {
        loop {
            if !self.again.is_empty()
                && let (Some(chunk), _) = self.feed(&[])?
            {
                return Ok(Some(chunk));
            }
            let end = self.draft.held();
            match self.state {
                State::Skipped(_) | State::Between => break,
                State::Quoted | State::QuotedEscaped if self.record.line_end.is_some() => {
                    self.rewind(Broken::QuoteNeverClosed, u64::MAX, self.record.has_left_quotes);
                }
                State::Quoted | State::QuotedEscaped => self.end_broken(Broken::QuoteNeverClosed, end),
                State::Broken(broken) => self.end_broken(broken, end),
                State::Field => {
                    self.field = OpenField { start: end, ..OpenField::default() };
                    self.end_record(end);
                }
                State::Blank | State::Plain | State::Escaped => self.end_record(end),
                State::Quote => self.end_record(end - 1),
            }
        }
        Ok((!self.draft.is_empty()).then(|| self.draft.cut(self.line)))
    }

    /// After an error, of the content or of its reader: returns the records that are complete,
    /// as the last chunk.
    pub fn salvage(&mut self) -> Option<Chunk> {
        if !matches!(self.state, State::Skipped(_) | State::Between) {
            self.draft.discard_record(self.record.start);
            (self.state, self.line) = (State::Between, self.record.line);
        }
        (!self.draft.is_empty()).then(|| self.draft.cut(self.line))
    }

    /// Does what reading stopped for.
    fn after(&mut self, stop: Stop) -> Result<Option<Chunk>, ChunkError> {
        match stop {
            Stop::Input => Ok(None),
            Stop::Full => Ok(Some(self.draft.cut(self.line))),
            Stop::TooLong => Err(ChunkError::RecordTooLong { line: self.record.line }),
            Stop::Broken(broken) => {
                let end = self.draft.offset(self.draft.held());
                self.rewind(broken, end, self.record.has_left_quotes);
                Ok(None)
            }
            Stop::OpenTooLong => {
                // The limit on a record does not depend on how the content is divided into pieces.
                let end = self.draft.offset(self.record.start) + MAX_RECORD_BYTES;
                if end > self.draft.wanted_end().saturating_add(MOST_OVER) {
                    return Err(ChunkError::RecordTooLong { line: self.record.line });
                }
                self.rewind(Broken::QuoteNeverClosed, end, true);
                Ok(None)
            }
        }
    }

    /// Ends a record that broke after its first line with that line, so that the rest is read
    /// again. A record that is in quotes at a line end before `doomed_until` is broken, too. If
    /// that is only assumed (`is_guess`), no chunk ends before it: a reader that resumes after such
    /// a chunk would find other records.
    fn rewind(&mut self, broken: Broken, doomed_until: u64, is_guess: bool) {
        let OpenRecord { start, line, line_end, .. } = self.record;
        let (line_end, line) = line_end.unwrap_or((start, line));
        let is_crlf = self.draft.held_from(line_end).starts_with(b"\r\n");
        let next = line_end + 1 + usize::from(is_crlf);
        self.doomed = (broken, doomed_until);
        if is_guess {
            self.whole_until = doomed_until;
        }
        let tail = self.draft.split_tail(next);
        if !tail.is_empty() {
            self.again.push((tail, 0));
        }
        self.end_broken(broken, line_end);
        self.line = line + 1;
        self.is_after_cr = self.draft.held_from(next - 1) == b"\r";
    }

    fn push_field(&mut self, end: usize) {
        let OpenField { start, is_quoted, is_escaped } = self.field;
        if is_escaped {
            self.draft.push_escaped(start, end, is_quoted);
        } else {
            self.draft.push_field(start, end);
        }
    }

    fn end_record(&mut self, end: usize) {
        self.push_field(end);
        self.draft.end_record(self.record.line, None);
        self.state = State::Between;
    }

    /// Ends a broken record, whose one field is its first line.
    fn end_broken(&mut self, broken: Broken, end: usize) {
        self.draft.discard_fields();
        self.draft.push_field(self.record.start, end);
        self.draft.end_record(self.record.line, Some(broken));
        self.state = State::Between;
    }
}
