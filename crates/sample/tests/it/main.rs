//! The rows of the folders of this repository.

use std::collections::{BTreeMap, HashSet};
use std::io::Cursor;
use std::path::Path;

use anyhow::{Context, Result};
use bucket::MemoryBucket;
use domain::dictionary::LoadMode;
use domain::folder::TableFolder;
use domain::load::{CHUNK_BYTES, Format};
use domain::value::{Key, Value};
use files::{Opening, Preview, preview};
use sample::{Failure, Sample, SampleTable};
use serde_json::json;
use sha2::{Digest, Sha256};

const FOLDERS: [&str; 2] = ["sql", "examples/sales/sql"];

fn folder(path: &str) -> Result<TableFolder> {
    Ok(table_folder::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path))?)
}

fn file(table: SampleTable<'_, '_>, flawed: u64) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    table.write_file(flawed, &mut file)?;
    Ok(file)
}

/// Reads a file as a load would.
fn load(table: SampleTable<'_, '_>, file: Vec<u8>) -> Result<Preview> {
    let format = Format::of_file(&format!("a.{}", table.extension())).ok().context("a format")?;
    let opening =
        Opening { format, table: table.table(), object_bytes: file.len() as u64, chunk_bytes: CHUNK_BYTES };
    Ok(preview(opening, LoadMode::Append, 3, Box::new(Cursor::new(file))))
}

#[test]
fn every_row_can_be_loaded() -> Result<()> {
    for path in FOLDERS {
        let folder = folder(path)?;
        for table in Sample::new(&folder, 5000).tables() {
            let name = table.table().name();
            let found = load(table, file(table, 0)?)?;
            assert!(found.failure.is_none(), "{name}: {:?}", found.failure);
            assert_eq!(found.counts.rows_rejected, 0, "{name}: {:?}", found.first);
            assert_eq!(found.counts.rows_read, table.rows(), "{name}");
        }
    }
    Ok(())
}

