//! The rejects file of a chunk: the original columns, then `line`, `code`, `reason`; ready to be
//! fixed and dropped again.

use std::fmt::Display;

use super::check::RejectedRecord;
use super::layout::Columns;
use crate::csv;
use crate::dictionary::Table;
use crate::row::{REJECT_COLUMNS, RowCode, RowError, json_texts};

/// Returns the key of a chunk's rejects file; `id` is the load's or the restore's. Writers with
/// different tokens write different files. The file's name holds the id, so that
/// [`parent_in_name`](super::parent_in_name) finds the load when the file is dropped again. The
/// object's metadata says it too, but most ways to download and upload a file lose that.
pub fn rejects_key(table: &str, id: &impl Display, chunk: u32, token: Option<u32>) -> String {
    let token = token.map(|token| format!("-{token:08x}")).unwrap_or_default();
    format!("{}{id}-{chunk:05}{token}.csv", rejects_prefix(table, id))
}

/// Returns the prefix of the keys of all rejects files of a load or restore.
pub fn rejects_prefix(table: &str, id: &impl Display) -> String {
    format!("rejected/{table}/{id}/")
}

/// Returns true if [`rejects_key`] gives this key for some chunk and token. People may keep files
/// of their own beside the rejects files.
pub fn is_rejects_key(key: &str, table: &str, id: &impl Display) -> bool {
    let start = format!("{}{id}-", rejects_prefix(table, id));
    let Some(rest) = key.strip_prefix(&start).and_then(|rest| rest.strip_suffix(".csv")) else {
        return false;
    };
    let (chunk, token) = match rest.split_once('-') {
        Some((chunk, token)) => (chunk, Some(u32::from_str_radix(token, 16))),
        None => (rest, None),
    };
    let (Ok(chunk), Ok(token)) = (chunk.parse(), token.transpose()) else { return false };
    // Numbers can be written in other ways too.
    rejects_key(table, id, chunk, token) == key
}

/// Bytes that a rejected record takes in its file, as a guess.
const ROOM: usize = 128;

/// A byte order mark: Excel takes a CSV file without one for its own code page. The loader takes it
/// back out.
const MARK: &[u8] = "\u{FEFF}".as_bytes();

