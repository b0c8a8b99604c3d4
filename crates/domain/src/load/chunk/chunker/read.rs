//! Reading bytes of content: a method for each state.

use super::Chunker;
use super::state::{OpenField, OpenRecord, State, Stop};
use crate::load::chunk::dialect::Dialect;
use crate::load::chunk::marks::{BLOCK, marks};
use crate::load::chunk::{Broken, MAX_RECORD_BYTES};

/// A piece of content.
#[derive(Clone, Copy)]
struct Piece<'i> {
    bytes: &'i [u8],
    /// The position in the chunk that the first of these bytes will have.
    base: usize,
}

/// The position in the piece up to which a state was read; or where reading stops, and why.
type Step = Result<usize, (usize, Stop)>;

impl Chunker {
    /// Reads on, at most to the end of the chunk; returns how many bytes belong to it.
    pub(super) fn read(&mut self, input: &[u8]) -> (usize, Stop) {
        let piece = Piece { bytes: input, base: self.draft.held() };
        let mut at = 0;
        while at < input.len() {
            let step = match self.state {
                State::Skipped(left) => Ok(self.skip(left, piece, at)),
                State::Between => self.read_between(piece, at),
                State::Field => Ok(self.begin_field(piece, at)),
                State::Blank => Ok(self.read_blank(input[at], at)),
                State::Plain => self.read_field(piece, at),
                State::Escaped => Ok(self.read_escaped(piece, at)),
                State::Quoted => Ok(self.read_quoted(piece, at)),
                State::QuotedEscaped => Ok(self.read_quoted_escaped(piece, at)),
                State::Quote => self.read_after_quote(piece, at),
                State::Broken(broken) => self.read_broken(broken, piece, at),
            };
            match step {
                Ok(next) => at = next,
                Err(stop) => return stop,
            }
        }
        let is_open = !matches!(self.state, State::Skipped(_) | State::Between);
        let is_too_long = is_open && self.is_too_long(piece.base + at);
        (at, if is_too_long { self.too_long() } else { Stop::Input })
    }

    /// Reads over what stands before the first record, `left` bytes from here.
    fn skip(&mut self, left: usize, piece: Piece<'_>, at: usize) -> usize {
        if left == 0 {
            self.state = State::Between;
            if self.field.is_quoted {
                self.open_record(piece.base + at);
                self.field = OpenField { start: piece.base + at, is_quoted: true, is_escaped: false };
                self.state = State::Quoted;
            }
            return at;
        }
        let skipped = left.min(piece.bytes.len() - at);
        self.pass_lines(&piece.bytes[at..at + skipped]);
        self.state = State::Skipped(left - skipped);
        at + skipped
    }

    #[inline]
    fn read_between(&mut self, piece: Piece<'_>, at: usize) -> Step {
        let byte = piece.bytes[at];
        if byte == b'\n' || byte == b'\r' {
            self.pass_line_end(byte);
            return Ok(at + 1);
        }
        if self.is_full(piece.base + at) {
            return Err((at, Stop::Full));
        }
        let reached = self.read_plain(piece, at);
        if reached == at {
            self.open_record(piece.base + at);
            self.state = State::Field;
        }
        Ok(reached)
    }

    #[inline]
    fn begin_field(&mut self, piece: Piece<'_>, at: usize) -> usize {
        let byte = piece.bytes[at];
        let is_quoted = byte == b'"' && self.dialect.has_quotes;
        let start = at + usize::from(is_quoted);
        self.field = OpenField { start: piece.base + start, is_quoted, is_escaped: false };
        self.state = match byte {
            _ if is_quoted => State::Quoted,
            b' ' if self.dialect.has_quotes => State::Blank,
            _ => State::Plain,
        };
        start
    }

    #[inline]
    fn read_blank(&mut self, byte: u8, at: usize) -> usize {
        match byte {
            b' ' => return at + 1,
            b'"' => self.state = State::Broken(Broken::QuoteAfterBlank),
            _ => self.state = State::Plain,
        }
        at
    }

