//! Rows as the database gives them.

use std::collections::BTreeMap;
use std::fmt::Debug;

use anyhow::{Context, Result, ensure};
use testkit::TestDatabase;

/// Rows by id; the columns after it as text, `None` for NULL.
pub(crate) type Rows = BTreeMap<i64, Cells>;
pub(crate) type Cells = Vec<Option<String>>;

/// Reads the rows of a SELECT whose first column is the id.
pub(crate) async fn read(database: &TestDatabase, select: &str) -> Result<Rows> {
    let found = database.sql(select).await?;
    let count = found.len();
    let rows = found.into_iter().map(|row| {
        let mut cells = row.into_iter();
        Ok((cells.next().flatten().context("an id")?.parse()?, cells.collect()))
    });
    let rows: Rows = rows.collect::<Result<_>>()?;
    ensure!(rows.len() == count, "an id is there twice: {select}");
    Ok(rows)
}

/// Checks that rows are the expected ones.
pub(crate) fn same<C: PartialEq + Debug>(
    found: &BTreeMap<i64, C>,
    expected: &BTreeMap<i64, C>,
) -> Result<()> {
    let missing: Vec<_> = expected.keys().filter(|id| !found.contains_key(id)).collect();
    let surplus: Vec<_> = found.keys().filter(|id| !expected.contains_key(id)).collect();
    let other: Vec<_> =
        expected.iter().filter(|(id, cells)| found.get(id).is_some_and(|found| found != *cells)).collect();
    ensure!(
        missing.is_empty() && surplus.is_empty() && other.is_empty(),
        "the table has {} rows instead of {}: {} missing {:?}, {} too many {:?}, {} with other values {:?}",
        found.len(),
        expected.len(),
        missing.len(),
        &missing[..missing.len().min(5)],
        surplus.len(),
        &surplus[..surplus.len().min(5)],
        other.len(),
        &other[..other.len().min(2)],
    );
    Ok(())
}
