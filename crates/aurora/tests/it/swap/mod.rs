//! Replacing a table, over a real database: whole to readers, exactly once for all who write beside it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod beside;
mod ends;
mod faults;
mod kills;
pub(crate) mod loader;

use anyhow::Result;
use loader::{File, TABLE, load, named};
use testkit::TestDatabase;
use testkit::local_data_api::{Config, Faults};

/// A database whose table holds the rows 1 to 3, named `old`.
async fn database() -> Result<TestDatabase> {
    database_with(|_| {}).await
}

async fn database_with(configure: impl FnOnce(&mut Config)) -> Result<TestDatabase> {
    let test = TestDatabase::start_with(configure).await?;
    test.migrate().await?;
    test.sql("INSERT INTO departments VALUES (1, 'old'), (2, 'old'), (3, 'old')").await?;
    Ok(test)
}

/// The table's rows, by id.
async fn content(test: &TestDatabase) -> Result<Vec<(i64, String)>> {
    let rows = test.sql("SELECT id, department_name FROM departments ORDER BY id").await?;
    let row = |mut row: Vec<Option<String>>| {
        let name = row.pop().flatten().unwrap_or_default();
        Ok((row.pop().flatten().unwrap_or_default().parse()?, name))
    };
    rows.into_iter().map(row).collect()
}

/// The tables that swaps have made and not dropped.
async fn left_behind(test: &TestDatabase) -> Result<Vec<Vec<Option<String>>>> {
    let sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() \
               AND (table_name LIKE 'rowgate\\_new\\_%' OR table_name LIKE 'rowgate\\_old\\_%')";
    test.sql(sql).await
}

/// Status and figures of a load: `completed 6 = 6 + 0`.
async fn standing(test: &TestDatabase, file: &File) -> Result<String> {
    let sql = format!(
        "SELECT CONCAT(status, ' ', rows_read, ' = ', rows_loaded, ' + ', rows_rejected) FROM rowgate_loads \
         WHERE load_id = '{}'",
        file.id
    );
    test.value(&sql).await
}

/// Nothing is half done: gates are open, no table is left over, and the ledger adds up.
async fn assert_settled(test: &TestDatabase) -> Result<()> {
    assert_eq!(left_behind(test).await?, Vec::<Vec<_>>::new());
    let gates = "SELECT COUNT(*) FROM rowgate_table_gates WHERE swapping_load_id IS NOT NULL";
    assert_eq!(test.value(gates).await?, "0");
    let wrong = "SELECT COUNT(*) FROM rowgate_loads l LEFT JOIN (SELECT load_id, SUM(rows_read) AS rows_read, \
                 SUM(rows_loaded) AS rows_loaded, SUM(rows_rejected) AS rows_rejected FROM rowgate_load_chunks \
                 GROUP BY load_id) c ON c.load_id = l.load_id WHERE l.rows_read <> l.rows_loaded + l.rows_rejected \
                 OR l.status <> 'running' AND (l.rows_read <> COALESCE(c.rows_read, 0) \
                 OR l.rows_loaded <> COALESCE(c.rows_loaded, 0) OR l.rows_rejected <> COALESCE(c.rows_rejected, 0))";
    assert_eq!(test.value(wrong).await?, "0");
    Ok(())
}

/// Makes every closed gate one that was closed long ago.
async fn let_time_pass(test: &TestDatabase) -> Result<()> {
    test.sql("UPDATE rowgate_table_gates SET swapping_since = swapping_since - INTERVAL 3 MINUTE").await?;
    Ok(())
}

#[tokio::test]
async fn a_replace_leaves_its_rows_alone_and_numbers_go_on_after_them() -> Result<()> {
    let test = database().await?;
    let file = File::replace("v1", named(2..=70, "new"));
    load(&test.database(), &file).await?;
    assert_eq!(content(&test).await?, file.rows);
    assert_eq!(standing(&test, &file).await?, "completed 69 = 69 + 0");
    assert_settled(&test).await?;
    test.sql("INSERT INTO departments (department_name) VALUES ('next')").await?;
    assert_eq!(test.value("SELECT MAX(id) FROM departments").await?, "71");
    Ok(())
}

#[tokio::test]
async fn a_replace_without_rows_empties_its_table() -> Result<()> {
    let test = database().await?;
    let file = File::replace("v1", Vec::new());
    load(&test.database(), &file).await?;
    assert_eq!(content(&test).await?, []);
    assert_eq!(standing(&test, &file).await?, "completed 0 = 0 + 0");
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

fn no_faults(test: &TestDatabase) {
    test.data_api().set(Faults::default());
}
