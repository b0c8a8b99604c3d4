//! Any bytes at all, and good files with a byte dropped, doubled or changed: the figures add up,
//! and no row is read that is not in the file as RFC 4180 reads it.

use std::io::Cursor;

use domain::dictionary::{LoadMode, Table};
use domain::load::{CheckedChunk, Content, Dialect, Format, Packing};
use domain::value::Value;
use files::{Opening, open, preview};
use proptest::prelude::*;

fn tags() -> &'static Table {
    testkit::dictionary().table("tags").unwrap()
}

fn opening(format: Format, bytes: &[u8], chunk_bytes: u64) -> Opening<'static> {
    Opening { format, table: tags(), object_bytes: bytes.len() as u64, chunk_bytes }
}

/// Returns the accepted rows of a file with their lines, and its dialect if it is text.
fn accepted(format: Format, bytes: &[u8], chunk_bytes: u64) -> (Vec<(u64, i64, String)>, Option<Dialect>) {
    let mut rows = Vec::new();
    let Ok(mut source) = open(opening(format, bytes, chunk_bytes), Box::new(Cursor::new(bytes.to_vec())))
    else {
        return (rows, None);
    };
    let dialect = source.layout().map(|layout| layout.dialect);
    let columns = source.columns().clone();
    while let Ok(Some(chunk)) = source.next_chunk() {
        let Ok(checked) = CheckedChunk::check(tags(), &columns, &chunk) else { break };
        assert_eq!(checked.rows_read, checked.len() + checked.rejected.len());
        for (index, row) in checked.rows().enumerate() {
            let [Value::Integer(id), Value::Text(name)] = row else { panic!("{row:?}") };
            rows.push((checked.record(index).line, *id, name.clone().into_owned()));
        }
    }
    (rows, dialect)
}

/// The fields of the record that begins on a line, if it is one as RFC 4180 has it: the `csv` crate
/// reads it, and nothing of it is lost in the reading.
fn record_at(bytes: &[u8], line: u64, delimiter: u8) -> Option<Vec<Vec<u8>>> {
    let rest = &unmarked(&bytes[line_start(bytes, line)..])[..];
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(rest);
    let mut record = csv::ByteRecord::new();
    reader.read_byte_record(&mut record).ok()?.then_some(())?;
    let mut raw = rest;
    for (index, field) in record.iter().enumerate() {
        if index > 0 {
            raw = raw.strip_prefix(&[delimiter])?;
        }
        let quoted =
            [b"\"", &field.split(|byte| *byte == b'"').collect::<Vec<_>>().join(&b"\"\""[..])[..], b"\""]
                .concat();
        raw = if raw.starts_with(b"\"") { raw.strip_prefix(&quoted[..])? } else { raw.strip_prefix(field)? };
    }
    matches!(raw, [] | [b'\r' | b'\n', ..]).then(|| record.iter().map(<[u8]>::to_vec).collect())
}

/// The same without marks at its beginning, or behind its first quote.
fn unmarked(mut bytes: &[u8]) -> Vec<u8> {
    let marks = ["\u{FEFF}", "\u{200B}"].map(str::as_bytes);
    let mut quote = &b""[..];
    loop {
        match marks.iter().find_map(|mark| bytes.strip_prefix(*mark)) {
            Some(rest) => bytes = rest,
            None if quote.is_empty() && bytes.starts_with(b"\"") => (quote, bytes) = bytes.split_at(1),
            None => return [quote, bytes].concat(),
        }
    }
}

/// Returns the start of a line: LF, CR and CRLF end one.
fn line_start(bytes: &[u8], line: u64) -> usize {
    let mut at = 0;
    for _ in 1..line {
        let length = bytes[at..].iter().take_while(|byte| !matches!(byte, b'\r' | b'\n')).count();
        at += length + if bytes[at + length..].starts_with(b"\r\n") { 2 } else { 1 };
    }
    at
}

/// Holds the accepted rows of a text against the file.
fn assert_rows_are_in(bytes: &[u8], chunk_bytes: u64) -> Result<(), TestCaseError> {
    let (rows, dialect) = accepted(Format::CSV, bytes, chunk_bytes);
    let Some(dialect) = dialect else { return Ok(()) };
    for (line, id, name) in rows {
        let Some(fields) = record_at(bytes, line, dialect.delimiter) else {
            return Err(TestCaseError::fail(format!("line {line} is no record: {bytes:?}")));
        };
        let texts: Vec<String> = fields
            .iter()
            .flat_map(|field| {
                let text = String::from_utf8_lossy(field).into_owned();
                // Marks before the first name, and what programs write around a text to keep Excel
                // from taking it for a number, are no part of a value.
                let unmarked = text.trim_start_matches(['\u{FEFF}', '\u{200B}']).to_owned();
                let wrapped =
                    text.strip_prefix("=\"").and_then(|text| text.strip_suffix('"')).map(str::to_owned);
                [Some(text), Some(unmarked), wrapped].into_iter().flatten()
            })
            .collect();
        prop_assert!(texts.contains(&name), "{name:?} of line {line} is not in {texts:?}");
        prop_assert!(
            texts.iter().any(|text| text.parse() == Ok(id)),
            "{id} of line {line} is not in {texts:?}"
        );
    }
    Ok(())
}

