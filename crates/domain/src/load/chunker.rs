//! Cutting text into chunks: RFC 4180 in its strict reading, and its dialects.

use super::chunk::{Broken, Chunk, ChunkError, Draft, MAX_RECORD_BYTES, Position};
use super::dialect::{Dialect, Start};
use super::marks::{BLOCK, marks};

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

/// The meaning of the next byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
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
struct OpenRecord {
    line: u64,
    /// Its start in the chunk.
    start: usize,
    /// The end in the chunk of its first line that ends in quotes, and that line's number, if the
    /// record extends beyond it.
    line_end: Option<(usize, u64)>,
    /// True if it has passed a line end after a backslash outside of quotes since then.
    has_left_quotes: bool,
}

/// The field being read.
#[derive(Debug, Clone, Copy, Default)]
struct OpenField {
    /// Its start in the chunk, after an opening quote.
    start: usize,
    is_quoted: bool,
    is_escaped: bool,
}

/// Why reading stopped.
#[derive(Clone, Copy)]
enum Stop {
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

impl Chunker {
    /// Creates a chunker at the start of the content, which says where records begin. A chunk ends
    /// with the record that brings it to `chunk_bytes` (at most
    /// [`MAX_CHUNK_BYTES`](super::MAX_CHUNK_BYTES)).
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

