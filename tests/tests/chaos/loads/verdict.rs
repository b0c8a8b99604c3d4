//! Checks that the result of loads is one of the states that some order of them leads to.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use super::bucket::Bucket;
use super::check::Ledger;
use super::content::{Content, Rows};
use super::oracle::{Cut, End, Expectation, expectation};
use super::plan::Mode;
use crate::rows::same;

/// A file that was dropped, and how its load stands.
pub(super) struct Dropped<'r> {
    pub(super) mode: Mode,
    /// The first character of its rows' names.
    pub(super) tag: char,
    /// True if a replace may leave records out.
    pub(super) takes_rejects: bool,
    pub(super) content: &'r Content,
    pub(super) ledger: Ledger,
    /// Its chunks.
    pub(super) chunks: Vec<Cut>,
}

/// Holds table, ledger and rejects files against what the loads must have made of the rows that
/// were there `before`.
pub(super) async fn check(bucket: &Bucket, before: &Rows, table: &Rows, loads: &[Dropped<'_>]) -> Result<()> {
    match loads {
        [one] => in_order(bucket, before, table, &[one]).await,
        [one, other] => match (one.mode, other.mode) {
            (Mode::Append, Mode::Append) => appends(bucket, before, table, [one, other]).await,
            (Mode::Upsert, Mode::Upsert) => upserts(bucket, before, table, [one, other]).await,
            (Mode::Append, Mode::Upsert) => append_and_upsert(bucket, before, table, one, other).await,
            (Mode::Upsert, Mode::Append) => append_and_upsert(bucket, before, table, other, one).await,
            // A table that is replaced has the other load's rows whole or not at all.
            (Mode::Replace, _) | (_, Mode::Replace) => {
                let Err(first) = in_order(bucket, before, table, &[one, other]).await else { return Ok(()) };
                let order = in_order(bucket, before, table, &[other, one]).await;
                order.with_context(|| format!("nor in the other order, where: {first:#}"))
            }
        },
        _ => unreachable!("a run has one file or two"),
    }
}

impl Dropped<'_> {
    /// Returns its expected result for a table in which some ids were taken.
    fn expectation(&self, taken: &BTreeSet<i64>) -> Expectation {
        let none = BTreeSet::new();
        let taken = if self.mode == Mode::Append { taken } else { &none };
        expectation(self.mode, self.content, &self.chunks, taken, self.takes_rejects)
    }

    async fn check(&self, bucket: &Bucket, expectation: &Expectation) -> Result<()> {
        let ledger = self.ledger.check(bucket, self.content, &self.chunks, expectation).await;
        ledger.with_context(|| format!("the {} of {}", self.mode.name(), self.tag))
    }
}

/// As if each load had begun when the one before had ended.
async fn in_order(bucket: &Bucket, before: &Rows, table: &Rows, loads: &[&Dropped<'_>]) -> Result<()> {
    let mut rows = before.clone();
    let mut all = Vec::new();
    for load in loads {
        let expectation = load.expectation(&rows.keys().copied().collect());
        if load.mode == Mode::Replace && expectation.end == End::Completed {
            rows.clear();
        }
        rows.extend(expectation.rows.clone());
        all.push((load, expectation));
    }
    same(table, &rows)?;
    for (load, expectation) in all {
        load.check(bucket, &expectation).await?;
    }
    Ok(())
}

/// Of an id that both have the row is that of the one who came first, and the other must know.
async fn appends(bucket: &Bucket, before: &Rows, table: &Rows, loads: [&Dropped<'_>; 2]) -> Result<()> {
    let mut rows = before.clone();
    for load in loads {
        let is_another = |cells: &Vec<String>| cells.first().is_none_or(|name| !name.starts_with(load.tag));
        let taken = table.iter().filter(|(_, cells)| is_another(cells)).map(|(id, _)| *id).collect();
        let expectation = load.expectation(&taken);
        rows.extend(expectation.rows.clone());
        load.check(bucket, &expectation).await?;
    }
    same(table, &rows)
}

/// Of an id that both have the row is the last one of either.
async fn upserts(bucket: &Bucket, before: &Rows, table: &Rows, loads: [&Dropped<'_>; 2]) -> Result<()> {
    let all = loads.map(|load| load.expectation(&BTreeSet::new()));
    for (load, expectation) in loads.iter().zip(&all) {
        load.check(bucket, expectation).await?;
    }
    let mut rows = before.clone();
    rows.extend(all[0].rows.clone());
    for (id, cells) in &all[1].rows {
        let is_first = all[0].rows.contains_key(id) && all[0].rows.get(id) == table.get(id);
        if !is_first {
            rows.insert(*id, cells.clone());
        }
    }
    same(table, &rows)
}

/// Of an id that both have the row is that of the upsert, whether the append had inserted its own
/// before or found it taken.
async fn append_and_upsert(
    bucket: &Bucket,
    before: &Rows,
    table: &Rows,
    append: &Dropped<'_>,
    upsert: &Dropped<'_>,
) -> Result<()> {
    let upserted = upsert.expectation(&BTreeSet::new());
    upsert.check(bucket, &upserted).await?;
    let rejected = append.ledger.rejected_lines(bucket, append.content).await?;
    let mut taken: BTreeSet<i64> = before.keys().copied().collect();
    let mut seen = BTreeSet::new();
    for record in &append.content.records {
        let Some(id) = record.id.filter(|_| record.codes.is_empty()) else { continue };
        let is_first = seen.insert(id);
        if is_first && upserted.rows.contains_key(&id) && rejected.contains(&record.line) {
            taken.insert(id);
        }
    }
    let appended = append.expectation(&taken);
    append.check(bucket, &appended).await?;
    let mut rows = before.clone();
    rows.extend(appended.rows);
    rows.extend(upserted.rows);
    same(table, &rows)
}
