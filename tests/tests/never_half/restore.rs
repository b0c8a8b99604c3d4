//! Holding the tables after a restore against what they must be.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use testkit::TestDatabase;

use crate::rows::{Rows, TABLES, Tables, read, read_all, same};
use crate::writer::{self, Fate, Written};

/// A restore as its ledger has it.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) status: String,
    pub(crate) source: String,
    pub(crate) error: Option<String>,
    /// Of each table: what it was before, under which name.
    pub(crate) kept: BTreeMap<String, String>,
}

impl Ledger {
    /// The restore of this id, if anybody knows it.
    pub(crate) async fn of(database: &TestDatabase, restore: &str) -> Result<Option<Self>> {
        let sql =
            format!("SELECT status, source, error FROM rowgate_restores WHERE restore_id = '{restore}'");
        let Some(row) = database.sql(&sql).await?.into_iter().next() else { return Ok(None) };
        let [status, source, error] = <[Option<String>; 3]>::try_from(row).ok().context("three values")?;
        let sql = format!(
            "SELECT table_name, kept_table FROM rowgate_restore_tables \
             WHERE restore_id = '{restore}' AND kept_table IS NOT NULL"
        );
        let rows = database.sql(&sql).await?.into_iter();
        let kept = rows.filter_map(|row| Some((row[0].clone()?, row[1].clone()?))).collect();
        Ok(Some(Self { status: status.unwrap_or_default(), source: source.unwrap_or_default(), error, kept }))
    }
}

/// What must have happened.
pub(crate) struct Expected<'e> {
    /// The tables before.
    pub(crate) before: &'e Tables,
    /// What takes their place, and of which tables; `None` where nothing does.
    pub(crate) after: Option<(&'e Tables, &'e [&'static str])>,
    /// What was written meanwhile, with the ids from `first` on.
    pub(crate) written: &'e Written,
    pub(crate) first: i64,
}

/// The tables, and what is kept of those before.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) live: Tables,
    pub(crate) kept: Tables,
}

impl Found {
    pub(crate) async fn read(database: &TestDatabase, ledger: &Ledger) -> Result<Self> {
        let mut kept = Tables::new();
        for table in TABLES {
            if let Some(name) = ledger.kept.get(table) {
                kept.insert(table, read(database, table, name).await?);
            }
        }
        Ok(Self { live: read_all(database).await?, kept })
    }
}

impl Expected<'_> {
    /// Every row that was committed is in a live table or in a kept one, in none twice, and no transaction is cut in two: those before
    /// the swap are kept, those after it are live.
    ///
    /// # Errors
    /// When that is not so.
    pub(crate) fn check(&self, found: &Found) -> Result<()> {
        let (mut sides, mut untouched) = (BTreeMap::new(), BTreeMap::new());
        for table in TABLES {
            let mut live = found.live[table].clone();
            let live_beside = self.beside(table, &mut live)?;
            match self.after {
                Some((after, restored)) if restored.contains(&table) => {
                    same(&live, &after[table]).with_context(|| format!("{table}, restored"))?;
                    let kept = found.kept.get(table).with_context(|| format!("{table} is not kept"))?;
                    let mut kept = kept.clone();
                    let kept_beside = self.beside(table, &mut kept)?;
                    same(&kept, &self.before[table]).with_context(|| format!("{table}, kept"))?;
                    sides.insert(table, (kept_beside, live_beside));
                }
                _ => {
                    same(&live, &self.before[table]).with_context(|| format!("{table}, left alone"))?;
                    ensure!(!found.kept.contains_key(table), "{table} is kept");
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
                ensure!(last < first, "{last} is kept and {first} is live");
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

    /// Takes what was written meanwhile out of a table.
    fn beside(&self, table: &str, rows: &mut Rows) -> Result<BTreeSet<i64>> {
        let beside = rows.split_off(&self.first);
        ensure!(
            beside.iter().all(|(id, cells)| *cells == writer::cells(table, *id)),
            "{table} has rows that nobody has written"
        );
        Ok(beside.into_keys().collect())
    }
}

fn shown(sides: &BTreeMap<&str, (BTreeSet<i64>, BTreeSet<i64>)>) -> String {
    let ends = sides.iter().map(|(table, (kept, live))| {
        format!(
            "{table}: kept to {:?} ({}), live from {:?} ({})",
            kept.last(),
            kept.len(),
            live.first(),
            live.len()
        )
    });
    format!("transactions are cut in two: {}", ends.collect::<Vec<_>>().join("; "))
}
