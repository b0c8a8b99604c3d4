//! The exports that `docs/dictionary.md` shows, read as it declares them.

use std::io::Cursor;

use domain::dictionary::Dictionary;
use domain::json_row::write_json_row;
use domain::load::{CHUNK_BYTES, CheckedChunk, Format};
use files::{Opening, open};

const PAGE: &str = include_str!("../../../../docs/dictionary.md");

/// The first block in this language behind a text of the page.
fn block<'p>(page: &'p str, language: &str) -> &'p str {
    let (_, block) = page.split_once(&format!("```{language}\n")).unwrap();
    block.split_once("```").unwrap().0
}

/// The rows of an export that the page shows behind `heading`, with its settings; all of them must
/// pass.
fn rows(heading: &str, language: &str) -> Vec<String> {
    let (_, page) = PAGE.split_once(heading).unwrap();
    let (text, settings) = (block(page, language), block(page, "toml"));
    let dictionary = format!(
        "[[table]]\nname = \"sales\"\ncolumns = [{{ name = \"id\", type = \"integer\", key = true }}, \
         {{ name = \"city\", type = \"string(20)\", required = false }}, \
         {{ name = \"amount\", type = \"decimal(10,2)\", required = false }}, \
         {{ name = \"day\", type = \"date\", required = false }}, \
         {{ name = \"at\", type = \"timestamp\", required = false }}]\n{settings}"
    );
    let dictionary = Dictionary::parse("docs/dictionary.md", &dictionary).unwrap();
    let table = &dictionary.tables()[0];
    let encoding = table.files().encoding.unwrap_or(encoding_rs::UTF_8);
    let (bytes, _, is_lossy) = encoding.encode(text);
    assert!(!is_lossy);
    let opening =
        Opening { format: Format::CSV, table, object_bytes: bytes.len() as u64, chunk_bytes: CHUNK_BYTES };
    let mut source = open(opening, Box::new(Cursor::new(bytes.into_owned()))).unwrap();
    let columns = source.columns().clone();
    let chunk = source.next_chunk().unwrap().unwrap();
    let checked = CheckedChunk::check(table, &columns, &chunk).unwrap();
    assert!(checked.rejected.is_empty(), "{:?}", checked.rejected);
    let json = |row: &[domain::value::Value<'_>]| {
        let mut text = String::new();
        write_json_row(table, row, &mut text);
        text
    };
    checked.rows().map(json).collect()
}

#[test]
fn a_german_excels_export_is_read_as_the_page_declares_it() {
    let expected =
        r#"{"id":1,"city":"Köln","amount":"12.50","day":"2021-07-27","at":"2021-07-27T14:02:00Z"}"#;
    assert_eq!(rows("A German Excel saves CSV like this", "csv"), [expected]);
}

#[test]
fn a_mysql_export_is_read_as_the_page_declares_it() {
    let expected = [
        r#"{"id":1,"city":"\"hi\" she said","amount":"1.50","day":"2021-07-27","at":"2021-07-27T16:02:08Z"}"#,
        r#"{"id":2,"city":null,"amount":null,"day":null,"at":null}"#,
    ];
    assert_eq!(rows("MySQL's `SELECT … INTO OUTFILE` writes", "text"), expected);
}
