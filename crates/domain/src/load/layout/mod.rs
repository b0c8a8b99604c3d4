//! The layout of a text file: recognised from its first bytes, or declared in the dictionary.

mod columns;
mod error;

pub use columns::Columns;
pub use error::LayoutError;

use super::chunk::{Chunk, Chunker, Dialect, Record, Start};
use crate::dictionary::{FileSettings, QuoteEscape, Table, header_name, is_delimiter};
use crate::row::{CsvColumns, REJECT_COLUMNS};

/// The layout of a text file. It depends only on the first bytes of the content and on the
/// dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The division into records and fields.
    pub dialect: Dialect,
    /// The start of the first record.
    pub start: Start,
    /// The mapping of fields to columns.
    pub columns: Columns,
    /// True if the first record is a header, or a row that passes. Otherwise the content may be of
    /// another kind.
    pub is_recognised: bool,
}

/// The delimiters that are recognised, and their names.
const DELIMITERS: [(u8, &str); 4] =
    [(b',', "commas"), (b';', "semicolons"), (b'\t', "tabs"), (b'|', "vertical bars")];

/// Records whose first pass decides about a delimiter.
const MAX_TRIED: usize = 1000;

/// Byte order marks and zero-width spaces, which programs put before the first name.
const MARKS: [&[u8]; 2] = ["\u{FEFF}".as_bytes(), "\u{200B}".as_bytes()];

impl Layout {
    /// Finds out how separated values are written. `sample` is what the content begins with, all of
    /// it if `is_whole`; `usual` separates the fields where nothing else can be recognised.
    ///
    /// # Errors
    /// [`LayoutError`] for a text whose rows would be read by guess.
    pub fn of_values(table: &Table, sample: &[u8], is_whole: bool, usual: u8) -> Result<Self, LayoutError> {
        let sample = Sample { table, bytes: sample, is_whole };
        if let Some(layout) = sample.rejects_file() {
            return Ok(layout);
        }
        let settings = table.files();
        let mut at = sample.after_lines(sample.after_marks(0), settings.skip_lines)?;
        let sep = sample.sep_line(at)?;
        if let Some((_, end)) = sep {
            at = end;
        }
        let start = sample.start(at);
        let declared = sep.map(|(delimiter, _)| delimiter).or(settings.delimiter);
        let FileSettings { quotes: has_quotes, quote_escape, .. } = *settings;
        let has_escapes = quote_escape == QuoteEscape::Backslash;
        let readings: Vec<Reading> = sample
            .delimiters(declared.unwrap_or(usual), sep.is_none())
            .map(|delimiter| sample.read(Dialect { delimiter, has_quotes, has_escapes }, start))
            .collect();
        // A header is one in a single reading, whatever is declared.
        if let Some(reading) = readings.iter().find(|reading| reading.header.is_some()) {
            return reading.layout(table);
        }
        if !is_whole && readings[0].first().is_none() {
            return Err(LayoutError::NoRecord { bytes: sample.bytes.len() });
        }
        if matches!(readings[0].recognise(table), Ok((_, true))) {
            return readings[0].layout(table);
        }
        // A header that leaves something out is one in a single reading, too.
        if let Some(error) = readings.iter().find_map(|reading| match reading.recognise(table) {
            Err(error @ LayoutError::Header { .. }) => Some(error),
            _ => None,
        }) {
            return Err(error);
        }
        if declared.is_some() || readings[0].passes(table) {
            return readings[0].layout(table);
        }
        let mut passing = readings.iter().filter(|reading| reading.passes(table));
        match (passing.next(), passing.next()) {
            (Some(one), Some(other)) => {
                Err(LayoutError::TwoDelimiters { one: one.name(), other: other.name() })
            }
            (Some(one), None) => one.layout(table),
            (None, _) => {
                let widest = readings.iter().max_by_key(|reading| reading.first_width());
                match readings[0].layout(table) {
                    // The reading with the most fields shows most of a header that is not the
                    // table's.
                    Err(error) => {
                        Err(widest.and_then(|reading| reading.layout(table).err()).unwrap_or(error))
                    }
                    layout => layout,
                }
            }
        }
    }

    /// Returns the layout of JSON objects, one a line.
    pub fn of_json_lines(table: &Table, sample: &[u8]) -> Self {
        let sample = Sample { table, bytes: sample, is_whole: false };
        let start = Start { bytes: sample.after_marks(0), is_quoted: false };
        Self { dialect: Dialect::LINES, start, columns: Columns::of_json(table), is_recognised: true }
    }
}

/// The beginning of a text.
#[derive(Clone, Copy)]
struct Sample<'s> {
    table: &'s Table,
    bytes: &'s [u8],
    is_whole: bool,
}

/// The records of a sample in one dialect.
struct Reading {
    dialect: Dialect,
    start: Start,
    chunk: Chunk,
    /// The first record, if it is a header.
    header: Option<CsvColumns>,
}

