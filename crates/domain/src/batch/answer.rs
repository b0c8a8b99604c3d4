//! The answer to a batch.

use indexmap::IndexMap;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::RejectedRow;

/// The result of a batch; serializes as `docs/api.md` shows it.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    tables: IndexMap<&'a str, TableAnswer<'a>>,
    shown: Shown,
}

/// Selects what an answer shows of its rejected rows. The rows themselves stay complete, for logs
/// and for the table of rejected rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    rows: bool,
    /// The most errors of each row.
    errors: usize,
}

/// The result for one table's rows.
#[derive(Debug, PartialEq, Eq)]
pub struct TableAnswer<'a> {
    /// The number of rows inserted.
    pub inserted: usize,
    /// The rows that are not, in the request's order.
    pub rejected: Vec<RejectedRow<'a>>,
}

impl<'a> Answer<'a> {
    /// Creates an answer of the outcomes of tables, by name.
    pub fn new(tables: impl IntoIterator<Item = (&'a str, TableAnswer<'a>)>) -> Self {
        Self { tables: tables.into_iter().collect(), shown: Shown { rows: true, errors: usize::MAX } }
    }

    /// Returns the same rejected rows, with nothing inserted: one of them kept all the others out.
    #[must_use]
    pub fn none_in(mut self) -> Self {
        for table in self.tables.values_mut() {
            table.inserted = 0;
        }
        self
    }

    /// Returns the outcomes of the tables, by name.
    pub fn tables(&self) -> impl Iterator<Item = (&'a str, &TableAnswer<'a>)> {
        self.tables.iter().map(|(name, table)| (*name, table))
    }

    /// Returns the number of inserted rows, over all tables.
    pub fn inserted(&self) -> usize {
        self.tables.values().map(|table| table.inserted).sum()
    }

    /// Rows that are not, over all tables.
    pub fn rejected(&self) -> usize {
        self.tables.values().map(|table| table.rejected.len()).sum()
    }

    /// Leaves the rejected rows themselves out (`"row": null`), where the answer would else be too
    /// large to give. They are kept in full, and their index says which they are.
    pub fn omit_rows(&mut self) {
        self.shown.rows = false;
    }

    /// Leaves out all errors of a row but the first `shown`, where the answer would else be too
    /// large to give; `more_errors` says how many. They are kept in full as well.
    pub fn omit_errors_after(&mut self, shown: usize) {
        self.shown.errors = shown;
    }

    /// Returns how many errors the row has that has the most.
    pub fn most_errors(&self) -> usize {
        let rejected = self.tables.values().flat_map(|table| &table.rejected);
        rejected.map(|rejected| rejected.errors.len()).max().unwrap_or_default()
    }

    /// Returns the HTTP status: 201 all rows in, 207 some rows in, 422 none in.
    pub fn status(&self) -> u16 {
        match (self.inserted(), self.rejected()) {
            (_, 0) => 201,
            (0, _) => 422,
            _ => 207,
        }
    }
}

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Answer", 3)?;
        object.serialize_field("inserted", &self.inserted())?;
        object.serialize_field("rejected", &self.rejected())?;
        object.serialize_field("tables", &Limited { what: &self.tables, shown: self.shown })?;
        object.end()
    }
}

/// A part of an answer, as far as it is shown.
struct Limited<'t, T> {
    what: &'t T,
    shown: Shown,
}

impl Serialize for Limited<'_, IndexMap<&str, TableAnswer<'_>>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = self.shown;
        serializer.collect_map(self.what.iter().map(|(name, table)| (name, Limited { what: table, shown })))
    }
}

impl Serialize for Limited<'_, TableAnswer<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let TableAnswer { inserted, rejected } = self.what;
        let mut object = serializer.serialize_struct("TableAnswer", 2)?;
        object.serialize_field("inserted", inserted)?;
        object.serialize_field("rejected", &Limited { what: rejected, shown: self.shown })?;
        object.end()
    }
}

impl Serialize for Limited<'_, Vec<RejectedRow<'_>>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.what.iter().map(|rejected| Limited { what: rejected, shown: self.shown }))
    }
}

impl Serialize for Limited<'_, RejectedRow<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let RejectedRow { index, row, errors } = self.what;
        let row = if self.shown.rows { row } else { RawValue::NULL };
        let (errors, more) = errors.split_at(errors.len().min(self.shown.errors));
        let mut object = serializer.serialize_struct("RejectedRow", 3 + usize::from(!more.is_empty()))?;
        object.serialize_field("index", index)?;
        object.serialize_field("row", row)?;
        object.serialize_field("errors", errors)?;
        if !more.is_empty() {
            object.serialize_field("more_errors", &more.len())?;
        }
        object.end()
    }
}
