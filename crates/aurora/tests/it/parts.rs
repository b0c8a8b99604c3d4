//! Parts that the database loads hold the same rows as inserts of them, whatever they hold.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use aurora::Statement;
use aurora::snapshot::{Snapshot, content_sum};
use domain::row_text::ContentSum;
use domain::sql::{Part, load_part_sql};
use fastrand::Rng;
use testkit::local_data_api::{MemoryObjects, Objects};
use testkit::{RandomTable, TestDatabase};

const TABLES: u32 = 20;
const ROWS: usize = 150;

#[tokio::test]
async fn a_part_of_any_table_is_loaded_as_it_was_written() -> Result<()> {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    let object = Arc::new(Mutex::new(Vec::new()));
    let found = Arc::clone(&object);
    let find = move |bucket: &str, key: &str| {
        let content = found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (bucket == "data" && key == "rowgate/parts/a.tsv").then_some(content)
    };
    let test =
        TestDatabase::start_with(|config| config.objects = Objects::Memory(MemoryObjects::new(find))).await?;
    test.migrate().await?;
    test.let_load_from_s3().await?;
    for number in 0..TABLES {
        let drawn = RandomTable::draw(&mut random, &format!("random_{number}"), ROWS)?;
        let mut part = Part::default();
        drawn.rows.iter().for_each(|row| part.push(row));
        *object.lock().unwrap_or_else(PoisonError::into_inner) = part.text.into_bytes();
        check(&test, &drawn, part.rows)
            .await
            .with_context(|| format!("seed {seed}, table {number}: {}", drawn.create))?;
    }
    Ok(())
}

async fn check(test: &TestDatabase, drawn: &RandomTable, rows: u64) -> Result<()> {
    let (table, database) = (drawn.table(), test.database());
    test.sql(&drawn.create).await?;
    let sql = load_part_sql(table, table.name(), "data", "rowgate/parts/a.tsv");
    let loaded = database
        .transaction(|tx| {
            let sql = sql.clone();
            async move { Ok::<_, aurora::Error>(tx.execute(Statement::new(sql)).await?.updated) }
        })
        .await?;
    ensure!(loaded == rows, "{loaded} of {rows} rows are loaded");
    let mut expected = ContentSum::default();
    drawn.row_texts().iter().for_each(|text| expected.add(text.as_bytes()));
    let nullable = Snapshot::take(&database, &[]).await?.nullable(table).await?;
    let sum = content_sum(&database, table.name(), table, &nullable).await?;
    ensure!(sum == expected, "{sum} are in the table, {expected} were written");
    Ok(())
}