impl Sample<'_> {
    fn after_marks(&self, mut at: usize) -> usize {
        while let Some(mark) = MARKS.iter().find(|mark| self.bytes[at..].starts_with(mark)) {
            at += mark.len();
        }
        at
    }

    fn line_length(&self, at: usize) -> usize {
        self.bytes[at..].iter().take_while(|byte| !matches!(byte, b'\r' | b'\n')).count()
    }

    /// Returns the offset behind so many lines.
    ///
    /// # Errors
    /// [`LayoutError::SkippedLines`] where there are not so many in the sample, but more behind it.
    fn after_lines(&self, mut at: usize, lines: u32) -> Result<usize, LayoutError> {
        for _ in 0..lines {
            if at == self.bytes.len() && !self.is_whole {
                return Err(LayoutError::SkippedLines { lines, bytes: self.bytes.len() });
            }
            at += self.line_length(at);
            at += match self.bytes[at..] {
                [b'\r', b'\n', ..] => 2,
                [_, ..] => 1,
                [] => 0,
            };
        }
        Ok(at)
    }

    /// Returns the delimiter that Excel's `sep=;` line names, and the offset behind the line.
    fn sep_line(&self, at: usize) -> Result<Option<(u8, usize)>, LayoutError> {
        let line = &self.bytes[at..at + self.line_length(at)];
        let text = line.strip_prefix(b"\"").map_or(line, |line| line.strip_suffix(b"\"").unwrap_or(line));
        let Some((prefix, named)) = text.split_at_checked(4) else { return Ok(None) };
        if !prefix.eq_ignore_ascii_case(b"sep=") {
            return Ok(None);
        }
        match named {
            // Excel saves the line again with the delimiters of empty cells behind it.
            [delimiter, rest @ ..]
                if is_delimiter(*delimiter) && rest.iter().all(|byte| byte == delimiter) =>
            {
                Ok(Some((*delimiter, self.after_lines(at, 1)?)))
            }
            _ => {
                let ends = self.bytes[..at].iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count();
                let pairs = self.bytes[..at].windows(2).filter(|pair| *pair == b"\r\n").count();
                let line = 1 + (ends - pairs) as u64;
                let text = String::from_utf8_lossy(&text[..text.len().min(40)]).into_owned();
                Err(LayoutError::SepLine { line, text })
            }
        }
    }

    /// Returns the start of the first record, which is here, after a mark that may be inside its
    /// first quotes.
    fn start(&self, at: usize) -> Start {
        let at = self.after_marks(at);
        let in_quotes = self.after_marks((at + 1).min(self.bytes.len()));
        let is_quoted = self.bytes[at..].starts_with(b"\"") && in_quotes > at + 1;
        Start { bytes: if is_quoted { in_quotes } else { at }, is_quoted }
    }

    /// Returns the delimiters to try, the first one first.
    fn delimiters(&self, first: u8, others: bool) -> impl Iterator<Item = u8> {
        let others = DELIMITERS.into_iter().filter(move |(other, _)| others && *other != first);
        std::iter::once(first).chain(others.map(|(other, _)| other))
    }

    fn read(&self, dialect: Dialect, start: Start) -> Reading {
        let mut chunker = Chunker::new(dialect, start, u64::MAX);
        // A sample is shorter than the longest record, and than a chunk.
        let fed = chunker.feed(self.bytes).map(|_| ());
        let chunk = if self.is_whole {
            fed.and_then(|()| chunker.finish()).ok().flatten()
        } else {
            chunker.salvage()
        };
        let chunk = chunk.unwrap_or_default();
        let mut reading = Reading { dialect, start, chunk, header: None };
        let header = reading.first().map(|first| CsvColumns::of_header(self.table, first.fields()));
        reading.header = header.and_then(Result::ok).flatten();
        reading
    }

    /// Returns the layout of a file of rejected records, which is as Rowgate writes it whatever is
    /// declared for the table.
    fn rejects_file(&self) -> Option<Layout> {
        let header = |reading: &Reading| {
            let first = reading.first()?;
            let names: Vec<String> = first.fields().map(header_name).collect();
            if !REJECT_COLUMNS.iter().all(|name| names.iter().any(|found| found == name)) {
                return None;
            }
            CsvColumns::of_own_header(self.table, first.fields()).ok().flatten()
        };
        let first = self.table.files().delimiter.unwrap_or(b',');
        self.delimiters(first, true).find_map(|delimiter| {
            let reading = self.read(Dialect { delimiter, ..Dialect::CSV }, self.start(0));
            let columns = Columns::of_header(header(&reading)?);
            let Reading { dialect, start, .. } = reading;
            Some(Layout { dialect, start, columns, is_recognised: true })
        })
    }
}

impl Reading {
    fn first(&self) -> Option<Record<'_>> {
        self.chunk.records().find(|record| !record.is_blank())
    }

    fn first_width(&self) -> usize {
        self.first().map_or(0, |first| first.width())
    }

    fn recognise(&self, table: &Table) -> Result<(Columns, bool), LayoutError> {
        Columns::recognise(table, self.chunk.records())
    }

    fn layout(&self, table: &Table) -> Result<Layout, LayoutError> {
        let (columns, is_recognised) = self.recognise(table)?;
        Ok(Layout { dialect: self.dialect, start: self.start, columns, is_recognised })
    }

    /// Returns true if a row passes whose fields are in the dictionary's order.
    fn passes(&self, table: &Table) -> bool {
        let columns = Columns::in_dictionary_order(table).padded_like(self.chunk.records());
        self.chunk.records().take(MAX_TRIED).any(|record| columns.passes(table, &record))
    }

    fn name(&self) -> &'static str {
        let named = DELIMITERS.into_iter().find(|(delimiter, _)| *delimiter == self.dialect.delimiter);
        named.map_or("the usual delimiter", |(_, name)| name)
    }
}
