//! The rejects file of a chunk: the original columns, then `line`, `code`, `reason`; ready to be fixed and dropped
//! again.

use super::LoadId;
use super::check::{Columns, RejectedRecord};
use crate::dictionary::Table;
use crate::row::REJECT_COLUMNS;

/// The key of a chunk's rejects file: the same whenever the chunk is tried. The file's name holds the load's id, so
/// that [`parent_in_name`](super::parent_in_name) finds it when the file is dropped again.
pub fn rejects_key(table: &str, load: &LoadId, chunk: u32) -> String {
    format!("rejected/{table}/{load}/{load}-{chunk:05}.csv")
}

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
    let mut file = Vec::new();
    let header = order.iter().map(|(_, name)| *name).chain(REJECT_COLUMNS);
    write_record(&mut file, header.map(str::as_bytes));
    for RejectedRecord { record, errors } in rejected {
        let fields: Vec<&[u8]> = record.fields().collect();
        let field = |position: usize| fields.get(position).copied().unwrap_or_default();
        let mut cells: Vec<Vec<u8>> = order.iter().map(|(position, _)| field(*position).to_vec()).collect();
        let codes: Vec<&str> = errors.iter().map(|error| error.code().as_str()).collect();
        let reasons: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let line = record.line.to_string();
        cells.extend([line, codes.join("; "), reasons.join("; ")].map(String::into_bytes));
        let surplus = fields.iter().skip(columns.columns.width()).copied();
        write_record(&mut file, cells.iter().map(Vec::as_slice).chain(surplus));
    }
    file
}

fn write_record<'f>(file: &mut Vec<u8>, fields: impl Iterator<Item = &'f [u8]>) {
    for (index, field) in fields.enumerate() {
        if index > 0 {
            file.push(b',');
        }
        if field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
            file.push(b'"');
            for byte in field {
                if *byte == b'"' {
                    file.push(b'"');
                }
                file.push(*byte);
            }
            file.push(b'"');
        } else {
            file.extend_from_slice(field);
        }
    }
    file.extend_from_slice(b"\r\n");
}
