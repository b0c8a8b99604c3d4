//! Cutting CSV, as RFC 4180 and its usual liberties have it, into chunks.

use super::chunk::{Chunk, ChunkError, Draft, MAX_RECORD_BYTES, Position};

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// Bytes of empty lines that are held before they are dropped.
const BLANKS_HELD: usize = 64 * 1024;

/// Cuts CSV content that arrives piece by piece into chunks.
///
/// A field may be quoted, with `""` for a quote in it; records end with LF, CRLF or CR; empty lines are no records.
/// What is not foreseen is taken as it is, as `csv-core` does: a quote within a field that does not begin with one,
/// and text behind a closing quote.
#[derive(Debug)]
pub struct Chunker {
    draft: Draft,
    state: State,
    /// The line that the next byte is on.
    line: u64,
    record: OpenRecord,
    field: OpenField,
}

/// What the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the start of the content, or this many bytes into a byte order mark.
    Mark(usize),
    /// Between records.
    Between,
    /// The first of a field.
    Field,
    /// In a field, outside of quotes.
    Plain,
    /// Inside quotes.
    Quoted,
    /// Behind a quote inside quotes.
    Quote,
}

/// The record being read, outside of [`State::Mark`] and [`State::Between`].
#[derive(Debug, Clone, Copy, Default)]
struct OpenRecord {
    line: u64,
    /// Where in the chunk it starts.
    start: usize,
}

/// The field being read.
#[derive(Debug, Clone, Copy, Default)]
struct OpenField {
    /// Where in the chunk it starts, behind an opening quote.
    start: usize,
    is_escaped: bool,
}

/// Why reading stopped.
enum Stop {
    /// There is no more input.
    Input,
    /// The chunk is full, and the next record begins.
    Full,
    /// The record is too long.
    TooLong,
}

impl Chunker {
    /// A chunker at the start of the content. A chunk ends with the record that brings it to `chunk_bytes` (at most
    /// [`MAX_CHUNK_BYTES`](super::MAX_CHUNK_BYTES)).
    pub fn new(chunk_bytes: u64) -> Self {
        Self::resume(chunk_bytes, Position::START)
    }

    /// A chunker that goes on where a chunk ended; it is fed the content from there.
    pub fn resume(chunk_bytes: u64, position: Position) -> Self {
        Self {
            draft: Draft::new(position, chunk_bytes),
            state: if position.byte == 0 { State::Mark(0) } else { State::Between },
            line: position.line,
            record: OpenRecord::default(),
            field: OpenField::default(),
        }
    }

