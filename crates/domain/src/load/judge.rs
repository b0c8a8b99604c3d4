//! Judging the rows of a chunk beside each other, and by what the table has already.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::check::{CheckedChunk, RejectedRecord};
use super::claimed::ClaimedKeys;
use crate::dictionary::{LoadMode, Table, Unknown};
use crate::row::RowError;
use crate::value::{Key, Value};

/// What the database knows of the rows of a chunk. What is not asked is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Keys of the rows that are taken in the table.
    pub taken: HashSet<Key>,
    /// For each of [`Table::unique`], in their order: values of the rows that the table has, each
    /// with the key of the row that has it.
    pub holders: Vec<HashMap<Key, Key>>,
    /// Keys that references name and no row has, by the place of the reference among
    /// [`Table::references`].
    pub missing: BTreeMap<usize, HashSet<Key>>,
}

/// A chunk whose rows have been judged.
#[derive(Debug)]
pub struct Judged<'k, 'c> {
    chunk: &'k CheckedChunk<'c>,
    /// The refused ones of the rows that passed, by their positions, ascending.
    refused: Vec<(usize, Vec<RowError<'c>>)>,
    /// References of accepted rows that name no row.
    pub unknown_references: u64,
}

impl<'c> CheckedChunk<'c> {
    /// Judges the rows that passed. The result is that of loading them one after the other into
    /// the table that `facts` tell of:
    ///
    /// - A row whose key is taken is refused; in an upsert it takes the other's place.
    /// - A row with a unique value that a row of another key has is refused, in an upsert too. A
    ///   row that takes the place of another gives that one's values free for the rows after it.
    /// - A row is refused whose reference names no row, where the dictionary has
    ///   [`Unknown::Reject`] for files; otherwise such references are counted. In a table that
    ///   refers to itself a row may name itself and rows before it.
    pub fn judge(&self, mode: LoadMode, facts: &Facts) -> Judged<'_, 'c> {
        let mut judged = Judged { chunk: self, refused: Vec::new(), unknown_references: 0 };
        if mode == LoadMode::Upsert && self.table.unique().is_empty() && facts.missing.is_empty() {
            return judged;
        }
        let mut bench = Bench::new(self.table, mode, facts);
        for (position, row) in self.rows().enumerate() {
            let Some(key) = self.table.key_of(row) else { continue };
            let (errors, unknown) = bench.judge(&key, row);
            if errors.is_empty() {
                judged.unknown_references += unknown;
                bench.accept(key, row);
            } else {
                judged.refused.push((position, errors));
            }
        }
        judged
    }
}

impl<'k, 'c> Judged<'k, 'c> {
    /// Returns the table that the rows are for.
    pub fn table(&self) -> &'c Table {
        self.chunk.table
    }

    /// Returns the positions of the accepted rows among those that passed, and their values.
    pub fn accepted(&self) -> impl Iterator<Item = (usize, &'k [Value<'c>])> {
        let mut refused = self.refused.iter().map(|(position, _)| *position).peekable();
        let rows = self.chunk.rows().enumerate();
        rows.filter(move |(position, _)| refused.next_if_eq(position).is_none())
    }

    /// Returns how many rows are accepted.
    pub fn len(&self) -> usize {
        self.chunk.len() - self.refused.len()
    }

    /// Returns true if no row is accepted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns all rejected records of the chunk, in the file's order: those that did not pass, and
    /// those refused here.
    pub fn rejected(&self) -> Vec<RejectedRecord<'c>> {
        let mut rejected = self.chunk.rejected.clone();
        rejected.extend(self.refused.iter().map(|(position, errors)| RejectedRecord {
            record: self.chunk.record(*position),
            errors: errors.clone(),
        }));
        rejected.sort_by_key(|rejected| rejected.record.line);
        rejected
    }

    /// Returns the accepted rows in groups to be written one after the other. In a group every key
    /// is there once, so that the table shows after it whether each row has gone where it belongs:
    /// what a statement with `ON DUPLICATE KEY UPDATE` finds taken may be a unique value of another
    /// key.
    ///
    /// Of rows that follow each other under a key with the same unique values only the last one is
    /// there, in the place of the first.
    pub fn groups(&self) -> Vec<Vec<&'k [Value<'c>]>> {
        let table = self.chunk.table;
        let is_same = |one: &[Value<'_>], other: &[Value<'_>]| {
            table.unique().iter().flatten().all(|column| one[*column] == other[*column])
        };
        let mut groups: Vec<Vec<&'k [Value<'c>]>> = Vec::new();
        // The group and the place in it of the last row of each key.
        let mut last: HashMap<Key, (usize, usize)> = HashMap::with_capacity(self.len());
        for (_, row) in self.accepted() {
            let Some(key) = table.key_of(row) else { continue };
            match last.get(&key) {
                Some((group, place)) if is_same(groups[*group][*place], row) => {
                    groups[*group][*place] = row;
                    continue;
                }
                Some((group, _)) if group + 1 == groups.len() => groups.push(Vec::new()),
                None if groups.is_empty() => groups.push(Vec::new()),
                _ => {}
            }
            let group = groups.len() - 1;
            last.insert(key, (group, groups[group].len()));
            groups[group].push(row);
        }
        groups
    }
}

