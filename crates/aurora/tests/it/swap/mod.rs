//! Swapping tables in, over a real database: whole to readers, exactly once for all who write
//! beside it. S1 to S9 are the invariants of [`aurora::swap`].

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod beside;
mod ends;
mod faults;
mod job;
mod kills;
mod late;
pub(crate) mod loader;

use anyhow::Result;
use loader::{File, TABLE, load, named};
use testkit::TestDatabase;
use testkit::local_data_api::Faults;

use crate::restores::worker::Rows;
use crate::restores::{self, assert_settled, database};

/// The table's rows, by id.
async fn content(test: &TestDatabase) -> Result<Rows> {
    restores::content(test, TABLE).await
}

/// Status and figures of a load: `completed 6 = 6 + 0`.
pub(crate) async fn status(test: &TestDatabase, file: &File) -> Result<String> {
    let sql = format!(
        "SELECT CONCAT(status, ' ', rows_read, ' = ', rows_loaded, ' + ', rows_rejected) FROM rowgate_loads \
         WHERE load_id = '{}'",
        file.id
    );
    test.value(&sql).await
}

/// Makes every fence look as if it was raised long ago.
pub(crate) async fn let_time_pass(test: &TestDatabase) -> Result<()> {
    test.sql("UPDATE rowgate_table_fences SET fenced_since = fenced_since - INTERVAL 3 MINUTE").await?;
    Ok(())
}

/// Does all that a swap does before its RENAME, as a function that is killed then; returns the
/// RENAME of those tables that the job has shadows for.
pub(crate) async fn fence(test: &TestDatabase, job: &str, tables: &[&str]) -> Result<String> {
    let in_name = job.replace('-', "_");
    let marker = format!("rowgate_swap_{in_name}_{:08x}", fastrand::u32(..));
    test.sql(&format!("CREATE TABLE {marker} (nothing INT NOT NULL PRIMARY KEY)")).await?;
    let mut rename = format!("RENAME TABLE {marker} TO {}", marker.replace("_swap_", "_swapped_"));
    for table in tables {
        let sql = format!(
            "SELECT shadow_table FROM rowgate_job_tables WHERE job_id = '{job}' AND table_name = '{table}' \
             AND shadow_table IS NOT NULL"
        );
        if let Some(Some(shadow)) = test.sql(&sql).await?.into_iter().flatten().next() {
            let previous = format!("rowgate_previous_{in_name}{}", &shadow[shadow.len() - 9..]);
            rename.push_str(&format!(", {table} TO {previous}, {shadow} TO {table}"));
        }
        let sql = format!(
            "UPDATE rowgate_table_fences SET job_id = '{job}', commit_marker = '{marker}', \
             fenced_since = UTC_TIMESTAMP(3) WHERE table_name = '{table}'"
        );
        test.sql(&sql).await?;
    }
    Ok(rename)
}

#[tokio::test]
async fn a_replace_leaves_its_rows_alone_and_numbers_continue_after_them() -> Result<()> {
    let test = database().await?;
    let file = File::replace("v1", named(2..=70, "new"));
    load(&test.database(), &file).await?;
    assert_eq!(content(&test).await?, file.rows);
    assert_eq!(status(&test, &file).await?, "completed 69 = 69 + 0");
    assert_settled(&test).await?;
    test.sql("INSERT INTO collections (collection_name) VALUES ('next')").await?;
    assert_eq!(test.value("SELECT MAX(id) FROM collections").await?, "71");
    Ok(())
}

#[tokio::test]
async fn a_replace_without_rows_empties_its_table() -> Result<()> {
    let test = database().await?;
    let file = File::replace("v1", Vec::new());
    load(&test.database(), &file).await?;
    assert_eq!(content(&test).await?, []);
    assert_eq!(status(&test, &file).await?, "completed 0 = 0 + 0");
    assert_settled(&test).await
}

#[tokio::test]
async fn a_repeated_delivery_of_a_completed_replace_changes_nothing() -> Result<()> {
    let test = database().await?;
    let (first, second) =
        (File::replace("v1", named(1..=6, "one")), File::replace("v2", named(4..=9, "two")));
    for file in [&first, &second, &first] {
        load(&test.database(), file).await?;
    }
    assert_eq!(content(&test).await?, second.rows);
    assert_settled(&test).await
}

pub(crate) fn no_faults(test: &TestDatabase) {
    test.data_api().set(Faults::default());
}
