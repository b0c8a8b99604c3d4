//! Cutting a CSV stream into chunks of records.
//!
//! A chunk is what one transaction commits. Its boundaries depend on the content alone, never on how the bytes
//! arrived, so a load that is repeated or resumed cuts the same chunks.

use csv_core::{ReadRecordResult, Reader};

/// A chunk ends with the record that brings it to this many bytes of content: some 5,000 employees, a handful of
/// statements. Large enough that ledger row and commit weigh little, small enough that a transaction is short.
pub const CHUNK_BYTES: u64 = 256 * 1024;

/// A chunk ends with this record at the latest, however short its records are.
pub const CHUNK_RECORDS: usize = 10_000;

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
    /// The content of all fields, one after the other, unquoted.
    data: Vec<u8>,
    /// For each field, where it ends in `data`.
    ends: Vec<usize>,
    records: Vec<Extent>,
}

/// One record within a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    /// The line of the file that it starts on, from 1.
    line: u64,
    /// Its fields end at `ends[first..last]`.
    first: usize,
    last: usize,
    /// Where its first field starts in `data`.
    start: usize,
}

/// A record of a chunk.
#[derive(Debug, Clone, Copy)]
pub struct Record<'c> {
    /// The line of the file that it starts on, from 1.
    pub line: u64,
    start: usize,
    data: &'c [u8],
    ends: &'c [usize],
}

impl<'c> Record<'c> {
    /// How many fields it has.
    pub fn width(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of a field, unquoted; `index` must be below [`width`](Self::width).
    pub fn field(&self, index: usize) -> &'c [u8] {
        let start = if index == 0 { self.start } else { self.ends[index - 1] };
        &self.data[start..self.ends[index]]
    }

    /// All fields.
    pub fn fields(self) -> impl Iterator<Item = &'c [u8]> {
        (0..self.width()).map(move |index| self.field(index))
    }
}

impl Chunk {
    /// The records, in the file's order.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.records.iter().map(|extent| Record {
            line: extent.line,
            start: extent.start,
            data: &self.data,
            ends: &self.ends[extent.first..extent.last],
        })
    }

    /// The line that the first record starts on; 1 for a chunk without records.
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
         line ends? The records before it are loaded or rejected, it and what follows are not"
    )]
    RecordTooLong {
        /// The line that the record starts on.
        line: u64,
    },
    /// The content ends inside a quoted field.
    #[error(
        "line {line}: a quote is opened and never closed; the records before it are loaded or rejected, it and what \
         follows are not"
    )]
    QuoteNeverClosed {
        /// The line that the record starts on.
        line: u64,
    },
}

/// Cuts content that arrives piece by piece into chunks.
#[derive(Debug)]
pub struct Chunker {
    reader: Reader,
    chunk: Chunk,
    /// How much of the chunk's `data` and `ends` is filled; beyond that they hold nothing yet.
    data: usize,
    ends: usize,
    /// Bytes consumed so far, and the line that the next of them is on.
    offset: u64,
    line: u64,
    /// The record being read: its first line, and the offset of its first byte.
    record: Option<(u64, u64)>,
    /// How many bytes of a byte order mark have been seen; `None` once it cannot come any more.
    mark: Option<usize>,
}

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// Room for fields beyond those of the record before.
const SPARE_ENDS: usize = 64;

impl Default for Chunker {
    fn default() -> Self {
        Self {
            reader: Reader::new(),
            chunk: Chunk::default(),
            data: 0,
            ends: 0,
            offset: 0,
            line: 1,
            record: None,
            mark: Some(0),
        }
    }
}

