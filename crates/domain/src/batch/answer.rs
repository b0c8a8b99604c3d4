//! The answer to a batch.

use indexmap::IndexMap;
use serde::Serialize;
use serde::ser::SerializeStruct;
use serde_json::value::RawValue;

use super::RejectedRow;

/// What became of a batch; serializes as `docs/api.md` shows it.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    tables: IndexMap<&'a str, TableAnswer<'a>>,
}

/// What became of one table's rows.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct TableAnswer<'a> {
    /// How many rows are in.
    pub inserted: usize,
    /// The rows that are not, in the request's order.
    pub rejected: Vec<RejectedRow<'a>>,
}

impl<'a> Answer<'a> {
    /// An answer of the outcomes of tables, by name.
    pub fn new(tables: impl IntoIterator<Item = (&'a str, TableAnswer<'a>)>) -> Self {
        Self { tables: tables.into_iter().collect() }
    }

    /// The same rejected rows, and nothing in: one of them kept all the others out.
    #[must_use]
    pub fn none_in(mut self) -> Self {
        for table in self.tables.values_mut() {
            table.inserted = 0;
        }
        self
    }

    /// The outcomes of the tables, by name.
    pub fn tables(&self) -> impl Iterator<Item = (&'a str, &TableAnswer<'a>)> {
        self.tables.iter().map(|(name, table)| (*name, table))
    }

    /// Rows that are in, over all tables.
    pub fn inserted(&self) -> usize {
        self.tables.values().map(|table| table.inserted).sum()
    }

    /// Rows that are not, over all tables.
    pub fn rejected(&self) -> usize {
        self.tables.values().map(|table| table.rejected.len()).sum()
    }

    /// Leaves the rejected rows themselves out (`"row": null`), where the answer would else be too large to give. They
    /// are kept in full, and their index says which they are.
    pub fn omit_rows(&mut self) {
        for rejected in self.tables.values_mut().flat_map(|table| &mut table.rejected) {
            rejected.row = RawValue::NULL;
        }
    }

    /// The HTTP status: 201 all rows in, 207 some rows in, 422 none in.
    pub fn status(&self) -> u16 {
        match (self.inserted(), self.rejected()) {
            (_, 0) => 201,
            (0, _) => 422,
            _ => 207,
        }
    }
}

impl Serialize for Answer<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Answer", 3)?;
        object.serialize_field("inserted", &self.inserted())?;
        object.serialize_field("rejected", &self.rejected())?;
        object.serialize_field("tables", &self.tables)?;
        object.end()
    }
}

impl Serialize for RejectedRow<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("RejectedRow", 3)?;
        object.serialize_field("index", &self.index)?;
        object.serialize_field("row", self.row)?;
        object.serialize_field("errors", &self.errors)?;
        object.end()
    }
}