    /// Takes the next piece of content; gives back the first chunk that is complete with it and the rest of the
    /// piece, to be fed again until no chunk comes.
    ///
    /// # Errors
    /// [`ChunkError::RecordTooLong`]; what comes after [`salvage`](Self::salvage) cannot be read.
    pub fn feed<'i>(&mut self, input: &'i [u8]) -> Result<(Option<Chunk>, &'i [u8]), ChunkError> {
        let (taken, stop) = self.read(input);
        self.draft.take(&input[..taken]);
        match stop {
            Stop::Full => Ok((Some(self.draft.cut(self.line)), &input[taken..])),
            Stop::TooLong => Err(ChunkError::RecordTooLong { line: self.record.line }),
            Stop::Input => {
                if self.state == State::Between {
                    self.draft.forget_tail(BLANKS_HELD);
                }
                Ok((None, &[]))
            }
        }
    }

    /// Ends the content: gives back what is left as the last chunk.
    ///
    /// # Errors
    /// [`ChunkError::QuoteNeverClosed`] for content that ends inside a quoted field.
    pub fn finish(&mut self) -> Result<Option<Chunk>, ChunkError> {
        let end = self.draft.held();
        self.give_up_mark();
        match self.state {
            State::Mark(_) | State::Between => {}
            State::Quoted => return Err(ChunkError::QuoteNeverClosed { line: self.record.line }),
            State::Field => {
                self.field = OpenField { start: end, is_escaped: false };
                self.end_record(end);
            }
            State::Plain => self.end_record(end),
            State::Quote => self.end_record(end - 1),
        }
        Ok((!self.draft.is_empty()).then(|| self.draft.cut(self.line)))
    }

    /// After an error, of the content or of what brings it: gives back the records that are complete, as the last
    /// chunk.
    pub fn salvage(&mut self) -> Option<Chunk> {
        if !matches!(self.state, State::Mark(_) | State::Between) {
            self.draft.give_up_record(self.record.start);
            (self.state, self.line) = (State::Between, self.record.line);
        }
        (!self.draft.is_empty()).then(|| self.draft.cut(self.line))
    }

    /// Reads on, at most to the end of the chunk; says how many bytes belong to it.
    fn read(&mut self, input: &[u8]) -> (usize, Stop) {
        // What `input` begins with will stand here in the chunk.
        let base = self.draft.held();
        let mut at = 0;
        while at < input.len() {
            let byte = input[at];
            match self.state {
                State::Mark(seen) if byte == BYTE_ORDER_MARK[seen] => {
                    at += 1;
                    let is_whole = seen + 1 == BYTE_ORDER_MARK.len();
                    self.state = if is_whole { State::Between } else { State::Mark(seen + 1) };
                }
                State::Mark(0) => self.state = State::Between,
                State::Mark(_) => self.give_up_mark(),
                State::Between if byte == b'\n' || byte == b'\r' => {
                    self.line += u64::from(byte == b'\n');
                    at += 1;
                }
                State::Between => {
                    if self.draft.is_full(base + at) {
                        return (at, Stop::Full);
                    }
                    let reached = self.read_plain(input, at, base);
                    if reached == at {
                        self.record = OpenRecord { line: self.line, start: base + at };
                        self.state = State::Field;
                    }
                    at = reached;
                }
                State::Field => {
                    let is_quoted = byte == b'"';
                    at += usize::from(is_quoted);
                    self.field = OpenField { start: base + at, is_escaped: false };
                    self.state = if is_quoted { State::Quoted } else { State::Plain };
                }
                State::Plain => {
                    let rest = &input[at..];
                    let Some(length) = rest.iter().position(|byte| matches!(byte, b',' | b'\n' | b'\r'))
                    else {
                        at = input.len();
                        break;
                    };
                    at += length;
                    if !self.end_field(input[at], base + at) {
                        return (at, Stop::TooLong);
                    }
                    at += 1;
                }
                State::Quoted => {
                    let rest = &input[at..];
                    let length = memchr::memchr(b'"', rest);
                    self.line +=
                        memchr::memchr_iter(b'\n', &rest[..length.unwrap_or(rest.len())]).count() as u64;
                    let Some(length) = length else {
                        at = input.len();
                        break;
                    };
                    at += length + 1;
                    self.state = State::Quote;
                }
                State::Quote => match byte {
                    b'"' => {
                        self.field.is_escaped = true;
                        self.state = State::Quoted;
                        at += 1;
                    }
                    b',' | b'\n' | b'\r' => {
                        if !self.end_field(byte, base + at - 1) {
                            return (at, Stop::TooLong);
                        }
                        at += 1;
                    }
                    _ => {
                        self.field.is_escaped = true;
                        self.state = State::Plain;
                    }
                },
            }
        }
        let is_open = !matches!(self.state, State::Mark(_) | State::Between);
        let stop = if is_open && self.is_too_long(base + at) { Stop::TooLong } else { Stop::Input };
        (at, stop)
    }

    /// Reads records and empty lines that are whole in the input and have no quoted field, which most are, at most to
    /// the one that fills the chunk; says where it came to. What this leaves over, [`read`](Self::read) takes on.
    fn read_plain(&mut self, input: &[u8], from: usize, base: usize) -> usize {
        // Where the record and the field start that come next.
        let (mut record, mut field) = (from, from);
        let (blocks, _) = input[from..].as_chunks();
        'blocks: for (block, bytes) in (from..).step_by(BLOCK).zip(blocks) {
            let mut low = low_bytes(bytes);
            while low != 0 {
                let at = block + low.trailing_zeros() as usize;
                low &= low - 1;
                match input[at] {
                    b',' => {
                        self.draft.push_field(base + field, base + at, false);
                        field = at + 1;
                    }
                    byte @ (b'\n' | b'\r') => {
                        if at > record {
                            if (at - record) as u64 >= MAX_RECORD_BYTES {
                                break 'blocks;
                            }
                            self.draft.push_field(base + field, base + at, false);
                            self.draft.end_record(self.line);
                        }
                        self.line += u64::from(byte == b'\n');
                        (record, field) = (at + 1, at + 1);
                        if self.draft.is_full(base + record) {
                            break 'blocks;
                        }
                    }
                    b'"' if at == field => break 'blocks,
                    _ => {}
                }
            }
        }
        self.draft.give_up_fields();
        record
    }

    /// Ends the field, and with a line end the record; says whether that is not too long.
    fn end_field(&mut self, separator: u8, end: usize) -> bool {
        if separator == b',' {
            self.draft.push_field(self.field.start, end, self.field.is_escaped);
            self.state = State::Field;
            return true;
        }
        // The separator belongs to the record; behind a closing quote it stands one further.
        let behind = end + 1 + usize::from(self.state == State::Quote);
        if self.is_too_long(behind) {
            return false;
        }
        self.end_record(end);
        self.line += u64::from(separator == b'\n');
        true
    }

    fn end_record(&mut self, end: usize) {
        self.draft.push_field(self.field.start, end, self.field.is_escaped);
        self.draft.end_record(self.record.line);
        self.state = State::Between;
    }

    fn is_too_long(&self, end: usize) -> bool {
        (end - self.record.start) as u64 > MAX_RECORD_BYTES
    }

    /// What looked like the start of a byte order mark is the start of the first field.
    fn give_up_mark(&mut self) {
        if matches!(self.state, State::Mark(1..)) {
            self.record = OpenRecord { line: self.line, start: 0 };
            self.field = OpenField::default();
            self.state = State::Plain;
        }
    }
}

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// One bit for each byte of a block, the lowest for the first: whether it is below `-`, as everything is that means
/// something in CSV, and little else of what files hold. Eight bytes at a time, without a branch.
fn low_bytes(block: &[u8; BLOCK]) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = 0x80 * ONES;
    let (words, _) = block.as_chunks();
    words.iter().rev().fold(0, |bits, word| {
        let word = u64::from_le_bytes(*word);
        // The high bit of each byte: set unless the byte is low.
        let others = ((word & !HIGH) + (0x80 - u64::from(b'-')) * ONES) | word;
        let low = (!others & HIGH) >> 7;
        // Brings the eight bits, eight apart, together in the highest byte.
        bits << 8 | low.wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

#[cfg(test)]
mod tests {
    use csv_core::{ReadRecordResult, Reader};
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::super::chunk::{CHUNK_BYTES, Record};
    use super::*;

    /// Feeds content in pieces of the given sizes, over and over; gives the chunks that come, in order.
    fn feed(chunker: &mut Chunker, content: &[u8], sizes: &[usize]) -> (Vec<Chunk>, Result<(), ChunkError>) {
        let (mut found, mut rest, mut sizes) = (Vec::new(), content, sizes.iter().cycle());
        while !rest.is_empty() {
            let size = (*sizes.next().unwrap()).clamp(1, rest.len());
            let (mut piece, later) = rest.split_at(size);
            loop {
                match chunker.feed(piece) {
                    Ok((Some(chunk), left)) => {
                        found.push(chunk);
                        piece = left;
                    }
                    Ok((None, left)) => {
                        assert!(left.is_empty());
                        break;
                    }
                    Err(error) => {
                        found.extend(chunker.salvage());
                        return (found, Err(error));
                    }
                }
            }
            rest = later;
        }
        let end = chunker.finish().map(|last| found.extend(last));
        if end.is_err() {
            found.extend(chunker.salvage());
        }
        (found, end)
    }

    /// All chunks of content, or what is wrong with it.
    fn chunks(content: &[u8], sizes: &[usize]) -> Result<Vec<Chunk>, ChunkError> {
        let (chunks, end) = feed(&mut Chunker::new(CHUNK_BYTES), content, sizes);
        end.map(|()| chunks)
    }

    type Records = Vec<(u64, Vec<Vec<u8>>)>;

    /// Line and fields of every record.
    fn records(chunks: &[Chunk]) -> Records {
        let of = |record: Record<'_>| (record.line, record.fields().map(<[u8]>::to_vec).collect());
        chunks.iter().flat_map(|chunk| chunk.records().map(of).collect::<Vec<_>>()).collect()
    }

    /// The same, as csv-core reads content that has no byte order mark; the line of a quote never closed.
    fn expected(mut content: &[u8]) -> (Records, Option<u64>) {
        let (mut found, mut line) = (Vec::new(), 1);
        let mut reader = Reader::new();
        loop {
            while let Some(byte @ (b'\r' | b'\n')) = content.first() {
                line += u64::from(*byte == b'\n');
                content = &content[1..];
            }
            if content.is_empty() {
                return (found, None);
            }
            // At the end of the content a line end ends every record but one with an open quote.
            let whole = [content, b"\n"].concat();
            let (mut fields, mut ends) = (vec![0; whole.len()], vec![0; whole.len() + 1]);
            let (result, read, _, count) = reader.read_record(&whole, &mut fields, &mut ends);
            if result != ReadRecordResult::Record {
                return (found, Some(line));
            }
            let starts = std::iter::once(0).chain(ends[..count - 1].iter().copied());
            let record = starts.zip(&ends).map(|(start, end)| fields[start..*end].to_vec()).collect();
            found.push((line, record));
            let (taken, rest) = content.split_at(read.min(content.len()));
            line += taken.iter().filter(|byte| **byte == b'\n').count() as u64;
            content = rest;
        }
    }

    /// That the chunks follow each other without a gap, and that their digests are those of the content's bytes.
    fn assert_covers(chunks: &[Chunk], content: &[u8]) {
        let mut end = Position::START;
        for chunk in chunks {
            assert_eq!((chunk.number, chunk.start_byte), (end.number, end.byte));
            end = chunk.next_position();
            let bytes = &content[chunk.start_byte as usize..chunk.end_byte as usize];
            assert_eq!(chunk.digest[..], Sha256::digest(bytes)[..]);
            let lines = content[..chunk.end_byte as usize].iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(chunk.end_line, 1 + lines as u64);
        }
        assert_eq!(end.byte as usize, content.len());
    }

    #[test]
    fn reads_records_as_rfc_4180_says() {
        let content = "\u{FEFF}1,a\r\n\r\n2,\"b, \"\"c\"\"\nd\"\n\n\n3,5\" pipe\n\"\",\n4".as_bytes();
        let expected: Records = [
            (1, vec!["1", "a"]),
            (3, vec!["2", "b, \"c\"\nd"]),
            (7, vec!["3", "5\" pipe"]),
            (8, vec!["", ""]),
            (9, vec!["4"]),
        ]
        .into_iter()
        .map(|(line, fields)| (line, fields.into_iter().map(|field| field.as_bytes().to_vec()).collect()))
        .collect();
        for size in 1..=content.len() {
            let chunks = chunks(content, &[size]).unwrap();
            assert_eq!(records(&chunks), expected, "in pieces of {size}");
            assert_covers(&chunks, content);
        }
    }

    #[test]
    fn empty_content_has_no_chunk() {
        for content in ["", "\u{FEFF}", "\n", "\r\n\n"] {
            assert_eq!(chunks(content.as_bytes(), &[1]), Ok(vec![]), "{content:?}");
        }
    }

    #[test]
    fn the_start_of_a_byte_order_mark_is_content() {
        for content in [&b"\xEF\xBB"[..], b"\xEF", b"\xEFx", b"\xEF\xBBx"] {
            for size in [1, 9] {
                let chunks = chunks(content, &[size]).unwrap();
                assert_eq!(records(&chunks), [(1, vec![content.to_vec()])], "{content:?}");
                assert_covers(&chunks, content);
            }
        }
    }

    #[test]
    fn names_the_line_of_a_quote_that_is_never_closed() {
        assert_eq!(chunks(b"1,a\n2,\"b\n3,c\n", &[7]), Err(ChunkError::QuoteNeverClosed { line: 2 }));
        assert_eq!(chunks(b"1,a\n2,\"b\"", &[7]).map(|chunks| chunks.len()), Ok(1));
    }

    #[test]
    fn stops_at_a_record_one_byte_over_the_limit_however_it_arrives() {
        let limit = usize::try_from(MAX_RECORD_BYTES).unwrap();
        for (quote, rest) in [("", ""), ("\"", ""), ("", &*"3,c\n".repeat(50)), ("\"", "3,c\n")] {
            for (length, fits) in [(limit - 1, true), (limit, false)] {
                let field = "x".repeat(length - 2 * quote.len());
                let content = format!("1,a\n{quote}{field}{quote}\n{rest}").into_bytes();
                for size in [1000, content.len() - 1, content.len()] {
                    let (found, end) = feed(&mut Chunker::new(u64::MAX), &content, &[size]);
                    let expected = if fits { Ok(()) } else { Err(ChunkError::RecordTooLong { line: 2 }) };
                    assert_eq!(end, expected, "{length} by {size}");
                    assert_covers(&found, if fits { &content } else { b"1,a\n" });
                }
            }
        }
    }

    #[test]
    fn a_byte_order_mark_is_one_only_at_the_very_start() {
        let content = "\u{FEFF}1\n\u{FEFF}2\n".as_bytes();
        let (chunks, _) = feed(&mut Chunker::new(1), content, &[usize::MAX]);
        assert_eq!(records(&chunks), [(1, vec![b"1".to_vec()]), (2, vec!["\u{FEFF}2".as_bytes().to_vec()])]);
        let position = chunks[0].next_position();
        let (following, _) =
            feed(&mut Chunker::resume(1, position), &content[position.byte as usize..], &[usize::MAX]);
        assert_eq!(following, chunks[1..]);
    }

    #[test]
    fn gives_out_the_records_before_the_one_that_cannot_be_read() {
        let good = "1,\"a \"\"b\"\"\"\n\n2,c\n";
        let content = format!("{good}3,\"d\",\"\"\"e\n4,f\n");
        for size in 1..=content.len() {
            let (found, end) = feed(&mut Chunker::new(CHUNK_BYTES), content.as_bytes(), &[size]);
            assert_eq!(end, Err(ChunkError::QuoteNeverClosed { line: 4 }));
            assert_eq!(Ok(&found), chunks(good.as_bytes(), &[size]).as_ref());
            assert_covers(&found, good.as_bytes());
        }
    }

    #[test]
    fn finds_low_bytes_wherever_they_stand() {
        for byte in 0..=u8::MAX {
            for at in 0..BLOCK {
                let mut block = [b'x'; BLOCK];
                block[at] = byte;
                assert_eq!(low_bytes(&block), u64::from(byte < b'-') << at, "{byte} at {at}");
                let mut block = [b' '; BLOCK];
                block[at] = byte;
                assert_eq!(!low_bytes(&block), u64::from(byte >= b'-') << at, "{byte} at {at}");
            }
        }
    }

    #[test]
    fn a_chunk_ends_with_the_record_that_fills_it() {
        let found = |chunk_bytes, content: &[u8]| {
            let (chunks, _) = feed(&mut Chunker::new(chunk_bytes), content, &[3]);
            assert_covers(&chunks, content);
            chunks.iter().map(|chunk| chunk.records().len()).collect::<Vec<_>>()
        };
        assert_eq!(found(8, b"1,a\n2,b\n3,c\n4,d\n5,e\n"), [2, 2, 1]);
        assert_eq!(found(9, b"1,a\n2,b\n3,c\n4,d\n5,e\n"), [3, 2]);
        assert_eq!(found(0, b"\n\n1,a\n\n\n2,b\n\n"), [1, 1]);
        // 10,000 for each quarter of a megabyte.
        let many = "1\n".repeat(10_001);
        assert_eq!(found(256 * 1024, many.as_bytes()), [10_000, 1]);
    }

    #[test]
    fn holds_little_of_a_long_run_of_empty_lines() {
        let blank = vec![b'\n'; 100 * BLANKS_HELD];
        let content = [b"\xEF\xBB\xBF", &blank[..], b"1,\"a\"\n", &blank, b"2,b", &blank].concat();
        let mut chunker = Chunker::new(u64::MAX);
        for piece in content.chunks(1000) {
            assert_eq!(chunker.feed(piece), Ok((None, &b""[..])));
            assert!(chunker.draft.held() <= 2 * BLANKS_HELD, "{} bytes are held", chunker.draft.held());
        }
        let chunks: Vec<Chunk> = chunker.finish().unwrap().into_iter().collect();
        assert_covers(&chunks, &content);
        let lines = blank.len() as u64;
        let fields = |fields: [&str; 2]| fields.map(|field| field.as_bytes().to_vec()).to_vec();
        assert_eq!(records(&chunks), [(lines + 1, fields(["1", "a"])), (2 * lines + 2, fields(["2", "b"]))]);
    }

    /// Content of the characters that matter, quotes and all.
    fn content() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => Just("a".to_owned()),
            3 => Just(",".to_owned()),
            3 => Just("\"".to_owned()),
            2 => Just("\n".to_owned()),
            1 => Just("\r".to_owned()),
            1 => Just("\r\n".to_owned()),
            1 => Just("\"\"".to_owned()),
            1 => Just("é".to_owned()),
            1 => "[a-z]{1,40}",
            2 => "([a-z!]{0,9},){1,4}[a-z\"]{1,9}\r?\n",
        ];
        proptest::collection::vec(piece, 0..120).prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Whatever the content, its pieces and the size of chunks: the records are those that csv-core reads, the
        /// chunks cover the content once, and a chunker that goes on after any of them finds the same that follow.
        #[test]
        fn reads_what_csv_core_reads(
            content in content(),
            sizes in proptest::collection::vec(prop_oneof![1_usize..20, 1_usize..300], 1..6),
            chunk_bytes in prop_oneof![0_u64..60, 0_u64..600],
            has_mark: bool,
        ) {
            let marked = [if has_mark { &b"\xEF\xBB\xBF"[..] } else { b"" }, &content].concat();
            let (found, end) = feed(&mut Chunker::new(chunk_bytes), &marked, &sizes);
            let (expected, open_quote) = expected(&content);
            prop_assert_eq!(end.err(), open_quote.map(|line| ChunkError::QuoteNeverClosed { line }));
            prop_assert_eq!(records(&found), expected);
            if open_quote.is_none() && !found.is_empty() {
                assert_covers(&found, &marked);
            }
            let (whole, _) = feed(&mut Chunker::new(chunk_bytes), &marked, &[usize::MAX]);
            prop_assert_eq!(&found, &whole);
            for (index, chunk) in found.iter().enumerate() {
                let position = chunk.next_position();
                let mut chunker = Chunker::resume(chunk_bytes, position);
                let (following, _) = feed(&mut chunker, &marked[position.byte as usize..], &sizes);
                prop_assert_eq!(&following[..], &found[index + 1..]);
            }
        }
    }
}
