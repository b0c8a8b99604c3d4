//! Counts the records of a file that a load would reject.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use domain::dictionary::LoadMode;
use domain::load::{CheckedChunk, Facts, Judged};
use domain::row::RowCode;
use domain::value::Key;
use roaring::RoaringTreemap;

/// The records of a file as a load would count them, as far as the file alone shows it: not which
/// keys and unique values are taken in the table, nor which references name a row.
#[derive(Debug, Default)]
pub struct Counts {
    /// Records read: those accepted and those rejected.
    pub rows_read: u64,
    /// Records that would be rejected.
    pub rows_rejected: u64,
    /// The number of records that do not count: rows of empty fields, the header again.
    pub skipped: u64,
    /// Errors by their code. A record may have several.
    pub codes: BTreeMap<RowCode, u64>,
    /// The rows accepted so far, in place of a table.
    accepted: Accepted,
}

impl Counts {
    /// Judges the rows of the next chunk, beside those of the chunks before it, and counts its
    /// records.
    pub(super) fn add<'k, 'c>(&mut self, chunk: &'k CheckedChunk<'c>, mode: LoadMode) -> Judged<'k, 'c> {
        let judged = chunk.judge(mode, &self.accepted.facts(chunk, mode));
        self.accepted.add(&judged, mode);
        let rejected = judged.rejected();
        self.rows_read += chunk.rows_read as u64;
        self.rows_rejected += rejected.len() as u64;
        self.skipped += chunk.skipped as u64;
        for error in rejected.iter().flat_map(|rejected| &rejected.errors) {
            *self.codes.entry(error.code()).or_default() += 1;
        }
        judged
    }
}

/// Keys and unique values of accepted rows.
#[derive(Debug, Default)]
struct Accepted {
    /// Keys that are one whole number, in a compressed set.
    numbers: RoaringTreemap,
    /// The other keys.
    others: HashSet<Print>,
    /// For each entry of the table's unique columns, who has which value.
    values: Vec<Holders>,
    prints: Prints,
}

/// The rows that have values of unique columns, by their keys.
#[derive(Debug, Default)]
struct Holders {
    by_value: HashMap<Print, Key>,
    /// The value of each; in an upsert only, where it can change.
    by_key: HashMap<Print, Print>,
}

impl Accepted {
    /// Returns what these rows are to a chunk, as if a table had them.
    fn facts(&self, chunk: &CheckedChunk<'_>, mode: LoadMode) -> Facts {
        let mut facts = Facts::default();
        if mode != LoadMode::Upsert {
            facts.taken = chunk.keys().filter(|key| self.has(key)).collect();
        }
        for (unique, holders) in chunk.table.unique().iter().zip(&self.values) {
            let known = chunk.values_of(unique).into_iter().filter_map(|value| {
                let holder = holders.by_value.get(&self.prints.of(&value))?.clone();
                Some((value, holder))
            });
            facts.holders.push(known.collect());
        }
        facts
    }

    fn has(&self, key: &Key) -> bool {
        match key.as_integer() {
            Some(number) => self.numbers.contains(number.cast_unsigned()),
            None => self.others.contains(&self.prints.of(key)),
        }
    }

    fn add(&mut self, judged: &Judged<'_, '_>, mode: LoadMode) {
        let table = judged.table();
        self.values.resize_with(table.unique().len(), Holders::default);
        for (_, row) in judged.accepted() {
            let Some(key) = table.key_of(row) else { continue };
            for (unique, holders) in table.unique().iter().zip(&mut self.values) {
                let value = Key::of(unique.iter().map(|column| &row[*column]));
                let value = value.map(|value| self.prints.of(&value));
                if mode == LoadMode::Upsert {
                    let print = self.prints.of(&key);
                    let before = match value {
                        Some(value) => holders.by_key.insert(print, value),
                        None => holders.by_key.remove(&print),
                    };
                    if let Some(before) = before {
                        holders.by_value.remove(&before);
                    }
                }
                if let Some(value) = value {
                    holders.by_value.insert(value, key.clone());
                }
            }
            match key.as_integer() {
                _ if mode == LoadMode::Upsert => {}
                // The order of the set means nothing, so negative numbers may be the largest.
                Some(number) => drop(self.numbers.insert(number.cast_unsigned())),
                None => drop(self.others.insert(self.prints.of(&key))),
            }
        }
    }
}

/// 128 bits in the place of a key, so that memory does not grow with its length. Should two keys
/// have the same, a record is counted as rejected that a load accepts. Among 100 million keys that
/// has a chance of 1 in 10²².
type Print = [u64; 2];

/// Makes prints. Nobody can choose keys that collide: it draws its secrets at random.
#[derive(Debug, Default)]
struct Prints([RandomState; 2]);

impl Prints {
    fn of(&self, key: &Key) -> Print {
        self.0.each_ref().map(|state| state.hash_one(key))
    }
}
