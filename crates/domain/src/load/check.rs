//! Checking the records of a chunk.

use std::collections::{BTreeSet, HashSet};

use serde_json::value::RawValue;

use super::chunk::{Broken, Chunk, Record};
pub(crate) use super::claimed::ClaimedKeys;
use super::layout::Columns;
use crate::dictionary::{Reference, Table};
use crate::row::{CheckedRow, Fault, RowError, check_csv_row, check_json_row, has_form, json_texts};
use crate::value::{Key, Value};

/// A record in the middle of a file is a header of the table, but not the file's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} is a header, and names other columns than the records before it have, or in another order; split the \
     file there and drop both parts"
)]
pub struct OtherHeader {
    /// Its line.
    pub line: u64,
}

/// A chunk whose records have been checked, each by itself. Borrows from the chunk.
#[derive(Debug)]
pub struct CheckedChunk<'c> {
    /// The table it is for.
    pub table: &'c Table,
    /// Records read: those that passed and those refused.
    pub rows_read: usize,
    /// The values of the rows that passed, one after the other: as many for each as the table has
    /// columns.
    values: Vec<Value<'c>>,
    /// The records of the rows that passed.
    records: Vec<Record<'c>>,
    /// The refused records, in the file's order.
    pub rejected: Vec<RejectedRecord<'c>>,
    /// The number of records that do not count: rows of empty fields, and repetitions of the file's
    /// header.
    pub skipped: usize,
}

/// A record that was refused.
#[derive(Debug, Clone)]
pub struct RejectedRecord<'c> {
    /// The record.
    pub record: Record<'c>,
    /// Why.
    pub errors: Vec<RowError<'c>>,
}

impl<'c> CheckedChunk<'c> {
    /// Checks the records of a chunk. [`judge`](Self::judge) tells which of the rows that pass are
    /// accepted beside the others.
    ///
    /// # Errors
    /// [`OtherHeader`] for a record that is a header of other columns: what follows it belongs to
    /// them.
    pub fn check(table: &'c Table, columns: &Columns, chunk: &'c Chunk) -> Result<Self, OtherHeader> {
        let mut header = columns.has_header && chunk.number == 0;
        let width = table.columns().len();
        let records = chunk.records();
        let mut checked = Self {
            table,
            rows_read: 0,
            values: Vec::with_capacity(records.len() * width),
            records: Vec::with_capacity(records.len()),
            rejected: Vec::new(),
            skipped: 0,
        };
        // Where every column takes a text, the header could be a row.
        let is_words = !columns.is_json && !table.columns().iter().any(|it| has_form(it.column_type()));
        let is_header_again =
            |record: &Record<'c>| is_words && columns.repeats_header(table, record) == Some(true);
        for record in records {
            let start = checked.values.len();
            let mut errors = Vec::new();
            if !header && checked.check_record(columns, record, &mut errors) && !is_header_again(&record) {
                checked.records.push(record);
                continue;
            }
            checked.values.truncate(start);
            if record.is_blank() {
                checked.skipped += 1;
            } else if std::mem::take(&mut header) {
                // It has told the columns already.
            } else if let Some(is_same) = columns.repeats_header(table, &record) {
                if !is_same {
                    return Err(OtherHeader { line: record.line });
                }
                checked.skipped += 1;
            } else {
                checked.rejected.push(RejectedRecord { record, errors });
            }
        }
        checked.rows_read = checked.records.len() + checked.rejected.len();
        debug_assert_eq!(checked.values.len(), checked.records.len() * width);
        Ok(checked)
    }