/// What the rows are judged by: the table as it is with the rows accepted so far.
struct Bench<'t, 'f> {
    table: &'t Table,
    mode: LoadMode,
    facts: &'f Facts,
    claimed: ClaimedKeys,
    /// For each of [`Table::unique`], who has which value.
    values: Vec<Holders>,
}

/// The rows that have values of unique columns, by their keys.
#[derive(Default)]
struct Holders {
    by_value: HashMap<Key, Key>,
    /// The value of each; kept in an upsert only, where it can change.
    by_key: HashMap<Key, Key>,
}

impl<'t, 'f> Bench<'t, 'f> {
    fn new(table: &'t Table, mode: LoadMode, facts: &'f Facts) -> Self {
        let mut values: Vec<Holders> = table.unique().iter().map(|_| Holders::default()).collect();
        for (holders, known) in values.iter_mut().zip(&facts.holders) {
            holders.by_value.clone_from(known);
            if mode == LoadMode::Upsert {
                holders.by_key = known.iter().map(|(value, key)| (key.clone(), value.clone())).collect();
            }
        }
        Self { table, mode, facts, claimed: ClaimedKeys::default(), values }
    }

    /// Returns what is wrong with a row, and how many of its references that may do so name no row.
    fn judge(&self, key: &Key, row: &[Value<'_>]) -> (Vec<RowError<'t>>, u64) {
        let mut errors = Vec::new();
        if self.mode != LoadMode::Upsert {
            if self.facts.taken.contains(key) {
                errors.push(RowError::id_taken(self.table));
            } else if self.claimed.contains(key) {
                errors.push(RowError::id_repeated(self.table));
            }
        }
        for (unique, holders) in self.table.unique().iter().zip(&self.values) {
            let value = Key::of(unique.iter().map(|column| &row[*column]));
            let holder = value.and_then(|value| holders.by_value.get(&value));
            match holder.filter(|holder| *holder != key) {
                Some(holder) if self.claimed.contains(holder) => {
                    errors.push(RowError::value_repeated(self.table, unique));
                }
                Some(_) => errors.push(RowError::value_taken(self.table, unique)),
                None => {}
            }
        }
        let mut unknown = 0;
        for (place, missing) in &self.facts.missing {
            let Some(reference) = self.table.references().get(*place) else { continue };
            let Some(named) = reference.key_of(row).filter(|named| missing.contains(named)) else { continue };
            let is_own =
                reference.table() == self.table.name() && (named == *key || self.claimed.contains(&named));
            match reference.on_unknown().files {
                _ if is_own => {}
                Unknown::Reject => errors.push(RowError::no_such_row(self.table, reference)),
                Unknown::Accept => unknown += 1,
            }
        }
        // As those of fields are.
        let place = |error: &RowError<'_>| self.table.column_index(error.column.as_deref()?);
        errors.sort_by_key(place);
        (errors, unknown)
    }

    fn accept(&mut self, key: Key, row: &[Value<'_>]) {
        for (unique, holders) in self.table.unique().iter().zip(&mut self.values) {
            let value = Key::of(unique.iter().map(|column| &row[*column]));
            if self.mode == LoadMode::Upsert {
                let before = match &value {
                    Some(value) => holders.by_key.insert(key.clone(), value.clone()),
                    None => holders.by_key.remove(&key),
                };
                if let Some(before) = before {
                    holders.by_value.remove(&before);
                }
            }
            if let Some(value) = value {
                holders.by_value.insert(value, key.clone());
            }
        }
        self.claimed.insert(key);
    }
}

#[cfg(test)]
mod tests;
