//! Tables of any shape: finding rows by their keys and unique values, putting, reading and deleting
//! them.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};
use aurora::{Delete, Put, Statement, delete_row, keys, put_row, read_page, read_row};
use domain::batch::{BatchRow, TableBatch};
use domain::dictionary::{Dictionary, Table};
use domain::json_row::write_json_row;
use domain::row::CheckedRow;
use domain::row_text::write_row_text;
use domain::sql::{InsertWriter, WantedRows, json_row_sql, select_holders, select_present, select_rows};
use domain::value::{Key, Value};
use mysql_async::prelude::Queryable;
use serde_json::value::RawValue;
use testkit::{RandomTable, TestDatabase};

/// A table of random shape, without rows that are more than the service gives out at once.
fn draw(random: &mut fastrand::Rng, rows: usize) -> Result<RandomTable> {
    let mut drawn = RandomTable::draw(random, "things", rows)?;
    drawn.rows.retain(|row| text(row).len() < 10_000);
    Ok(drawn)
}

async fn filled(drawn: &RandomTable) -> Result<TestDatabase> {
    let test = TestDatabase::migrated().await?;
    test.sql(&drawn.create).await?;
    let database = test.database();
    let mut writer = InsertWriter::new(drawn.table());
    for row in &drawn.rows {
        if let Some(full) = writer.push(row) {
            database.execute(full.into()).await?;
        }
    }
    if let Some(last) = writer.finish() {
        database.execute(Statement::from(&last)).await?;
    }
    Ok(test)
}

