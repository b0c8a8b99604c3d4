//! What rows take for themselves: keys, and values of unique columns.

use std::collections::HashSet;

use crate::dictionary::Table;
use crate::load::check::ClaimedKeys;
use crate::row::RowError;
use crate::value::{Key, Value};

/// Keys and values that rows of the target have already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// The keys.
    pub keys: HashSet<Key>,
    /// For each of [`Table::unique`], in their order, the values; none beyond its end.
    pub unique: Vec<HashSet<Key>>,
}

/// What one row takes: its key, and its value for each of [`Table::unique`]; `None` where a column
/// is without a value.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) key: Option<Key>,
    pub(super) unique: Vec<Option<Key>>,
}

impl Claim {
    /// Returns what a row takes.
    pub(super) fn of(table: &Table, values: &[Value<'_>]) -> Self {
        let of_columns = |columns: &Vec<usize>| Key::of(columns.iter().map(|index| &values[*index]));
        Self { key: table.key_of(values), unique: table.unique().iter().map(of_columns).collect() }
    }
}

/// What the accepted rows of a chunk have taken.
#[derive(Debug)]
pub(super) struct Claimed {
    keys: ClaimedKeys,
    unique: Vec<ClaimedKeys>,
}

impl Claimed {
    /// Returns what no row of the table has taken.
    pub(super) fn none_of(table: &Table) -> Self {
        let unique = table.unique().iter().map(|_| ClaimedKeys::default()).collect();
        Self { keys: ClaimedKeys::default(), unique }
    }

    /// Pushes an error for each part of the claim that an earlier row has, or one of the target.
    pub(super) fn check<'t>(
        &self,
        table: &'t Table,
        claim: &Claim,
        taken: &Taken,
        errors: &mut Vec<RowError<'t>>,
    ) {
        let is_known = |claimed: &ClaimedKeys, taken: Option<&HashSet<Key>>, key: &Key| {
            claimed.contains(key) || taken.is_some_and(|taken| taken.contains(key))
        };
        if let Some(key) = &claim.key
            && is_known(&self.keys, Some(&taken.keys), key)
        {
            errors.push(RowError::id_repeated(table));
        }
        let claimed = self.unique.iter().zip(&claim.unique);
        for (entry, ((claimed, value), columns)) in claimed.zip(table.unique()).enumerate() {
            if let Some(value) = value
                && is_known(claimed, taken.unique.get(entry), value)
            {
                errors.push(RowError::value_repeated(table, columns));
            }
        }
    }

    /// Takes what an accepted row claims.
    pub(super) fn take(&mut self, claim: Claim) {
        if let Some(key) = claim.key {
            self.keys.insert(key);
        }
        for (claimed, value) in self.unique.iter_mut().zip(claim.unique) {
            if let Some(value) = value {
                claimed.insert(value);
            }
        }
    }
}
