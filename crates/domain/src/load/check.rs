//! Checking the records of a chunk.

use std::collections::HashSet;

use serde_json::value::RawValue;

use super::chunk::{Broken, Chunk, Record};
use super::layout::Columns;
use crate::dictionary::{LoadMode, Table};
use crate::row::{CheckedRow, Fault, RowError, check_csv_row, check_json_row, json_texts};
use crate::value::Value;

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

/// A chunk whose records have been checked. Borrows from the chunk.
#[derive(Debug)]
pub struct CheckedChunk<'c> {
    /// The table it is for.
    pub table: &'c Table,
    /// Records read: those accepted and those refused.
    pub rows_read: usize,
    /// The values of the accepted rows, one after the other: as many for each as the table has
    /// columns.
    values: Vec<Value<'c>>,
    /// The accepted rows' records.
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
    /// Checks the records of a chunk. Of rows with the same id, the first one that passes counts;
    /// in an upsert each does, and the last one stays.
    ///
    /// # Errors
    /// [`OtherHeader`] for a record that is a header of other columns: what follows it belongs to
    /// them.
    pub fn check(
        table: &'c Table,
        columns: &Columns,
        chunk: &'c Chunk,
        mode: LoadMode,
    ) -> Result<Self, OtherHeader> {
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
        // Ids are remembered for one chunk only: those of a whole file would take memory that grows
        // with it. An id that comes again in a later chunk is taken in the table by then, and is
        // rejected as duplicate_id rather than duplicate_in_batch.
        let mut claimed = ClaimedIds::default();
        for record in records {
            let start = checked.values.len();
            let mut errors = Vec::new();
            let passed = !header && checked.check_record(columns, record, &mut errors);
            let id = checked.values.get(start + table.key_index()).and_then(Value::as_integer);
            let id = id.filter(|_| mode != LoadMode::Upsert);
            if id.is_some_and(|id| claimed.contains(id)) {
                errors.push(RowError::of_column(table.key().name(), Fault::IdRepeated));
            } else if passed {
                if let Some(id) = id {
                    claimed.insert(id);
                }
                checked.records.push(record);
                continue;
            } else if record.is_blank() {
                checked.values.truncate(start);
                checked.skipped += 1;
                continue;
            } else if std::mem::take(&mut header) {
                continue;
            } else if let Some(is_same) = columns.repeats_header(table, &record) {
                if !is_same {
                    return Err(OtherHeader { line: record.line });
                }
                checked.values.truncate(start);
                checked.skipped += 1;
                continue;
            }
            checked.values.truncate(start);
            checked.rejected.push(RejectedRecord { record, errors });
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

    /// Returns the accepted rows: each with its values, one for each column.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[Value<'c>]> {
        self.values.chunks_exact(self.table.columns().len())
    }

    /// Returns how many rows are accepted.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns the record of the accepted row at `index`.
    pub fn record(&self, index: usize) -> Record<'c> {
        self.records[index]
    }

    /// Returns true if no row is accepted.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Returns the rejection of the accepted row at `index`, whose id turned out to be taken in the
    /// table.
    pub fn taken(&self, index: usize) -> RejectedRecord<'c> {
        let error = RowError::of_column(self.table.key().name(), Fault::IdTaken);
        RejectedRecord { record: self.records[index], errors: vec![error] }
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

/// Ids of accepted rows. As long as they come in order, which most files keep, none of them is
/// looked up.
#[derive(Debug, Default)]
pub(crate) struct ClaimedIds {
    in_order: Vec<i64>,
    /// All of them, once one has come out of order.
    all: Option<HashSet<i64>>,
}

impl ClaimedIds {
    pub(crate) fn contains(&self, id: i64) -> bool {
        match &self.all {
            Some(all) => all.contains(&id),
            None => self
                .in_order
                .last()
                .is_some_and(|last| id <= *last && self.in_order.binary_search(&id).is_ok()),
        }
    }

    pub(crate) fn insert(&mut self, id: i64) {
        match &mut self.all {
            Some(all) => {
                all.insert(id);
            }
            None if self.in_order.last().is_none_or(|last| *last < id) => self.in_order.push(id),
            None => {
                let mut all: HashSet<i64> = self.in_order.drain(..).collect();
                all.insert(id);
                self.all = Some(all);
            }
        }
    }
}
