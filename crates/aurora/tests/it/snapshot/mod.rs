//! Snapshots: they show one time whatever is written meanwhile, and no writer waits for them.

mod consistency;
mod keys;
mod rows;
mod sums;
mod swaps;
mod troubles;

use anyhow::{Context, Result};
use aurora::Error;
use aurora::snapshot::Snapshot;
use domain::dictionary::{Dictionary, Table};
use testkit::{TestDatabase, numbers};

/// A table of the repository.
fn sample_table(name: &str) -> Result<&'static Table> {
    testkit::dictionary().table(name).context("no such table")
}

/// A dictionary with the one table `things`: its key, and these columns.
fn things(key: &str, columns: &str) -> Result<Dictionary> {
    let text = format!(
        "[[table]]\nname = \"things\"\ndescription = \"Things.\"\ncolumns = [\n\
         {{ name = \"id\", type = \"{key}\", key = true, description = \"Key.\" }},\n{columns}]\n"
    );
    Ok(Dictionary::parse("test.toml", &text)?)
}

/// A migrated database with that many documents, each of the same length.
async fn documents(count: u32) -> Result<TestDatabase> {
    let test = TestDatabase::migrated().await?;
    let sql = format!(
        "INSERT INTO documents SELECT seq + 10000, CONCAT('Name ', seq + 10000), '2021-07-27 16:02:08', 1, NULL \
         FROM {}",
        numbers(count)
    );
    test.sql(&sql).await?;
    Ok(test)
}

/// All row texts of a table in a snapshot.
async fn all(snapshot: &Snapshot, table: &Table) -> Result<Vec<String>, Error> {
    let nullable = snapshot.nullable(table).await?;
    let mut pages = snapshot.pages(table, &nullable, None);
    let mut rows = Vec::new();
    while let Some(page) = pages.next().await? {
        let (len, texts) = (page.len(), page.read()?);
        // Only a row that is too much by itself comes as more than one answer.
        assert!((texts.bytes() <= 1024 * 1024 || len == 1) && texts.len() == len);
        rows.extend(texts.iter().map(ToOwned::to_owned));
    }
    Ok(rows)
}
