//! Pages and sums by ranges of keys of every shape.

use anyhow::{Context, Result};
use aurora::Statement;
use aurora::snapshot::{Snapshot, content_sum};
use domain::dictionary::Table;
use domain::row_text::{ContentSum, PageGuard, page_within_sql, parse_row_text, row_text_sql, sum_sql};
use domain::sql::InsertWriter;
use domain::value::Key;
use fastrand::Rng;
use testkit::{RandomTable, TestDatabase};

use super::{all, things};

const TABLES: u32 = 12;

/// A table, its form in the database, and the texts of its rows in the order of the database.
struct Drawn<'t> {
    table: &'t Table,
    nullable: Vec<bool>,
    rows: Vec<String>,
}

#[tokio::test]
async fn each_row_is_on_one_page_and_sums_add_up_whatever_the_key() -> Result<()> {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    let test = TestDatabase::migrated().await?;
    for number in 0..TABLES {
        let most = [0, 1, 40, 150][random.usize(..4)];
        let drawn = RandomTable::draw(&mut random, &format!("random_{number}"), most)?;
        check(&mut random, &test, &drawn)
            .await
            .with_context(|| format!("seed {seed}, table {number}: {}", drawn.create))?;
    }
    Ok(())
}

async fn check(random: &mut Rng, test: &TestDatabase, drawn: &RandomTable) -> Result<()> {
    let table = drawn.table();
    test.sql(&drawn.create).await?;
    let mut writer = InsertWriter::new(table);
    for row in &drawn.rows {
        if let Some(full) = writer.push(row) {
            test.database().execute(Statement::from(full)).await?;
        }
    }
    if let Some(last) = writer.finish() {
        test.database().execute(Statement::from(last)).await?;
    }
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    let nullable = snapshot.nullable(table).await?;
    let key: Vec<&str> = table.key_columns().map(domain::dictionary::Column::name).collect();
    let sql = format!(
        "SELECT {} FROM {} ORDER BY {}",
        row_text_sql(table, &nullable),
        table.name(),
        key.join(", ")
    );
    let rows: Vec<String> = test.sql(&sql).await?.into_iter().filter_map(|row| row[0].clone()).collect();
    let (mut in_database, mut inserted) = (rows.clone(), drawn.row_texts());
    in_database.sort();
    inserted.sort();
    anyhow::ensure!(in_database == inserted, "the database has {in_database:?}, inserted were {inserted:?}");
    anyhow::ensure!(all(&snapshot, table).await? == rows, "pages");
    let drawn = Drawn { table, nullable, rows };
    for guard in [PageGuard::Sum { page: 1_000_000, row: 1_000_000 }, PageGuard::Row(1_000_000)] {
        for limit in [1, 2, 3, 7, 1000] {
            let paged = drawn.paged(&snapshot, limit, guard).await?;
            anyhow::ensure!(paged == drawn.rows, "pages of {limit} rows, {guard:?}");
        }
    }
    drawn.check_sums(random, test).await
}