    /// After an error, of the content or of what brings it: returns the records that are complete,
    /// as the last chunk.
    pub fn salvage(&mut self) -> Option<Chunk> {
        if !matches!(self.state, State::Skipped(_) | State::Between) {
            self.draft.give_up_record(self.record.start);
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
        let tail = self.draft.take_back(next);
        if !tail.is_empty() {
            self.again.push((tail, 0));
        }
        self.end_broken(broken, line_end);
        self.line = line + 1;
        self.is_after_cr = self.draft.held_from(next - 1) == b"\r";
    }

    /// Reads on, at most to the end of the chunk; says how many bytes belong to it.
    fn read(&mut self, input: &[u8]) -> (usize, Stop) {
        // The first byte of `input` will have this position in the chunk.
        let base = self.draft.held();
        let mut at = 0;
        while at < input.len() {
            let byte = input[at];
            match self.state {
                State::Skipped(0) => {
                    self.state = State::Between;
                    if self.field.is_quoted {
                        self.open_record(base + at);
                        self.field = OpenField { start: base + at, is_quoted: true, is_escaped: false };
                        self.state = State::Quoted;
                    }
                }
                State::Skipped(left) => {
                    let skipped = left.min(input.len() - at);
                    self.pass_lines(&input[at..at + skipped]);
                    at += skipped;
                    self.state = State::Skipped(left - skipped);
                }
                State::Between if byte == b'\n' || byte == b'\r' => {
                    self.pass_line_end(byte);
                    at += 1;
                }
                State::Between => {
                    if self.is_full(base + at) {
                        return (at, Stop::Full);
                    }
                    let reached = self.read_plain(input, at, base);
                    if reached == at {
                        self.open_record(base + at);
                        self.state = State::Field;
                    }
                    at = reached;
                }
                State::Field => {
                    let is_quoted = byte == b'"' && self.dialect.has_quotes;
                    at += usize::from(is_quoted);
                    self.field = OpenField { start: base + at, is_quoted, is_escaped: false };
                    self.state = match byte {
                        _ if is_quoted => State::Quoted,
                        b' ' if self.dialect.has_quotes => State::Blank,
                        _ => State::Plain,
                    };
                }
                State::Blank => match byte {
                    b' ' => at += 1,
                    b'"' => self.state = State::Broken(Broken::QuoteAfterBlank),
                    _ => self.state = State::Plain,
                },
                State::Plain => {
                    let is_end = |byte: &u8| self.ends_plain(*byte);
                    let Some(length) = input[at..].iter().position(is_end) else {
                        self.is_after_cr = false;
                        at = input.len();
                        break;
                    };
                    at += length;
                    self.is_after_cr &= length == 0;
                    if self.is_escape(input[at]) {
                        self.state = State::Escaped;
                        self.field.is_escaped = true;
                        self.is_after_cr = false;
                    } else if let Err(stop) = self.end_field(input[at], base + at) {
                        return (at, stop);
                    }
                    at += 1;
                }
                State::Escaped | State::QuotedEscaped => {
                    let is_quoted = self.state == State::QuotedEscaped;
                    self.state = if is_quoted { State::Quoted } else { State::Plain };
                    if is_quoted && !self.pass_in_quotes(&input[at..=at], base + at) {
                        continue;
                    }
                    if !is_quoted {
                        self.pass_lines(&input[at..=at]);
                        self.record.has_left_quotes |=
                            matches!(byte, b'\n' | b'\r') && self.record.line_end.is_some();
                    }
                    at += 1;
                }
                State::Quoted => {
                    let rest = &input[at..];
                    let length = if self.dialect.has_escapes {
                        memchr::memchr2(b'"', b'\\', rest)
                    } else {
                        memchr::memchr(b'"', rest)
                    };
                    if !self.pass_in_quotes(&rest[..length.unwrap_or(rest.len())], base + at) {
                        continue;
                    }
                    let Some(length) = length else {
                        at = input.len();
                        break;
                    };
                    at += length + 1;
                    self.is_after_cr = false;
                    self.state = State::Quote;
                    if rest[length] == b'\\' {
                        self.state = State::QuotedEscaped;
                        self.field.is_escaped = true;
                    }
                }
                State::Quote => match byte {
                    b'"' => {
                        self.field.is_escaped = true;
                        self.state = State::Quoted;
                        at += 1;
                    }
                    byte if byte == self.dialect.delimiter || matches!(byte, b'\n' | b'\r') => {
                        if let Err(stop) = self.end_field(byte, base + at - 1) {
                            return (at, stop);
                        }
                        at += 1;
                    }
                    _ if self.record.line_end.is_some() => {
                        let is_too_long = self.is_too_long(base + at);
                        return (
                            at,
                            if is_too_long {
                                Stop::OpenTooLong
                            } else {
                                Stop::Broken(Broken::TextAfterQuote)
                            },
                        );
                    }
                    _ => self.state = State::Broken(Broken::TextAfterQuote),
                },
                State::Broken(broken) => {
                    let Some(length) = memchr::memchr2(b'\n', b'\r', &input[at..]) else {
                        at = input.len();
                        break;
                    };
                    at += length;
                    if self.is_too_long(base + at + 1) {
                        return (at, Stop::TooLong);
                    }
                    self.end_broken(broken, base + at);
                    self.pass_line_end(input[at]);
                    at += 1;
                }
            }
        }
        let is_open = !matches!(self.state, State::Skipped(_) | State::Between);
        let is_too_long = is_open && self.is_too_long(base + at);
        (at, if is_too_long { self.too_long() } else { Stop::Input })
    }

    /// Reads records and empty lines that are complete in the input and have no quoted field, which
    /// most are, up to the one that fills the chunk; returns the position after them.
    /// [`read`](Self::read) handles the rest.
    fn read_plain(&mut self, input: &[u8], from: usize, base: usize) -> usize {
        let Dialect { delimiter, has_quotes, has_escapes } = self.dialect;
        // The starts of the next record and the next field.
        let (mut record, mut field) = (from, from);
        let (blocks, _) = input[from..].as_chunks();
        'blocks: for (block, bytes) in (from..).step_by(BLOCK).zip(blocks) {
            let mut left = marks(bytes, self.dialect);
            while left != 0 {
                let at = block + left.trailing_zeros() as usize;
                left &= left - 1;
                match input[at] {
                    byte if byte == delimiter && byte != b'\n' => {
                        self.draft.push_field(base + field, base + at);
                        field = at + 1;
                    }
                    byte @ (b'\n' | b'\r') => {
                        if at > record {
                            if (at - record) as u64 >= MAX_RECORD_BYTES {
                                break 'blocks;
                            }
                            self.draft.push_field(base + field, base + at);
                            self.draft.end_record(self.line, None);
                        }
                        if at > from {
                            self.is_after_cr = input[at - 1] == b'\r';
                        }
                        self.pass_line_end(byte);
                        (record, field) = (at + 1, at + 1);
                        if self.is_full(base + record) {
                            break 'blocks;
                        }
                    }
                    b'"' if has_quotes && input[field..at].iter().all(|byte| *byte == b' ') => break 'blocks,
                    b'\\' if has_escapes => break 'blocks,
                    _ => {}
                }
            }
        }
        self.draft.give_up_fields();
        record
    }