/// Tables whose dictionary says how files are written, in all the ways that files can be.
#[test]
fn rows_can_be_loaded_however_files_are_declared() -> Result<()> {
    let dictionary = r#"
        [[table]]
        name = "articles"
        columns = [
            { name = "nr", type = "string(20)", key = true },
            { name = "name", type = "string(40)" },
            { name = "price", type = "decimal(10,2)" },
            { name = "stock", type = "integer" },
            { name = "since", type = "date" },
        ]
        [table.files]
        delimiter = ";"
        encoding = "windows-1252"
        header = "none"
        quotes = false
        skip_lines = 2
        null_values = ["0", "n/a"]
        decimal_comma = true
        date_formats = ["%d.%m.%Y"]
    "#;
    let up = "CREATE TABLE articles (nr VARCHAR(20) PRIMARY KEY);";
    let files = [("dictionary.toml", dictionary), ("migrations/20260101_create_articles/up.sql", up)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    let folder = TableFolder::parse("sql", &files)?;
    let sample = Sample::new(&folder, 1000);
    for table in sample.tables() {
        let found = load(table, file(table, 0)?)?;
        assert!(found.failure.is_none(), "{:?}", found.failure);
        assert_eq!((found.counts.rows_rejected, found.counts.rows_read), (0, 1000), "{:?}", found.first);
        let found = load(table, file(table, 100)?)?;
        assert!((50..150).contains(&found.counts.rows_rejected), "{}", found.counts.rows_rejected);
    }
    Ok(())
}

#[test]
fn references_name_rows_and_what_is_unique_differs() -> Result<()> {
    for path in FOLDERS {
        let folder = folder(path)?;
        let sample = Sample::new(&folder, 5000);
        let mut keys: BTreeMap<&str, HashSet<Key>> = BTreeMap::new();
        for table in sample.tables() {
            let rules = table.table();
            let rows: Vec<Vec<Value<'_>>> = (0..table.rows()).map(|number| table.row(number)).collect();
            let own: HashSet<Key> = rows.iter().filter_map(|row| rules.key_of(row)).collect();
            assert_eq!(own.len() as u64, table.rows(), "{}: keys differ", rules.name());
            for set in rules.unique() {
                let of = |row: &Vec<Value<'_>>| Key::of(set.iter().map(|index| &row[*index]));
                let taken: Vec<Key> = rows.iter().filter_map(of).collect();
                let distinct: HashSet<&Key> = taken.iter().collect();
                assert_eq!(distinct.len(), taken.len(), "{}: {set:?}", rules.name());
            }
            keys.insert(rules.name(), own);
            for reference in rules.references() {
                let known = &keys[reference.table()];
                let named: HashSet<Key> = rows.iter().filter_map(|row| reference.key_of(row)).collect();
                assert!(named.is_subset(known), "{} to {}", rules.name(), reference.table());
                assert!(named.len() > 1, "{} to {}", rules.name(), reference.table());
            }
        }
    }
    Ok(())
}

#[test]
fn the_files_are_the_same_everywhere_and_always() -> Result<()> {
    let mut shown = Vec::new();
    for path in FOLDERS {
        let folder = folder(path)?;
        for table in Sample::new(&folder, 3200).tables() {
            let content = file(table, 34)?;
            let digest = hex::encode(Sha256::digest(&content));
            let text = String::from_utf8(content)?;
            let head: Vec<&str> = text.lines().take(4).collect();
            shown.push(format!(
                "{}: {} rows, sha256 {digest}\n{}",
                table.table().name(),
                table.rows(),
                head.join("\n")
            ));
        }
    }
    insta::assert_snapshot!(shown.join("\n\n"));
    Ok(())
}

#[test]
fn a_share_of_the_records_of_what_nothing_refers_to_is_flawed() -> Result<()> {
    for path in FOLDERS {
        let folder = folder(path)?;
        let sample = Sample::new(&folder, 5000);
        for table in sample.tables() {
            let found = load(table, file(table, 100)?)?;
            let expected = if table.rows() == 5000 { 400..600 } else { 0..1 };
            let rejected = found.counts.rows_rejected;
            assert!(expected.contains(&rejected), "{}: {rejected}", table.table().name());
            if rejected > 0 {
                assert!(found.counts.codes.len() > 2, "{:?}", found.counts.codes);
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_function_drops_a_file_for_each_table_once() -> Result<()> {
    let folder = folder("examples/sales/sql")?;
    let bucket = MemoryBucket::default();
    let response = sample::run(&bucket, &folder, json!({"rows": 2500})).await?;
    let sample = Sample::new(&folder, 2500);
    assert_eq!(response.files.len(), sample.tables().len());
    for (dropped, table) in response.files.iter().zip(sample.tables()) {
        assert_eq!(dropped.key, format!("incoming/{}/append/sample-2500.csv", table.table().name()));
        assert!(dropped.dropped && dropped.rows == table.rows());
        let content = bucket.text(&dropped.key).context("the file is there")?;
        assert!(content.as_bytes() == file(table, 0)?, "{}", dropped.key);
    }
    let again = sample::run(&bucket, &folder, json!({"rows": 2500})).await?;
    assert!(again.files.iter().all(|file| !file.dropped));
    Ok(())
}

#[tokio::test]
async fn the_function_refuses_what_it_cannot_do() -> Result<()> {
    let folder = folder("sql")?;
    let bucket = MemoryBucket::default();
    for payload in [json!({"rows": 0}), json!({"rows": 2_000_001}), json!({"row": 1}), json!(7)] {
        let failure = sample::run(&bucket, &folder, payload).await.err().context("it is refused")?;
        assert!(matches!(failure, Failure::Payload(_) | Failure::Rows { .. }), "{failure}");
        assert_eq!(lambda_runtime::Diagnostic::from(failure).error_type, "InvalidPayload");
    }
    Ok(())
}
