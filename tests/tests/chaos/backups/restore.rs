//! The oracle of restores: what the tables must hold afterwards.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use testkit::TestDatabase;
use testkit::hr::tables;

use super::tables::{Tables, read, read_all};
use super::writer::{self, Fate, Written};
use crate::rows::{Rows, same};

/// A restore as its ledger has it.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) status: String,
    pub(super) source: String,
    pub(super) error: Option<String>,
    /// The name of each previous table.
    pub(super) previous: BTreeMap<String, String>,
}

impl Ledger {
    /// Reads the restore of this id, if it has begun.
    pub(super) async fn of(database: &TestDatabase, restore: &str) -> Result<Option<Self>> {
        let sql =
            format!("SELECT status, source, error FROM rowgate_restores WHERE restore_id = '{restore}'");
        let Some(row) = database.sql(&sql).await?.into_iter().next() else { return Ok(None) };
        let [status, source, error] = <[Option<String>; 3]>::try_from(row).ok().context("three values")?;
        let sql = format!(
            "SELECT table_name, previous_table FROM rowgate_job_tables \
             WHERE job_id = '{restore}' AND previous_table IS NOT NULL"
        );
        let rows = database.sql(&sql).await?.into_iter();
        let previous = rows.filter_map(|row| Some((row[0].clone()?, row[1].clone()?))).collect();
        Ok(Some(Self {
            status: status.unwrap_or_default(),
            source: source.unwrap_or_default(),
            error,
            previous,
        }))
    }
}

/// The expected result.
pub(super) struct Expected<'e> {
    /// The tables before.
    pub(super) before: &'e Tables,
    /// The replacement, and which tables are replaced; `None` if none is.
    pub(super) after: Option<(&'e Tables, &'e [&'static str])>,
    /// The rows written in the meantime, with ids from `first` on.
    pub(super) written: &'e Written,
    pub(super) first: i64,
}

/// The tables, and the previous ones.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) live: Tables,
    pub(super) previous: Tables,
}

impl Found {
    pub(super) async fn read(database: &TestDatabase, ledger: &Ledger) -> Result<Self> {
        let mut previous = Tables::new();
        for table in tables() {
            if let Some(name) = ledger.previous.get(table) {
                previous.insert(table, read(database, table, name).await?);
            }
        }
        Ok(Self { live: read_all(database).await?, previous })
    }
}

impl Expected<'_> {
    /// Checks that every committed row is in a live table or in a previous one, none in both, and
    /// that no transaction is cut in two: those before the swap are in the previous tables, those
    /// after it in the live ones.
    pub(super) fn check(&self, found: &Found) -> Result<()> {
        let (mut sides, mut untouched) = (BTreeMap::new(), BTreeMap::new());
        for table in tables() {
            let mut live = found.live[table].clone();
            let live_beside = self.beside(table, &mut live)?;
            match self.after {
                Some((after, restored)) if restored.contains(&table) => {
                    same(&live, &after[table]).with_context(|| format!("{table}, restored"))?;
                    let previous = found.previous.get(table);
                    let mut previous = previous.with_context(|| format!("no previous {table}"))?.clone();
                    let previous_beside = self.beside(table, &mut previous)?;
                    same(&previous, &self.before[table]).with_context(|| format!("{table}, previous"))?;
                    sides.insert(table, (previous_beside, live_beside));
                }
                _ => {
                    same(&live, &self.before[table]).with_context(|| format!("{table}, left alone"))?;
                    ensure!(!found.previous.contains_key(table), "{table} has a previous table");
                    untouched.insert(table, live_beside);
                }
            }
        }
        let mut all = BTreeSet::new();
        if let Some((earlier, later)) = sides.values().next() {
            ensure!(
                sides.values().all(|side| side == &(earlier.clone(), later.clone())),
                "{}",
                shown(&sides)
            );
            if let (Some(last), Some(first)) = (earlier.last(), later.first()) {
                ensure!(last < first, "{last} is in the previous table and {first} is live");
            }
            all.extend(earlier | later);
        } else if let Some(ids) = untouched.values().next() {
            all.clone_from(ids);
        }
        for (table, ids) in &untouched {
            ensure!(*ids == all, "{table} and others have different transactions");
        }
        for (id, fate) in self.written {
            ensure!(*fate == Fate::Unknown || all.contains(id), "{id} was committed and is nowhere");
        }
        let surplus = all.iter().find(|id| !self.written.iter().any(|(known, _)| known == *id));
        if let Some(id) = surplus {
            bail!("{id} was not committed and is there");
        }
        Ok(())
    }

    /// Removes from a table what was written meanwhile, and returns the ids.
    fn beside(&self, table: &str, rows: &mut Rows) -> Result<BTreeSet<i64>> {
        let beside = rows.split_off(&self.first);
        ensure!(
            beside.iter().all(|(id, cells)| *cells == writer::cells(table, *id)),
            "{table} has rows that nobody wrote"
        );
        Ok(beside.into_keys().collect())
    }
}

fn shown(sides: &BTreeMap<&str, (BTreeSet<i64>, BTreeSet<i64>)>) -> String {
    let ends = sides.iter().map(|(table, (previous, live))| {
        format!(
            "{table}: previous to {:?} ({}), live from {:?} ({})",
            previous.last(),
            previous.len(),
            live.first(),
            live.len()
        )
    });
    format!("transactions are cut in two: {}", ends.collect::<Vec<_>>().join("; "))
}