/// The figures of a file add up, however it ends, and do not depend on the chunks.
fn assert_adds_up(format: Format, bytes: &[u8], chunk_bytes: u64) -> Result<(), TestCaseError> {
    let found = preview(
        opening(format, bytes, chunk_bytes),
        LoadMode::Append,
        3,
        Box::new(Cursor::new(bytes.to_vec())),
    );
    prop_assert!(found.counts.rows_rejected <= found.counts.rows_read);
    prop_assert!(found.first.len() as u64 <= found.counts.rows_rejected.min(3));
    let (rows, _) = accepted(format, bytes, chunk_bytes);
    let (whole, _) = accepted(format, bytes, u64::MAX);
    if found.failure.is_none() {
        prop_assert_eq!(rows, whole);
    }
    Ok(())
}

/// A good file.
fn good_file() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        3 => "[A-Za-z]{1,9}",
        1 => "[a-z,;\t]{1,9}",
        1 => "[a-z\"\n]{1,9}",
        1 => "[éß€]{1,4}",
        1 => Just("#N/A".to_owned()),
        1 => Just("=\"007\"".to_owned()),
    ];
    let header =
        prop_oneof![2 => Just("id,tag_name"), 1 => Just(""), 1 => Just("\u{FEFF}id,tag"), 1 => Just("sep=,")];
    let line_end = prop_oneof![3 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r")];
    (header, proptest::collection::vec(name, 1..40), line_end, any::<bool>()).prop_map(
        |(header, names, line_end, quotes_all)| {
            let mut text = header.to_owned();
            if header == "sep=," {
                text.push_str(line_end);
                text.push_str("id,tag_name");
            }
            if !header.is_empty() {
                text.push_str(line_end);
            }
            for (id, name) in (1..).zip(names) {
                let needs_quotes = quotes_all || name.contains([',', '"', '\n', '\r']);
                let name = if needs_quotes { format!("\"{}\"", name.replace('"', "\"\"")) } else { name };
                text.push_str(&format!("{id},{name}{line_end}"));
            }
            text
        },
    )
}

/// The damage to a byte of a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Dropped,
    Doubled,
    Changed(u8),
}

fn damage() -> impl Strategy<Value = (f64, Damage)> {
    let kind = prop_oneof![
        Just(Damage::Dropped),
        Just(Damage::Doubled),
        any::<u8>().prop_map(Damage::Changed),
        prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), Just(b'\r'), Just(0), Just(b';')]
            .prop_map(Damage::Changed),
    ];
    (0.0..1.0, kind)
}

fn damaged(mut bytes: Vec<u8>, damages: &[(f64, Damage)]) -> Vec<u8> {
    for (place, damage) in damages {
        if bytes.is_empty() {
            break;
        }
        let at = (bytes.len() as f64 * place) as usize;
        match damage {
            Damage::Dropped => drop(bytes.remove(at)),
            Damage::Doubled => bytes.insert(at, bytes[at]),
            Damage::Changed(byte) => bytes[at] = *byte,
        }
    }
    bytes
}

fn workbook() -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_row(0, 0, ["id", "tag_name"]).unwrap();
    for row in 1..30 {
        sheet.write_number(row, 0, f64::from(row)).unwrap();
        sheet.write_string(row, 1, format!("Tag {row}")).unwrap();
    }
    workbook.save_to_buffer().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn damaged_text_gives_no_row_that_is_not_in_it(
        text in good_file(),
        damages in proptest::collection::vec(damage(), 0..4),
        chunk_bytes in 1_u64..400,
    ) {
        let bytes = damaged(text.into_bytes(), &damages);
        assert_rows_are_in(&bytes, chunk_bytes)?;
        assert_adds_up(Format::CSV, &bytes, chunk_bytes)?;
    }

    #[test]
    fn any_bytes_end_and_add_up(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "([0-9]{1,3}|[a-z\"]{1,4}|[,;\t|\r\n\"\u{FEFF}]){0,80}".prop_map(String::into_bytes),
        ],
        chunk_bytes in 1_u64..100,
        content in prop_oneof![Just(Content::Csv), Just(Content::Tsv), Just(Content::JsonLines), Just(Content::Xlsx)],
        packing in prop_oneof![3 => Just(Packing::None), 1 => Just(Packing::Gzip), 1 => Just(Packing::Zstd)],
    ) {
        assert_rows_are_in(&bytes, chunk_bytes)?;
        assert_adds_up(Format { content, packing }, &bytes, chunk_bytes)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Of a damaged workbook no other row is read than it holds, for every part of it has a
    /// checksum.
    #[test]
    fn a_damaged_workbook_gives_no_row_that_is_not_in_it(damages in proptest::collection::vec(damage(), 1..3)) {
        let whole = workbook();
        let xlsx = Format { content: Content::Xlsx, packing: Packing::None };
        let (expected, _) = accepted(xlsx, &whole, u64::MAX);
        prop_assert_eq!(expected.len(), 29);
        let bytes = damaged(whole, &damages);
        assert_adds_up(xlsx, &bytes, 50)?;
        let (rows, _) = accepted(xlsx, &bytes, 50);
        prop_assert!(rows.iter().all(|row| expected.contains(row)), "{rows:?}");
    }
}