fn key(table: &Table, row: &[Value<'_>]) -> Result<Key> {
    table.key_of(row).context("a row without a key")
}

fn value(columns: &[usize], row: &[Value<'_>]) -> Option<Key> {
    Key::of(columns.iter().map(|column| &row[*column]))
}

fn text(row: &[Value<'_>]) -> String {
    let mut text = String::new();
    write_row_text(row, &mut text);
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_any_table_are_found_by_keys_and_by_unique_values() -> Result<()> {
    let mut random = fastrand::Rng::with_seed(16);
    for round in 0..12 {
        let drawn = draw(&mut random, 150)?;
        let (table, test) = (drawn.table(), filled(&drawn).await?);
        let database = test.database();
        let (here, gone) = drawn.rows.split_at(drawn.rows.len() / 2);
        for row in gone {
            let deleted = delete_row(&database, drawn.dictionary, table, &key(table, row)?, None).await?;
            assert_eq!(deleted, Delete::Deleted, "{round}: {}", drawn.create);
        }
        let all: Vec<Key> = drawn.rows.iter().map(|row| key(table, row)).collect::<Result<_>>()?;
        let expected: HashSet<Key> = here.iter().map(|row| key(table, row)).collect::<Result<_>>()?;
        assert_eq!(
            keys::present(&database, table, "things", &all, false).await?,
            expected,
            "{}",
            drawn.create
        );
        for columns in table.unique() {
            let values: Vec<Key> = drawn.rows.iter().filter_map(|row| value(columns, row)).collect();
            let mut expected = HashMap::new();
            for row in here {
                if let Some(value) = value(columns, row) {
                    expected.insert(value, key(table, row)?);
                }
            }
            let found = database
                .transaction(|tx| {
                    let values = &values;
                    async move { keys::holders(&tx, table, "things", columns, values, true).await }
                })
                .await?;
            assert_eq!(found, expected, "{}", drawn.create);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_any_table_have_every_row_once() -> Result<()> {
    let mut random = fastrand::Rng::with_seed(17);
    for _ in 0..12 {
        let drawn = draw(&mut random, 90)?;
        let (table, test) = (drawn.table(), filled(&drawn).await?);
        let database = test.database();
        let mut expected = drawn.row_texts();
        expected.sort();
        for limit in [1, 7, 89, 90, 1000] {
            let (mut found, mut after) = (Vec::new(), None::<Key>);
            loop {
                let page = read_page(&database, table, &WantedRows::All, after.as_ref(), limit).await?;
                for text in &page.rows {
                    after = Some(domain::json_row::json_of_row_text(table, text)?.1);
                }
                found.extend(page.rows);
                if !page.more {
                    break;
                }
            }
            found.sort();
            assert_eq!(found, expected, "{limit}: {}", drawn.create);
        }
        let some: Vec<&Vec<Value<'_>>> = drawn.rows.iter().step_by(3).collect();
        let wanted = WantedRows::Keys(some.iter().map(|row| key(table, row)).collect::<Result<_>>()?);
        let mut found = read_page(&database, table, &wanted, None, 1000).await?.rows;
        found.sort();
        let mut expected: Vec<String> = some.iter().map(|row| text(row)).collect();
        expected.sort();
        assert_eq!(found, expected, "{}", drawn.create);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_any_table_are_put_as_they_are() -> Result<()> {
    let mut random = fastrand::Rng::with_seed(18);
    for _ in 0..8 {
        let drawn = draw(&mut random, 20)?;
        let (table, test) = (drawn.table(), TestDatabase::migrated().await?);
        test.sql(&drawn.create).await?;
        let database = test.database();
        for expected in [Put::Created, Put::Replaced] {
            for row in &drawn.rows {
                let mut json = String::new();
                write_json_row(table, row, &mut json);
                let checked = CheckedRow { values: row.clone(), errors: Vec::new() };
                let rows = TableBatch { table, rows: vec![BatchRow { raw: RawValue::NULL, checked }] };
                let put = put_row(&database, drawn.dictionary, &rows, false, "r", None).await?;
                assert_eq!(put, expected, "{json} {}", drawn.create);
                let read = read_row(&database, table, &key(table, row)?).await?;
                assert_eq!(read, Some(text(row)), "{}", drawn.create);
                let sql = format!("SELECT {} AS j FROM things", json_row_sql(table));
                let rows: Vec<HashMap<String, String>> = database.query(Statement::new(sql)).await?;
                let wanted: serde_json::Value = serde_json::from_str(&json)?;
                let is_it = |row: &HashMap<String, String>| {
                    serde_json::from_str::<serde_json::Value>(&row["j"]).is_ok_and(|found| found == wanted)
                };
                assert!(rows.iter().any(is_it), "{json} {rows:?}");
            }
        }
    }
    Ok(())
}

/// Every key of a list is one search in an index, and a page begins with one.
#[tokio::test]
async fn keys_of_several_columns_are_searched_in_the_index() -> Result<()> {
    let text = r#"
        [[table]]
        name = "prices"
        columns = [
            { name = "shop", type = "smallint", key = true },
            { name = "product", type = "string(40)", key = true },
            { name = "since", type = "timestamp(3)", key = true },
            { name = "slip", type = "string(20)", unique = true },
        ]
    "#;
    let dictionary = Dictionary::parse("test", text)?;
    let table = dictionary.table("prices").context("a table")?;
    let test = TestDatabase::start().await?;
    test.sql(
        "CREATE TABLE prices (shop SMALLINT NOT NULL, product VARCHAR(40) COLLATE utf8mb4_bin NOT NULL, \
         since DATETIME(3) NOT NULL, slip VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, \
         PRIMARY KEY (shop, product, since), UNIQUE KEY (slip)) DEFAULT CHARACTER SET utf8mb4",
    )
    .await?;
    test.sql(&format!(
        "INSERT INTO prices SELECT seq % 3, CONCAT('p', seq % 100), \
         TIMESTAMP'2021-07-27 00:00:00.001' + INTERVAL seq SECOND, seq FROM {}",
        testkit::numbers(30_000)
    ))
    .await?;
    test.sql("ANALYZE TABLE prices").await?;
    let mut conn = test.connect().await?;
    let rows: Vec<(i64, String, String, String)> = conn
        .query("SELECT shop, product, DATE_FORMAT(since, '%Y-%m-%dT%H:%i:%s.001Z'), slip FROM prices WHERE slip % 600 = 7")
        .await?;
    assert_eq!(rows.len(), 50);
    let keys: Vec<Key> = rows
        .iter()
        .map(|(shop, product, since, _)| {
            domain::key_text::parse_key(table, &format!("{shop},{product},{}", since.replace(':', "%3A")))
        })
        .collect::<Result<_, _>>()?;
    let slips: Vec<Key> =
        rows.iter().filter_map(|row| Key::of([&Value::Text(row.3.as_str().into())])).collect();
    let wanted = WantedRows::Keys(keys.iter().cloned().collect());
    let page = |key: &Key| select_rows(table, &WantedRows::All, Some(key), 50).context("a statement");
    let lists = [
        select_present(table, "prices", &keys, false),
        select_present(table, "prices", &keys, true),
        select_holders(table, "prices", &[3], &slips, true),
        vec![select_rows(table, &wanted, None, 1000).context("a statement")?],
        vec![page(&keys[0])?],
        vec![page(&keys[49])?],
    ];
    for sql in lists.concat() {
        conn.query_drop("FLUSH STATUS").await?;
        let found: Vec<mysql_async::Row> = conn.query(&sql).await?;
        assert_eq!(found.len(), 50, "{sql}");
        let reads: Vec<(String, u64)> =
            conn.query("SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%'").await?;
        let sum: u64 = reads.iter().map(|(_, count)| count).sum();
        assert!(sum <= 110, "{sum} reads of 50 rows by {sql}: {reads:?}");
    }
    Ok(())
}