impl Chunker {
    /// A chunker at the start of the content.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece of content; gives back the first chunk that is complete with it and the rest of the
    /// piece, to be fed again until no chunk comes.
    ///
    /// # Errors
    /// [`ChunkError::RecordTooLong`].
    pub fn feed<'i>(&mut self, mut input: &'i [u8]) -> Result<(Option<Chunk>, &'i [u8]), ChunkError> {
        input = self.skip_mark(input);
        while !input.is_empty() {
            if self.record.is_none() {
                // csv-core skips blank lines too, but would not say on which line the record starts.
                let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                self.consume(&input[..blank]);
                input = &input[blank..];
                if input.is_empty() {
                    break;
                }
            }
            let (line, start) = *self.record.get_or_insert((self.line, self.offset));
            let (ended, taken) = self.read(input);
            self.consume(&input[..taken]);
            input = &input[taken..];
            if self.offset - start > MAX_RECORD_BYTES {
                return Err(ChunkError::RecordTooLong { line });
            }
            if ended && self.is_full() {
                return Ok((Some(self.cut()), input));
            }
        }
        Ok((None, input))
    }

    /// Ends the content: gives back what is left as the last chunk.
    ///
    /// # Errors
    /// [`ChunkError::QuoteNeverClosed`] for content that ends inside a quoted field.
    pub fn finish(&mut self) -> Result<Option<Chunk>, ChunkError> {
        self.give_up_mark();
        if let Some((line, _)) = self.record {
            // A line end ends every record but one with an open quote, where it is content.
            let (ended, _) = self.read(b"\n");
            if !ended {
                return Err(ChunkError::QuoteNeverClosed { line });
            }
        }
        Ok((!self.chunk.records.is_empty()).then(|| self.cut()))
    }

    /// After an error: gives back the records before the one that cannot be read, as the last chunk.
    pub fn salvage(&mut self) -> Option<Chunk> {
        let last = self.chunk.records.last()?.last;
        (self.ends, self.data) = (last, self.chunk.ends[last - 1]);
        self.record.take().inspect(|(_, start)| self.offset = *start);
        Some(self.cut())
    }

    /// Skips a byte order mark at the very start, which may arrive in pieces.
    fn skip_mark<'i>(&mut self, mut input: &'i [u8]) -> &'i [u8] {
        while let (Some(seen), Some(byte)) = (self.mark, input.first()) {
            if *byte != BYTE_ORDER_MARK[seen] {
                self.give_up_mark();
                break;
            }
            self.offset += 1;
            self.mark = Some(seen + 1).filter(|seen| *seen < BYTE_ORDER_MARK.len());
            input = &input[1..];
        }
        input
    }

    /// Reads what looked like the start of a byte order mark and is none: it is content, and ends no record.
    fn give_up_mark(&mut self) {
        if let Some(seen) = self.mark.take().filter(|seen| *seen > 0) {
            self.record = Some((1, 0));
            self.read(&BYTE_ORDER_MARK[..seen]);
        }
    }

    /// Reads on in the current record; says whether it ended, and how many bytes it took.
    fn read(&mut self, input: &[u8]) -> (bool, usize) {
        let first = self.chunk.records.last().map_or(0, |record| record.last);
        let start = if first == 0 { 0 } else { self.chunk.ends[first - 1] };
        // Unquoting never makes content longer, so this is room enough; it grows a few times a chunk, not with
        // every record.
        if self.chunk.data.len() < self.data + input.len() {
            self.chunk.data.resize(self.data + input.len(), 0);
        }
        let mut taken = 0;
        let ended = loop {
            if self.chunk.ends.len() == self.ends {
                self.chunk.ends.resize(self.ends + SPARE_ENDS, 0);
            }
            let (result, read, written, fields) = self.reader.read_record(
                &input[taken..],
                &mut self.chunk.data[self.data..],
                &mut self.chunk.ends[self.ends..],
            );
            taken += read;
            self.data += written;
            // csv-core counts ends from the record's start, the chunk from its own.
            for end in &mut self.chunk.ends[self.ends..self.ends + fields] {
                *end += start;
            }
            self.ends += fields;
            match result {
                ReadRecordResult::Record => break true,
                // To csv-core, no more input would mean the end of the content.
                ReadRecordResult::OutputEndsFull if taken < input.len() => {}
                _ => break false,
            }
        };
        if ended {
            let line = self.record.take().map_or(self.line, |(line, _)| line);
            self.chunk.records.push(Extent { line, first, last: self.ends, start });
        }
        (ended, taken)
    }

    fn consume(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        self.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
    }

    fn is_full(&self) -> bool {
        self.offset - self.chunk.start_byte >= CHUNK_BYTES || self.chunk.records.len() >= CHUNK_RECORDS
    }

    fn cut(&mut self) -> Chunk {
        self.chunk.end_byte = self.offset;
        self.chunk.data.truncate(self.data);
        self.chunk.ends.truncate(self.ends);
        (self.data, self.ends) = (0, 0);
        let next = Chunk { number: self.chunk.number + 1, start_byte: self.offset, ..Chunk::default() };
        std::mem::replace(&mut self.chunk, next)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All chunks of content that arrives in pieces of the given sizes, over and over.
    fn chunks(content: &[u8], sizes: &[usize]) -> Result<Vec<Chunk>, ChunkError> {
        let mut chunker = Chunker::new();
        let (mut found, mut rest, mut sizes) = (Vec::new(), content, sizes.iter().cycle());
        while !rest.is_empty() {
            let size = (*sizes.next().unwrap()).clamp(1, rest.len());
            let (mut piece, later) = rest.split_at(size);
            while let (Some(chunk), left) = chunker.feed(piece)? {
                found.push(chunk);
                piece = left;
            }
            rest = later;
        }
        found.extend(chunker.finish()?);
        Ok(found)
    }

    /// Line and fields of every record.
    fn records(content: &[u8], sizes: &[usize]) -> Vec<(u64, Vec<String>)> {
        let of = |record: Record<'_>| {
            let fields = record.fields().map(|field| String::from_utf8_lossy(field).into_owned());
            (record.line, fields.collect())
        };
        chunks(content, sizes)
            .unwrap()
            .iter()
            .flat_map(|chunk| chunk.records().map(of).collect::<Vec<_>>())
            .collect()
    }

    #[test]
    fn reads_records_as_rfc_4180_says() {
        let content = "\u{FEFF}1,a\r\n\r\n2,\"b, \"\"c\"\"\nd\"\n\n\n3,5\" pipe\n4".as_bytes();
        let expected = vec![
            (1, vec!["1".to_owned(), "a".to_owned()]),
            (3, vec!["2".to_owned(), "b, \"c\"\nd".to_owned()]),
            (7, vec!["3".to_owned(), "5\" pipe".to_owned()]),
            (8, vec!["4".to_owned()]),
        ];
        for size in 1..=content.len() {
            assert_eq!(records(content, &[size]), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn empty_content_has_no_chunk() {
        for content in ["", "\u{FEFF}", "\n", "\r\n\n"] {
            assert_eq!(chunks(content.as_bytes(), &[1]), Ok(vec![]), "{content:?}");
        }
        assert_eq!(records(b"\xEF\xBB", &[1]), [(1, vec!["\u{FFFD}".to_owned()])]);
        assert_eq!(records(b"\xEFx\n", &[1]), [(1, vec!["\u{FFFD}x".to_owned()])]);
    }

    #[test]
    fn names_the_line_of_a_quote_that_is_never_closed() {
        assert_eq!(chunks(b"1,a\n2,\"b\n3,c\n", &[7]), Err(ChunkError::QuoteNeverClosed { line: 2 }));
        assert_eq!(chunks(b"1,a\n2,\"b\"", &[7]).map(|chunks| chunks.len()), Ok(1));
    }

    #[test]
    fn stops_at_a_record_one_byte_over_the_limit_however_it_arrives() {
        let limit = usize::try_from(MAX_RECORD_BYTES).unwrap();
        for (length, fits) in [(limit - 1, true), (limit, false)] {
            let mut content = b"1,a\n".to_vec();
            content.extend(std::iter::repeat_n(b'x', length));
            content.push(b'\n');
            for size in [1000, content.len()] {
                let expected = if fits { Ok(1) } else { Err(ChunkError::RecordTooLong { line: 2 }) };
                assert_eq!(
                    chunks(&content, &[size]).map(|chunks| chunks.len()),
                    expected,
                    "{length} by {size}"
                );
            }
        }
    }

    #[test]
    fn reads_a_record_of_more_fields_than_there_was_room_for() {
        for fields in [63, 64, 65, 1000] {
            let content = format!("{}\n1,2\n", vec!["x"; fields].join(","));
            for size in [1, 127, 128, 4096] {
                let lengths: Vec<usize> =
                    records(content.as_bytes(), &[size]).iter().map(|(_, fields)| fields.len()).collect();
                assert_eq!(lengths, [fields, 2], "in pieces of {size}");
            }
        }
    }

    proptest! {
        /// Boundaries and records depend on the content alone, and no record is lost or seen twice.
        #[test]
        fn chunks_do_not_depend_on_how_the_bytes_arrive(
            sizes in proptest::collection::vec(1_usize..200_000, 1..6),
            seed in 0_u64..1000,
        ) {
            let mut content = Vec::new();
            let rows = 30_000 + seed;
            for id in 0..rows {
                content.extend(format!("{id},\"name, {}\",{}\r\n", id * seed, "x".repeat((id % 40) as usize)).bytes());
            }
            let whole = chunks(&content, &[usize::MAX]).unwrap();
            prop_assert!(whole.len() > 2);
            prop_assert_eq!(&chunks(&content, &sizes).unwrap(), &whole);
            let ids: Vec<String> = whole
                .iter()
                .flat_map(|chunk| chunk.records().map(|record| String::from_utf8_lossy(record.field(0)).into_owned()))
                .collect();
            prop_assert_eq!(ids, (0..rows).map(|id| id.to_string()).collect::<Vec<_>>());
            for (number, pair) in whole.windows(2).enumerate() {
                prop_assert_eq!(pair[0].end_byte, pair[1].start_byte);
                prop_assert_eq!(pair[0].number as usize, number);
            }
        }
    }
}
