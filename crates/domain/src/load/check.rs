//! Checking the records of a chunk.

use std::collections::HashSet;

use super::chunk::{Chunk, Record};
use crate::dictionary::{LoadMode, Table};
use crate::row::{CsvColumns, Fault, HeaderError, RowError, check_csv_row};
use crate::value::Value;

/// The columns of a file, and whether its first record is a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Which field belongs to which column.
    pub columns: CsvColumns,
    has_header: bool,
}

impl Columns {
    /// Reads them off the first chunk of a file.
    ///
    /// # Errors
    /// [`HeaderError`] when the first record is a header that cannot be used.
    pub fn of_first_chunk(table: &Table, chunk: &Chunk) -> Result<Self, HeaderError> {
        let header = match chunk.records().next() {
            Some(record) => CsvColumns::from_first_record(table, record.fields())?,
            None => None,
        };
        Ok(Self {
            has_header: header.is_some(),
            columns: header.unwrap_or_else(|| CsvColumns::in_dictionary_order(table)),
        })
    }
}

/// A chunk whose records have been checked. Borrows from the chunk.
#[derive(Debug)]
pub struct CheckedChunk<'c> {
    /// The table it is for.
    pub table: &'c Table,
    /// Records read: those accepted and those refused.
    pub rows_read: usize,
    /// The values of the accepted rows, one after the other: as many for each as the table has columns.
    values: Vec<Value<'c>>,
    /// The accepted rows' records.
    records: Vec<Record<'c>>,
    /// What was refused, in the file's order.
    pub rejected: Vec<RejectedRecord<'c>>,
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
    /// Checks the records of a chunk. Of rows with the same id, the first one that passes counts; in an upsert each
    /// does, and the last one stays.
    pub fn check(table: &'c Table, columns: &Columns, chunk: &'c Chunk, mode: LoadMode) -> Self {
        let skip = usize::from(columns.has_header && chunk.number == 0);
        let width = table.columns().len();
        let records = chunk.records().skip(skip);
        let mut checked = Self {
            table,
            rows_read: records.len(),
            values: Vec::with_capacity(records.len() * width),
            records: Vec::with_capacity(records.len()),
            rejected: Vec::new(),
        };
        let mut claimed = ClaimedIds::default();
        for record in records {
            let start = checked.values.len();
            let mut errors = Vec::new();
            let field = |index: usize| record.field(index);
            let passed = check_csv_row(
                table,
                &columns.columns,
                record.width(),
                field,
                &mut checked.values,
                &mut errors,
            );
            let id =
                checked.values[start + table.key_index()].as_integer().filter(|_| mode != LoadMode::Upsert);
            if id.is_some_and(|id| claimed.contains(id)) {
                errors.push(RowError::of_column(table.key().name(), Fault::IdRepeated));
            } else if passed {
                if let Some(id) = id {
                    claimed.insert(id);
                }
                checked.records.push(record);
                continue;
            }
            checked.values.truncate(start);
            checked.rejected.push(RejectedRecord { record, errors });
        }
        debug_assert_eq!(checked.values.len(), checked.records.len() * width);
        checked
    }

    /// The accepted rows: each with its values, one for each column.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[Value<'c>]> {
        self.values.chunks_exact(self.table.columns().len())
    }

    /// How many rows are accepted.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether no row is accepted.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The rejection of the accepted row at `index`, whose id turned out to be taken in the table.
    pub fn taken(&self, index: usize) -> RejectedRecord<'c> {
        let error = RowError::of_column(self.table.key().name(), Fault::IdTaken);
        RejectedRecord { record: self.records[index], errors: vec![error] }
    }
}

/// Ids of accepted rows. As long as they come in order, which most files keep, none of them is looked up.
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