    #[inline]
    fn read_field(&mut self, piece: Piece<'_>, at: usize) -> Step {
        let is_end = |byte: &u8| self.ends_plain(*byte);
        let Some(length) = piece.bytes[at..].iter().position(is_end) else {
            self.is_after_cr = false;
            return Ok(piece.bytes.len());
        };
        let at = at + length;
        self.is_after_cr &= length == 0;
        if self.is_escape(piece.bytes[at]) {
            self.state = State::Escaped;
            self.field.is_escaped = true;
            self.is_after_cr = false;
        } else if let Err(stop) = self.end_field(piece.bytes[at], piece.base + at) {
            return Err((at, stop));
        }
        Ok(at + 1)
    }

    fn read_escaped(&mut self, piece: Piece<'_>, at: usize) -> usize {
        self.state = State::Plain;
        self.pass_lines(&piece.bytes[at..=at]);
        self.record.has_left_quotes |=
            matches!(piece.bytes[at], b'\n' | b'\r') && self.record.line_end.is_some();
        at + 1
    }

    #[inline]
    fn read_quoted(&mut self, piece: Piece<'_>, at: usize) -> usize {
        let rest = &piece.bytes[at..];
        let length = if self.dialect.has_escapes {
            memchr::memchr2(b'"', b'\\', rest)
        } else {
            memchr::memchr(b'"', rest)
        };
        if !self.pass_in_quotes(&rest[..length.unwrap_or(rest.len())], piece.base + at) {
            return at;
        }
        let Some(length) = length else { return piece.bytes.len() };
        self.is_after_cr = false;
        self.state = State::Quote;
        if rest[length] == b'\\' {
            self.state = State::QuotedEscaped;
            self.field.is_escaped = true;
        }
        at + length + 1
    }

    fn read_quoted_escaped(&mut self, piece: Piece<'_>, at: usize) -> usize {
        self.state = State::Quoted;
        at + usize::from(self.pass_in_quotes(&piece.bytes[at..=at], piece.base + at))
    }

    #[inline]
    fn read_after_quote(&mut self, piece: Piece<'_>, at: usize) -> Step {
        match piece.bytes[at] {
            b'"' => {
                self.field.is_escaped = true;
                self.state = State::Quoted;
                Ok(at + 1)
            }
            byte if byte == self.dialect.delimiter || matches!(byte, b'\n' | b'\r') => {
                self.end_field(byte, piece.base + at - 1).map(|()| at + 1).map_err(|stop| (at, stop))
            }
            _ if self.record.line_end.is_some() => {
                let is_too_long = self.is_too_long(piece.base + at);
                let broken = Stop::Broken(Broken::TextAfterQuote);
                Err((at, if is_too_long { Stop::OpenTooLong } else { broken }))
            }
            _ => {
                self.state = State::Broken(Broken::TextAfterQuote);
                Ok(at)
            }
        }
    }

    /// Reads the first line of a broken record to its end.
    fn read_broken(&mut self, broken: Broken, piece: Piece<'_>, at: usize) -> Step {
        let Some(length) = memchr::memchr2(b'\n', b'\r', &piece.bytes[at..]) else {
            return Ok(piece.bytes.len());
        };
        let at = at + length;
        if self.is_too_long(piece.base + at + 1) {
            return Err((at, Stop::TooLong));
        }
        self.end_broken(broken, piece.base + at);
        self.pass_line_end(piece.bytes[at]);
        Ok(at + 1)
    }

    /// Reads records and empty lines that are complete in the input and have no quoted field, which
    /// most are, up to the one that fills the chunk; returns the position after them.
    /// [`read`](Self::read) handles the rest.
    fn read_plain(&mut self, Piece { bytes: input, base }: Piece<'_>, from: usize) -> usize {
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
        self.draft.discard_fields();
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
