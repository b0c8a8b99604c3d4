//! Checks which references of a file's rows name a row.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aurora::{Database, Error, Tx, keys};
use domain::dictionary::{Dictionary, Reference, Unknown};
use domain::value::Key;

use crate::read::Plan;

/// Keys remembered for a table at most; beyond that they are asked for again, so that memory stays
/// bounded.
const MAX_REMEMBERED: usize = 200_000;

/// Keys that are known to be there, table by table, so that a file that refers to the same rows
/// over and over asks for them once.
#[derive(Debug, Default)]
pub(crate) struct References {
    present: Mutex<BTreeMap<String, HashSet<Key>>>,
}

/// The keys that name no row, by the place of the reference among those of the table; references
/// without such are left out.
pub(crate) type Missing = BTreeMap<usize, HashSet<Key>>;

impl References {
    /// Finds out which of the keys that a chunk's rows name, those of each reference, are of no
    /// row.
    pub(crate) async fn missing(
        &self,
        database: &Database,
        dictionary: &Dictionary,
        plan: &Plan,
        named: &[Vec<Key>],
    ) -> Result<Missing, Error> {
        let mut missing = Missing::new();
        for (place, (reference, named)) in plan.table.references().iter().zip(named).enumerate() {
            let Some(referred) = dictionary.table(reference.table()) else { continue };
            let mut asked: HashSet<Key> = match self.lock().get(referred.name()) {
                Some(present) => named.iter().filter(|key| !present.contains(key)).cloned().collect(),
                None => named.iter().cloned().collect(),
            };
            if asked.is_empty() {
                continue;
            }
            let found = keys::present(database, referred, plan.target_of(referred), &asked, false).await?;
            asked.retain(|key| !found.contains(key));
            if !asked.is_empty() {
                missing.insert(place, asked);
            }
            let mut remembered = self.lock();
            let present = remembered.entry(referred.name().to_owned()).or_default();
            if present.len() + found.len() > MAX_REMEMBERED {
                present.clear();
            }
            present.extend(found);
        }
        Ok(missing)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, HashSet<Key>>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Locks the rows that a chunk's rows must name, until the end of the transaction, but for those
/// that are `missing`: to lock a key of no row is to lock the gap that others insert it into.
/// Returns the keys whose rows are gone since they were found.
pub(crate) async fn hold(
    tx: &Tx,
    dictionary: &Dictionary,
    plan: &Plan,
    named: &[Vec<Key>],
    missing: &Missing,
) -> Result<Missing, Error> {
    let mut lost = Missing::new();
    let is_demanded = |reference: &Reference| reference.on_unknown().files == Unknown::Reject;
    let references = plan.table.references().iter().zip(named).enumerate();
    for (place, (reference, named)) in references.filter(|(_, (reference, _))| is_demanded(reference)) {
        let Some(referred) = dictionary.table(reference.table()) else { continue };
        let is_missing = |key: &Key| missing.get(&place).is_some_and(|missing| missing.contains(key));
        let mut wanted: HashSet<Key> = named.iter().filter(|key| !is_missing(key)).cloned().collect();
        if wanted.is_empty() {
            continue;
        }
        let there = keys::present(tx, referred, plan.target_of(referred), &wanted, true).await?;
        wanted.retain(|key| !there.contains(key));
        if !wanted.is_empty() {
            lost.insert(place, wanted);
        }
    }
    Ok(lost)
}
