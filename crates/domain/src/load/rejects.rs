//! The rejects file of a chunk: the original columns, then `line`, `code`, `reason`; ready to be fixed and dropped
//! again.

use std::fmt::{Display, Write as _};

use super::check::{Columns, RejectedRecord};
use crate::dictionary::Table;
use crate::row::{REJECT_COLUMNS, RowError};

/// Returns the key of a chunk's rejects file; `id` is the load's or the restore's. Writers with
/// different tokens write different files. The file's name holds the id, so that
/// [`parent_in_name`](super::parent_in_name) finds the load when the file is dropped again.
pub fn rejects_key(table: &str, id: &impl Display, chunk: u32, token: Option<u32>) -> String {
    let token = token.map(|token| format!("-{token:08x}")).unwrap_or_default();
    format!("{}{id}-{chunk:05}{token}.csv", rejects_prefix(table, id))
}

/// Returns the prefix of the keys of all rejects files of a load or restore.
pub fn rejects_prefix(table: &str, id: &impl Display) -> String {
    format!("rejected/{table}/{id}/")
}

/// Returns true if [`rejects_key`] gives this key for some chunk and token. People may keep files of
/// their own beside the rejects files.
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

/// The rejects file of a chunk, with CRLF line ends as RFC 4180 has them.
///
/// The header names the file's columns in the file's order. A record with too few fields is filled up with empty
/// ones; in one with too many, what is over follows after `reason`, so that the record stays wrong until it is fixed.
pub fn rejects_csv(table: &Table, columns: &Columns, rejected: &[RejectedRecord<'_>]) -> Vec<u8> {
    let mut order: Vec<(usize, &str)> = table
        .columns()
        .iter()
        .enumerate()
        .filter_map(|(index, column)| Some((columns.columns.field_of(index)?, column.name())))
        .collect();
    order.sort_unstable();
    let mut file = Vec::with_capacity((1 + rejected.len()) * ROOM);
    push_header(&mut file, order.iter().map(|(_, name)| *name));
    for RejectedRecord { record, errors } in rejected {
        for (position, _) in &order {
            if *position < record.width() {
                push_field(&mut file, record.field(*position));
            }
            file.push(b',');
        }
        push_verdict(&mut file, record.line, errors);
        for position in columns.columns.width()..record.width() {
            file.push(b',');
            push_field(&mut file, record.field(position));
        }
        file.extend_from_slice(LINE_END);
    }
    file
}

/// Between codes, and between reasons, of one record.
const JOINT: &str = "; ";
pub(crate) const LINE_END: &[u8] = b"\r\n";

/// Adds the header of a rejects file: the names of the columns that it has, and the three that it adds.
pub(crate) fn push_header<'n>(file: &mut Vec<u8>, columns: impl Iterator<Item = &'n str>) {
    for (index, name) in columns.chain(REJECT_COLUMNS).enumerate() {
        if index > 0 {
            file.push(b',');
        }
        push_field(file, name.as_bytes());
    }
    file.extend_from_slice(LINE_END);
}

/// Adds what stands behind the fields of a rejected record and the comma after the last of them: `line`, `code` and
/// `reason`, without the end of the line.
pub(crate) fn push_verdict(file: &mut Vec<u8>, line: u64, errors: &[RowError<'_>]) {
    file.extend_from_slice(itoa::Buffer::new().format(line).as_bytes());
    file.push(b',');
    for (index, error) in errors.iter().enumerate() {
        if index > 0 {
            file.extend_from_slice(JOINT.as_bytes());
        }
        file.extend_from_slice(error.code().as_str().as_bytes());
    }
    file.push(b',');
    let mut reasons = String::new();
    for (index, error) in errors.iter().enumerate() {
        if index > 0 {
            reasons.push_str(JOINT);
        }
        // Writing into a string does not fail.
        let _ = write!(reasons, "{error}");
    }
    push_field(file, reasons.as_bytes());
}

/// Adds a field, in quotes where it needs them.
pub(crate) fn push_field(file: &mut Vec<u8>, field: &[u8]) {
    let needs_quotes = |byte: &u8| matches!(byte, b',' | b'"' | b'\r' | b'\n');
    if !field.iter().any(needs_quotes) {
        file.extend_from_slice(field);
        return;
    }
    file.push(b'"');
    let mut rest = field;
    while let Some(quote) = memchr::memchr(b'"', rest) {
        file.extend_from_slice(&rest[..=quote]);
        file.push(b'"');
        rest = &rest[quote + 1..];
    }
    file.extend_from_slice(rest);
    file.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn knows_the_keys_that_it_gives() {
        for (chunk, token) in [(0, None), (99_999, Some(0)), (100_000, Some(u32::MAX)), (u32::MAX, None)] {
            let key = rejects_key("jobs", &ID, chunk, token);
            assert!(is_rejects_key(&key, "jobs", &ID), "{key}");
            assert!(!is_rejects_key(&key, "departments", &ID), "{key}");
            assert!(!is_rejects_key(&key, "jobs", &"20261121-100000-00000001"), "{key}");
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
            assert!(!is_rejects_key(&format!("rejected/jobs/{ID}/{name}"), "jobs", &ID), "{name}");
        }
        assert!(!is_rejects_key(&format!("{ID}-00001.csv"), "jobs", &ID));
    }
}