    /// Checks one record; adds its values, or what is wrong with it.
    fn check_record(
        &mut self,
        columns: &Columns,
        record: Record<'c>,
        errors: &mut Vec<RowError<'c>>,
    ) -> bool {
        let table = self.table;
        match record.broken {
            Some(Broken::TextAfterQuote) => errors.push(RowError::of_row(Fault::TextAfterQuote)),
            Some(Broken::QuoteAfterBlank) => errors.push(RowError::of_row(Fault::QuoteAfterBlank)),
            Some(Broken::QuoteNeverClosed) => errors.push(RowError::of_row(Fault::QuoteNeverClosed)),
            Some(Broken::NoResult(position)) => {
                let fields = columns.fields();
                let is_it = |index: &usize| fields.field_of(*index) == Some(position as usize);
                errors.push(match (0..table.columns().len()).find(is_it) {
                    Some(index) => RowError::of_column(table.columns()[index].name(), Fault::NoResult),
                    None => RowError::of_row(Fault::NoResult),
                });
            }
            None if columns.is_json => {
                let CheckedRow { values, errors: found } = check_json_line(table, record.field(0));
                self.values.extend(values);
                errors.extend(found);
            }
            None => {
                let field = |index: usize| record.field(index);
                check_csv_row(table, columns.fields(), record.width(), field, &mut self.values, errors);
            }
        }
        errors.is_empty()
    }

    /// Returns the rows that passed: each with its values, one for each column.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[Value<'c>]> {
        self.values.chunks_exact(self.table.columns().len())
    }

    /// Returns how many rows passed.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns true if no row passed.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Returns the record of the passed row at `index`.
    pub fn record(&self, index: usize) -> Record<'c> {
        self.records[index]
    }

    /// Returns the keys of the rows that passed.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        // The columns of a key are required.
        self.rows().filter_map(|row| self.table.key_of(row))
    }

    /// Returns the values that the rows which passed have in these columns, each once; those
    /// without a value in one of them are left out.
    pub fn values_of(&self, columns: &[usize]) -> HashSet<Key> {
        self.rows().filter_map(|row| Key::of(columns.iter().map(|column| &row[*column]))).collect()
    }

    /// Returns the keys that a reference of the rows which passed names, each once.
    pub fn keys_named(&self, reference: &Reference) -> Vec<Key> {
        let [column] = *reference.columns() else {
            return self.values_of(reference.columns()).into_iter().collect();
        };
        if !self.table.columns()[column].column_type().is_whole_number() {
            return self.values_of(&[column]).into_iter().collect();
        }
        // Rows after each other often name the same row.
        let (mut numbers, mut last) = (BTreeSet::new(), None);
        for number in self.rows().filter_map(|row| row[column].as_integer()) {
            if last.replace(number) != Some(number) {
                numbers.insert(number);
            }
        }
        numbers.into_iter().map(Key::from).collect()
    }
}

impl RejectedRecord<'_> {
    /// Returns the fields of the record as they are in the file, one for each column of the table;
    /// `None` if the record has no such field, or it is unknown which it is.
    pub fn texts(&self, table: &Table, columns: &Columns) -> Vec<Option<String>> {
        let record = &self.record;
        if columns.is_json {
            let line = std::str::from_utf8(record.field(0)).ok();
            let texts = line.and_then(|line| json_texts(table, line)).unwrap_or_default();
            let mut texts: Vec<Option<String>> = texts.into_iter().map(Some).collect();
            texts.resize(table.columns().len(), None);
            return texts;
        }
        let is_readable = record.broken.is_none_or(|broken| !broken.is_of_quotes());
        let position = |index| columns.fields().field_of(index);
        let text = |index| {
            let position = position(index).filter(|position| is_readable && *position < record.width())?;
            Some(String::from_utf8_lossy(record.field(position)).into_owned())
        };
        (0..table.columns().len()).map(text).collect()
    }
}

/// Checks a line that must be a JSON object.
fn check_json_line<'c>(table: &'c Table, line: &'c [u8]) -> CheckedRow<'c> {
    let refused = |fault| CheckedRow { values: Vec::new(), errors: vec![RowError::of_row(fault)] };
    match std::str::from_utf8(line) {
        Err(_) => refused(Fault::NotUtf8),
        Ok(text) => match serde_json::from_str::<&RawValue>(text) {
            Err(_) => refused(Fault::NotAnObject),
            Ok(row) => check_json_row(table, row),
        },
    }
}
