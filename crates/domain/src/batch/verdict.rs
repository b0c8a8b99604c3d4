//! Judging rows: which are accepted, which are rejected and why.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::value::RawValue;

use super::TableBatch;
use crate::dictionary::Dictionary;
use crate::row::{Fault, RowError};
use crate::sql::ReferenceGuard;
use crate::value::Value;

/// The database's answer about the ids that a table's rows name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Ids of the batch that are taken in the table.
    pub taken: BTreeSet<i64>,
    /// For each referred table, those of the named ids that exist, or will when the rows are
    /// inserted.
    pub present: BTreeMap<String, BTreeSet<i64>>,
}

/// The verdict on a table's rows.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict<'a, 'b> {
    /// The values of the rows to insert, in the request's order.
    pub accepted: Vec<&'b [Value<'a>]>,
    /// Their ids, as far as they came with one.
    pub ids: BTreeSet<i64>,
    /// The rows that are refused, in the request's order.
    pub rejected: Vec<RejectedRow<'a>>,
}

/// A refused row with its reasons.
#[derive(Debug, Clone)]
pub struct RejectedRow<'a> {
    /// The row's position among the table's rows of the request, from 0.
    pub index: usize,
    /// The row as it came.
    pub row: &'a RawValue,
    /// All that is wrong with it.
    pub errors: Vec<RowError<'a>>,
}

impl PartialEq for RejectedRow<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.index, self.row.get(), &self.errors) == (other.index, other.row.get(), &other.errors)
    }
}

impl Eq for RejectedRow<'_> {}

impl<'a> TableBatch<'a> {
    /// Returns true if nothing is wrong as far as the rows themselves tell: every row passed and no
    /// id comes twice.
    pub fn is_flawless(&self) -> bool {
        let mut ids = HashSet::with_capacity(self.rows.len());
        self.rows
            .iter()
            .all(|row| row.checked.is_valid() && self.id(&row.checked.values).is_none_or(|id| ids.insert(id)))
    }

    /// Returns the ids of the rows, as far as they are ids at all.
    pub fn ids(&self) -> BTreeSet<i64> {
        self.rows.iter().filter_map(|row| self.id(&row.checked.values)).collect()
    }

    /// For each table that the rows refer to, the ids they name.
    pub fn referred_ids(&self) -> BTreeMap<&'a str, BTreeSet<i64>> {
        let mut referred: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
        for (column, target) in self.table.references() {
            let ids = self.rows.iter().filter_map(|row| row.checked.values[column].as_integer());
            referred.entry(target).or_default().extend(ids);
        }
        referred
    }

    /// Returns the condition that every reference of these rows names a row. In a table that refers
    /// to itself, a row may refer to itself and to rows before it.
    pub fn guard(&self, dictionary: &Dictionary) -> ReferenceGuard {
        let mut guard = ReferenceGuard::default();
        for (column, target) in self.table.references() {
            let own = target == self.table.name();
            let mut before = HashSet::new();
            let mut demanded = BTreeSet::new();
            for row in &self.rows {
                if own {
                    before.extend(self.id(&row.checked.values));
                }
                demanded.extend(row.checked.values[column].as_integer().filter(|id| !before.contains(id)));
            }
            if let Some(table) = dictionary.table(target) {
                guard.demand(table, &demanded);
            }
        }
        guard
    }

    /// Judges every row by the facts of the database. The first acceptable row with an id gets
    /// it; a row that is refused takes no id away from a later one. The result is that of loading
    /// the same rows one after the other.
    pub fn judge<'b>(&'b self, facts: &Facts) -> Verdict<'a, 'b> {
        let mut verdict = Verdict {
            accepted: Vec::with_capacity(self.rows.len()),
            ids: BTreeSet::new(),
            rejected: Vec::new(),
        };
        for (index, row) in self.rows.iter().enumerate() {
            let values = &row.checked.values;
            let mut found = Vec::new();
            let id = self.id(values);
            if let Some(id) = id {
                let key = self.table.key().name();
                if facts.taken.contains(&id) {
                    found.push(RowError::of_column(key, Fault::IdTaken));
                } else if verdict.ids.contains(&id) {
                    found.push(RowError::of_column(key, Fault::IdRepeated));
                }
            }
            for (column, target) in self.table.references() {
                let Some(referred) = values[column].as_integer() else { continue };
                let is_there = facts.present.get(target).is_some_and(|present| present.contains(&referred));
                let is_own =
                    target == self.table.name() && (id == Some(referred) || verdict.ids.contains(&referred));
                if !is_there && !is_own {
                    let name = self.table.columns()[column].name();
                    found.push(RowError::of_column(name, Fault::NoSuchRow(target)));
                }
            }
            if found.is_empty() && row.checked.is_valid() {
                verdict.ids.extend(id);
                verdict.accepted.push(values);
            } else {
                let errors = self.in_column_order(&row.checked.errors, found);
                verdict.rejected.push(RejectedRow { index, row: row.raw, errors });
            }
        }
        verdict
    }

    fn id(&self, values: &[Value<'_>]) -> Option<i64> {
        values[self.table.key_index()].as_integer()
    }

    /// Returns the errors of a row's fields and those that follow from the database's facts, as one
    /// list in column order.
    fn in_column_order(&self, of_fields: &[RowError<'a>], of_facts: Vec<RowError<'a>>) -> Vec<RowError<'a>> {
        let mut errors = of_fields.to_vec();
        errors.extend(of_facts);
        // Stable, and unknown columns stay last.
        errors.sort_by_key(|error| {
            let position = error.column.as_deref().and_then(|name| self.table.column_index(name));
            position.unwrap_or(usize::MAX)
        });
        errors
    }
}