impl Drawn<'_> {
    /// Returns the rows of pages of so many rows, each behind the last row of the one before.
    async fn paged(&self, snapshot: &Snapshot, limit: u32, guard: PageGuard) -> Result<Vec<String>> {
        let Self { table, nullable, .. } = self;
        let mut rows: Vec<String> = Vec::new();
        loop {
            let after = rows.last().map(|row| self.key(row)).transpose()?;
            let sql = page_within_sql(table.name(), table, nullable, after.as_ref(), limit, guard);
            let page = snapshot.page(sql).await?;
            rows.extend(page.iter().map(ToOwned::to_owned));
            if page.len() < limit as usize {
                return Ok(rows);
            }
        }
    }

    /// Sums the rows up in random ranges.
    async fn check_sums(&self, random: &mut Rng, test: &TestDatabase) -> Result<()> {
        let Self { table, nullable, rows } = self;
        let database = test.database();
        let whole = sum(rows);
        anyhow::ensure!(content_sum(&database, table.name(), table, nullable).await? == whole, "the sum");
        let mut bounds: Vec<usize> = (0..random.usize(0..5)).map(|_| random.usize(..=rows.len())).collect();
        bounds.push(rows.len());
        bounds.sort_unstable();
        let mut summed = ContentSum::default();
        let mut from = 0;
        for through in bounds {
            let key = |count: usize| rows[..count].last().map(|row| self.key(row)).transpose();
            let after = key(from)?;
            // Without a row there is no key, and nothing to bound.
            let bound = if through == 0 { continue } else { key(through)? };
            let sql = sum_sql(table.name(), table, nullable, after.as_ref(), bound.as_ref());
            let answer = test.sql(&sql).await?;
            let [count, number] = &answer[0][..] else { anyhow::bail!("no sum: {answer:?}") };
            let part = count.as_deref().zip(number.as_deref());
            let part = part.and_then(|(count, number)| ContentSum::from_sql(count, number));
            let part = part.context("no numbers")?;
            anyhow::ensure!(part == sum(&rows[from..through]), "the sum of rows {from} to {through}");
            summed.merge(&part);
            from = through;
        }
        anyhow::ensure!(summed == whole, "sums of ranges do not add up");
        Ok(())
    }

    fn key(&self, row: &str) -> Result<Key> {
        let mut values = Vec::new();
        parse_row_text(self.table, &self.nullable, row, &mut values)?;
        self.table.key_of(&values).context("a row without a key")
    }
}

fn sum(rows: &[String]) -> ContentSum {
    let mut sum = ContentSum::default();
    rows.iter().for_each(|row| sum.add(row.as_bytes()));
    sum
}

/// A row of more bytes than an answer has room for: long texts, and a document that is longer than
/// Rowgate writes.
#[tokio::test]
async fn a_row_of_several_long_texts_comes_through_in_pieces() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let names: Vec<String> = (0..10).map(|number| format!("t{number}")).collect();
    let columns: Vec<String> = names.iter().map(|name| format!("{name} TEXT NOT NULL")).collect();
    test.sql(&format!(
        "CREATE TABLE things (id BIGINT PRIMARY KEY, {}, doc JSON NOT NULL, bytes VARBINARY(20000) NOT NULL) \
         CHARACTER SET utf8mb4",
        columns.join(", ")
    ))
    .await?;
    let texts = |text: &str| vec![text; names.len()].join(", ");
    test.sql(&format!(
        "INSERT INTO things VALUES (1, {}, '[]', ''), \
         (2, {}, CONCAT('[\"', REPEAT('\\\\\\\\\\\\\"', 100000), '\"]'), REPEAT(X'FF', 20000)), (3, {}, '{{}}', 'x')",
        texts("'short'"),
        texts("REPEAT('\"\\\\é', 16383)"),
        texts("''")
    ))
    .await?;
    let entry = |name: &String| format!("{{ name = \"{name}\", type = \"text\", description = \"x\" }},\n");
    let columns: String = names.iter().map(entry).collect();
    let dictionary = things(
        "bigint",
        &format!(
            "{columns}{{ name = \"doc\", type = \"json\", description = \"x\" }},\n\
             {{ name = \"bytes\", type = \"binary(20000)\", description = \"x\" }},\n"
        ),
    )?;
    let table = dictionary.table("things").context("no table")?;
    let snapshot = Snapshot::take(&test.database(), &[]).await?;
    let rows = all(&snapshot, table).await?;
    let long = format!("{}:{}", 3 * 16383, "\"\\é".repeat(16383));
    let document = format!("[\"{}\"]", "\\\\\\\"".repeat(100_000));
    let expected = [
        format!("1,{},2:[],", vec!["5:short"; names.len()].join(",")),
        format!(
            "2,{},{}:{document},{}",
            vec![&*long; names.len()].join(","),
            document.len(),
            "FF".repeat(20_000)
        ),
        format!("3,{},2:{{}},78", vec!["0:"; names.len()].join(",")),
    ];
    assert!(expected[1].len() > 1024 * 1024);
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(&expected) {
        assert!(row == expected, "{} bytes, expected {}", row.len(), expected.len());
    }
    Ok(())
}