/// Returns the rejects file of a chunk: UTF-8 with a byte order mark, CRLF line ends as RFC 4180
/// has them, and the delimiter that is declared for the table's files, or commas.
///
/// The header names the file's columns in the file's order. A record with too few fields is filled
/// up with empty ones. What does not belong to a column follows after `reason`, so that the record
/// stays wrong until it is fixed: what is over in a record with too many fields, the line of a
/// record whose quotes are wrong, a JSON object that names something else than the columns.
pub fn rejects_csv(table: &Table, columns: &Columns, rejected: &[RejectedRecord<'_>]) -> Vec<u8> {
    let fields = columns.fields();
    let mut order: Vec<(usize, &str)> = table
        .columns()
        .iter()
        .enumerate()
        .filter_map(|(index, column)| Some((fields.field_of(index)?, column.name())))
        .collect();
    order.sort_unstable();
    let mut file = RejectsWriter::new(table, (1 + rejected.len()) * ROOM);
    file.push_header(order.iter().map(|(_, name)| *name));
    for RejectedRecord { record, errors } in rejected {
        let mut over: Vec<&[u8]> = Vec::new();
        match record.broken {
            Some(broken) if broken.is_of_quotes() => {
                file.push_empty(order.len());
                over.push(record.field(0));
            }
            None if columns.is_json => {
                let line = record.field(0);
                let texts = std::str::from_utf8(line).ok().and_then(|line| json_texts(table, line));
                match &texts {
                    Some(texts) => order.iter().for_each(|(index, _)| file.push(texts[*index].as_bytes())),
                    None => file.push_empty(order.len()),
                }
                let is_more = |error: &RowError<'_>| error.code() == RowCode::UnknownColumn;
                if texts.is_none() || errors.iter().any(is_more) {
                    over.push(line);
                }
            }
            broken => {
                for (position, _) in &order {
                    file.push(if *position < record.width() { record.field(*position) } else { b"" });
                }
                let rest = (fields.named_width()..record.width()).map(|position| record.field(position));
                if record.width() != fields.width() || rest.clone().any(|field| !field.is_empty()) {
                    over.extend(rest);
                }
                over.extend(broken.map(|_| NO_RESULT));
            }
        }
        file.push_verdict(record.line, errors);
        for field in over {
            file.push_over(field);
        }
        file.end_line();
    }
    file.finish()
}

/// The text for a cell whose formula has no stored result.
const NO_RESULT: &[u8] = b"formula without a stored result";

/// Between codes, and between reasons, of one record.
const JOINT: &str = "; ";
const LINE_END: &[u8] = b"\r\n";

/// Writes a rejects file.
pub(crate) struct RejectsWriter {
    bytes: Vec<u8>,
    delimiter: u8,
}

impl RejectsWriter {
    /// Creates a writer of a file of the table, with room for so many bytes.
    pub(crate) fn new(table: &Table, room: usize) -> Self {
        Self { bytes: Vec::with_capacity(room), delimiter: table.files().delimiter.unwrap_or(b',') }
    }

    /// Begins the file: its mark, the names of the columns that it has, and the three that it adds.
    pub(crate) fn push_header<'n>(&mut self, columns: impl Iterator<Item = &'n str>) {
        self.bytes.extend_from_slice(MARK);
        for name in columns {
            self.push(name.as_bytes());
        }
        self.bytes.extend_from_slice(REJECT_COLUMNS[0].as_bytes());
        for name in &REJECT_COLUMNS[1..] {
            self.push_over(name.as_bytes());
        }
        self.end_line();
    }

    /// Adds a field that another one follows.
    pub(crate) fn push(&mut self, field: &[u8]) {
        self.push_field(field);
        self.bytes.push(self.delimiter);
    }

    fn push_empty(&mut self, count: usize) {
        self.bytes.extend(std::iter::repeat_n(self.delimiter, count));
    }

    /// Adds what stands behind the fields of a rejected record: `line`, `code` and `reason`.
    pub(crate) fn push_verdict(&mut self, line: u64, errors: &[RowError<'_>]) {
        self.push(itoa::Buffer::new().format(line).as_bytes());
        let codes: Vec<&str> = errors.iter().map(|error| error.code().as_str()).collect();
        self.push(codes.join(JOINT).as_bytes());
        let reasons: Vec<String> = errors.iter().map(ToString::to_string).collect();
        self.push_field(reasons.join(JOINT).as_bytes());
    }

    /// Adds a field behind the last one.
    pub(crate) fn push_over(&mut self, field: &[u8]) {
        self.bytes.push(self.delimiter);
        self.push_field(field);
    }

    /// Ends a record.
    pub(crate) fn end_line(&mut self) {
        self.bytes.extend_from_slice(LINE_END);
    }

    /// Returns the file.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// Adds a field, in quotes where it needs them.
    fn push_field(&mut self, field: &[u8]) {
        csv::push_field(&mut self.bytes, field, self.delimiter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn knows_the_keys_that_it_gives() {
        for (chunk, token) in [(0, None), (99_999, Some(0)), (100_000, Some(u32::MAX)), (u32::MAX, None)] {
            let key = rejects_key("tags", &ID, chunk, token);
            assert!(is_rejects_key(&key, "tags", &ID), "{key}");
            assert!(!is_rejects_key(&key, "collections", &ID), "{key}");
            assert!(!is_rejects_key(&key, "tags", &"20261121-100000-00000001"), "{key}");
        }
    }

    #[test]
    fn knows_no_file_that_a_person_keeps() {
        let kept = ["fixed.csv", ".csv", "-00001.csv", "00001.csv"].map(str::to_owned);
        let of_id = [
            ".csv",
            "-.csv",
            "-1.csv",
            "-+0001.csv",
            "-000001.csv",
            "-00001",
            "-00001.CSV",
            "-00001.csv.bak",
            "-00001-fixed.csv",
            "-00001-1234567.csv",
            "-00001-0ABCDEF0.csv",
            "-00001-+1234567.csv",
            "-00001-01234567-fixed.csv",
            "-00001 (1).csv",
            "-4294967296.csv",
            "-00001/.csv",
        ];
        for name in kept.into_iter().chain(of_id.map(|rest| format!("{ID}{rest}"))) {
            assert!(!is_rejects_key(&format!("rejected/tags/{ID}/{name}"), "tags", &ID), "{name}");
        }
        assert!(!is_rejects_key(&format!("{ID}-00001.csv"), "tags", &ID));
    }
}