    fn open_record(&mut self, start: usize) {
        self.record = OpenRecord { line: self.line, start, line_end: None, has_left_quotes: false };
        self.is_after_cr = false;
    }

    /// Ends the field, and with a line end the record.
    fn end_field(&mut self, separator: u8, end: usize) -> Result<(), Stop> {
        if separator == self.dialect.delimiter && separator != b'\n' {
            self.push_field(end);
            self.state = State::Field;
            self.is_after_cr = false;
            return Ok(());
        }
        // The separator belongs to the record; behind a closing quote it stands one further.
        let behind = end + 1 + usize::from(self.state == State::Quote);
        if self.is_too_long(behind) {
            return Err(self.too_long());
        }
        self.end_record(end);
        self.pass_line_end(separator);
        Ok(())
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
        self.draft.give_up_fields();
        self.draft.push_field(self.record.start, end);
        self.draft.end_record(self.record.line, Some(broken));
        self.state = State::Between;
    }

    /// Passes bytes within quotes, line ends among them, unless the record is broken at one of
    /// these; then its state says so.
    fn pass_in_quotes(&mut self, bytes: &[u8], start: usize) -> bool {
        let Some(first) = memchr::memchr2(b'\n', b'\r', bytes) else {
            self.is_after_cr = self.is_after_cr && bytes.is_empty();
            return true;
        };
        // A first line that is too long by itself cannot be read, however the content arrives.
        if self.record.line_end.is_none() && !self.is_too_long(start + first) {
            let (broken, doomed_until) = self.doomed;
            if self.draft.offset(start + first) < doomed_until {
                self.state = State::Broken(broken);
                return false;
            }
            self.record.line_end = Some((start + first, self.line));
        }
        self.pass_lines(bytes);
        true
    }

    /// Counts the line ends among these bytes.
    fn pass_lines(&mut self, bytes: &[u8]) {
        let mut before = None;
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if at > 0 && before != Some(at - 1) {
                self.is_after_cr = false;
            }
            self.pass_line_end(bytes[at]);
            before = Some(at);
        }
        if before.is_none_or(|before| before + 1 < bytes.len()) && !bytes.is_empty() {
            self.is_after_cr = false;
        }
    }

    /// Counts a line end: LF, CR, or the second byte of CRLF, which counts with the first.
    fn pass_line_end(&mut self, byte: u8) {
        self.line += u64::from(byte == b'\r' || !self.is_after_cr);
        self.is_after_cr = byte == b'\r';
    }

    /// Returns true if a record that begins here in the chunk belongs to the next one.
    fn is_full(&self, held: usize) -> bool {
        self.draft.is_full(held) && self.draft.offset(held) >= self.whole_until
    }

    fn is_too_long(&self, end: usize) -> bool {
        (end - self.record.start) as u64 > MAX_RECORD_BYTES
    }

    /// Decides what to do with a record that is too long: the fault may be a quote that is never
    /// closed.
    fn too_long(&self) -> Stop {
        if self.record.line_end.is_some() { Stop::OpenTooLong } else { Stop::TooLong }
    }

    fn is_escape(&self, byte: u8) -> bool {
        byte == b'\\' && self.dialect.has_escapes
    }

    fn ends_plain(&self, byte: u8) -> bool {
        matches!(byte, b'\n' | b'\r') || byte == self.dialect.delimiter || self.is_escape(byte)
    }
}

#[cfg(test)]
mod tests;
