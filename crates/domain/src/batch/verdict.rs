//! Judging rows: which are accepted, which are rejected and why.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::value::RawValue;

use super::TableBatch;
use crate::dictionary::{Dictionary, Reference, Unknown};
use crate::row::RowError;
use crate::sql::ReferenceGuard;
use crate::value::{Key, Value};

/// The database's answer about the keys and unique values that a table's rows name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Keys of the batch that are taken in the table.
    pub taken: HashSet<Key>,
    /// For each entry of [`Table::unique`](crate::dictionary::Table::unique), those of the batch's
    /// values that rows of the table have, with the keys of these rows.
    pub holders: Vec<HashMap<Key, Key>>,
    /// For each referred table, those of the named keys that exist, or will when the rows are
    /// inserted.
    pub present: BTreeMap<String, HashSet<Key>>,
}

/// The verdict on a table's rows.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict<'a, 'b> {
    /// The values of the rows to insert, in the request's order.
    pub accepted: Vec<&'b [Value<'a>]>,
    /// Their keys, as far as they came with one.
    pub keys: HashSet<Key>,
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
    /// Returns true if nothing is wrong as far as the rows themselves tell: every row passed, and
    /// no key and no value of unique columns comes twice.
    pub fn is_flawless(&self) -> bool {
        let mut keys = HashSet::with_capacity(self.rows.len());
        let mut unique = vec![HashSet::new(); self.table.unique().len()];
        self.rows.iter().all(|row| {
            row.checked.is_valid()
                && self.table.key_of(&row.checked.values).is_none_or(|key| keys.insert(key))
                && self.unique_of(&row.checked.values).all(|(entry, value)| unique[entry].insert(value))
        })
    }

    /// Returns the keys of the rows, as far as they are keys at all.
    pub fn keys(&self) -> BTreeSet<Key> {
        self.rows.iter().filter_map(|row| self.table.key_of(&row.checked.values)).collect()
    }

    /// Returns the values of the rows in these unique columns, as far as they are values at all.
    pub fn unique_values(&self, columns: &[usize]) -> BTreeSet<Key> {
        self.rows.iter().filter_map(|row| value_of(columns, &row.checked.values)).collect()
    }

    /// Returns for each table that the rows must refer to rightly the keys that they name.
    pub fn referred_keys(&self) -> BTreeMap<&'a str, BTreeSet<Key>> {
        let mut referred: BTreeMap<&str, BTreeSet<Key>> = BTreeMap::new();
        for reference in self.demanded() {
            let keys = self.rows.iter().filter_map(|row| reference.key_of(&row.checked.values));
            referred.entry(reference.table()).or_default().extend(keys);
        }
        referred
    }

    /// Returns the condition that every reference of these rows names a row, as far as that is
    /// demanded. In a table that refers to itself, a row may refer to itself and to rows before it.
    pub fn guard(&self, dictionary: &Dictionary) -> ReferenceGuard {
        let mut guard = ReferenceGuard::default();
        for reference in self.demanded() {
            let own = reference.table() == self.table.name();
            let mut before = HashSet::new();
            let mut demanded = BTreeSet::new();
            for row in &self.rows {
                if own {
                    before.extend(self.table.key_of(&row.checked.values));
                }
                let key = reference.key_of(&row.checked.values);
                demanded.extend(key.filter(|key| !before.contains(key)));
            }
            if let Some(table) = dictionary.table(reference.table()) {
                guard.demand(table, &demanded);
            }
        }
        guard
    }

    /// Judges every row by the facts of the database. The first acceptable row with a key, or with
    /// a value of unique columns, gets it; a row that is refused takes nothing away from a later
    /// one. The result is that of loading the same rows one after the other.
    pub fn judge<'b>(&'b self, facts: &Facts) -> Verdict<'a, 'b> {
        let mut verdict = Verdict {
            accepted: Vec::with_capacity(self.rows.len()),
            keys: HashSet::new(),
            rejected: Vec::new(),
        };
        let mut unique = vec![HashSet::new(); self.table.unique().len()];
        for (index, row) in self.rows.iter().enumerate() {
            let values = &row.checked.values;
            let mut found = Vec::new();
            let key = self.table.key_of(values);
            if let Some(key) = &key {
                if facts.taken.contains(key) {
                    found.push(RowError::id_taken(self.table));
                } else if verdict.keys.contains(key) {
                    found.push(RowError::id_repeated(self.table));
                }
            }
            for (entry, value) in self.unique_of(values) {
                let columns = &self.table.unique()[entry];
                let holder = facts.holders.get(entry).and_then(|holders| holders.get(&value));
                if holder.is_some_and(|holder| Some(holder) != key.as_ref()) {
                    found.push(RowError::value_taken(self.table, columns));
                } else if unique[entry].contains(&value) {
                    found.push(RowError::value_repeated(self.table, columns));
                }
            }
            for reference in self.demanded() {
                let (target, Some(referred)) = (reference.table(), reference.key_of(values)) else {
                    continue;
                };
                let is_there = facts.present.get(target).is_some_and(|present| present.contains(&referred));
                let is_own = target == self.table.name()
                    && (key.as_ref() == Some(&referred) || verdict.keys.contains(&referred));
                if !is_there && !is_own {
                    found.push(RowError::no_such_row(self.table, reference));
                }
            }
            if found.is_empty() && row.checked.is_valid() {
                for (entry, value) in self.unique_of(values) {
                    unique[entry].insert(value);
                }
                verdict.keys.extend(key);
                verdict.accepted.push(values);
            } else {
                let errors = self.in_column_order(&row.checked.errors, found);
                verdict.rejected.push(RejectedRow { index, row: row.raw, errors });
            }
        }
        verdict
    }

    /// Returns the references that must name a row.
    fn demanded(&self) -> impl Iterator<Item = &'a Reference> + use<'a> {
        self.table.references().iter().filter(|reference| reference.on_unknown().api == Unknown::Reject)
    }

    /// Returns the values of a row in unique columns, each with the position of its entry in
    /// [`Table::unique`](crate::dictionary::Table::unique).
    fn unique_of(&self, values: &[Value<'_>]) -> impl Iterator<Item = (usize, Key)> {
        let entries = self.table.unique().iter().enumerate();
        entries.filter_map(|(entry, columns)| Some((entry, value_of(columns, values)?)))
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

fn value_of(columns: &[usize], values: &[Value<'_>]) -> Option<Key> {
    Key::of(columns.iter().map(|column| &values[*column]))
}
