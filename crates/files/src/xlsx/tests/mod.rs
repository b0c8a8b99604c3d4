//! Workbooks, whole and broken.

mod cells;
mod damage;
mod limits;
mod rows;
mod sheets;

use std::io::{self, Write};

use domain::dictionary::{Dictionary, Table};
use domain::json_row::value_text;
use domain::load::{CheckedChunk, Chunk, Content, Format, Packing};
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format as Style, Formula, Workbook, Worksheet};

use crate::open::{EXPANSION, EXPANSION_FLOOR};
use crate::tests::{drain, fields, table};
use crate::{Opening, Source, SourceError, open};

const XLSX: Format = Format { content: Content::Xlsx, packing: Packing::None };

fn open_as(
    table: &'static Table,
    format: Format,
    bytes: &[u8],
    chunk_bytes: u64,
) -> Result<Box<dyn Source>, SourceError> {
    let opening = Opening { format, table, object_bytes: bytes.len() as u64, chunk_bytes };
    open(opening, Box::new(io::Cursor::new(bytes.to_vec())))
}

fn read_as(table: &'static Table, bytes: &[u8], chunk_bytes: u64) -> (Vec<Chunk>, Result<(), SourceError>) {
    drain(open_as(table, XLSX, bytes, chunk_bytes))
}

/// Reads as a table whose files have no header, so that any row is one.
fn read(bytes: &[u8]) -> (Vec<Chunk>, Result<(), SourceError>) {
    read_as(things("header = \"none\""), bytes, u64::MAX)
}

/// Line and fields of every record of a workbook that can be read.
fn records_as(table: &'static Table, bytes: &[u8]) -> Vec<(u64, Vec<String>)> {
    let (chunks, end) = read_as(table, bytes, u64::MAX);
    end.unwrap();
    fields(&chunks)
}

fn records(bytes: &[u8]) -> Vec<(u64, Vec<String>)> {
    let (chunks, end) = read(bytes);
    end.unwrap();
    fields(&chunks)
}

fn error(bytes: &[u8]) -> String {
    read(bytes).1.unwrap_err().to_string()
}

fn error_as(table: &'static Table, bytes: &[u8]) -> String {
    read_as(table, bytes, u64::MAX).1.unwrap_err().to_string()
}

fn record(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
    (line, fields.iter().map(|field| (*field).to_owned()).collect())
}

/// Returns the result of checking a workbook: for each row its line, and its values or the messages
/// why it is rejected.
fn checked(table: &'static Table, bytes: &[u8]) -> Vec<(u64, Result<String, String>)> {
    let mut source = open_as(table, XLSX, bytes, u64::MAX).unwrap();
    let columns = source.columns().clone();
    let mut found = Vec::new();
    while let Some(chunk) = source.next_chunk().unwrap() {
        let checked = CheckedChunk::check(table, &columns, &chunk).unwrap();
        for (index, row) in checked.rows().enumerate() {
            let values: Vec<String> = row.iter().map(|value| value_text(value).unwrap_or_default()).collect();
            found.push((checked.record(index).line, Ok(values.join(" | "))));
        }
        for rejected in &checked.rejected {
            let errors: Vec<String> =
                rejected.errors.iter().map(|error| format!("{}: {error}", error.code().as_str())).collect();
            found.push((rejected.record.line, Err(errors.join(" | "))));
        }
    }
    found.sort_by_key(|(line, _)| *line);
    found
}

/// A table with columns of the usual types, and how its files are declared.
fn things(files: &str) -> &'static Table {
    let columns = [
        ("text", "string(99)"),
        ("at", "timestamp"),
        ("day", "date"),
        ("price", "decimal(12, 2)"),
        ("new", "boolean"),
    ];
    table_of(&columns, files)
}

/// A table with an id and columns of these types, which need no value.
fn table_of(columns: &[(&str, &str)], files: &str) -> &'static Table {
    let column = |(name, column_type): &(&str, &str)| {
        format!("{{ name = \"{name}\", type = \"{column_type}\", required = false }}")
    };
    let columns: Vec<String> = columns.iter().map(column).collect();
    let text = format!(
        "[[table]]\nname = \"things\"\ncolumns = [{{ name = \"id\", type = \"bigint\", key = true }}, {}]\n\
         [table.files]\n{files}",
        columns.join(", ")
    );
    &Box::leak(Box::new(Dictionary::parse("test", &text).unwrap())).tables()[0]
}

/// A workbook that is written with the writer of another program.
fn written(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(workbook.add_worksheet());
    workbook.save_to_buffer().unwrap()
}

/// A ZIP archive of these parts, packed.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    archive_as(parts, false)
}

/// The same, perhaps with lengths and offsets in ZIP64's fields, and an end of its directory that
/// nobody needs.
fn archive_as(parts: &[(&str, &str)], is_wide: bool) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        let mut crc = Crc::new();
        crc.update(content.as_bytes());
        let offset = file.len() as u32;
        // Version, flags, method, time, date, checksum, lengths.
        let mut head = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
        head.extend(crc.sum().to_le_bytes());
        head.extend((packed.len() as u32).to_le_bytes());
        head.extend((content.len() as u32).to_le_bytes());
        head.extend((name.len() as u32).to_le_bytes());
        file.extend([b"PK\x03\x04", &*head, name.as_bytes(), &packed].concat());
        let (mut offset, mut wide) = (offset.to_le_bytes(), Vec::new());
        if is_wide {
            wide.extend([1, 0, 24, 0]);
            for number in [&head[18..22], &head[14..18], &offset] {
                wide.extend([number, &[0; 4]].concat());
            }
            head[14..22].fill(0xff);
            (head[24], offset) = (wide.len() as u8, [0xff; 4]);
        }
        let entry = [b"PK\x01\x02\0\0", &*head, &[0; 10], &offset, name.as_bytes(), &wide];
        directory.extend(entry.concat());
    }
    let count = (parts.len() as u16).to_le_bytes();
    let place = [(directory.len() as u32).to_le_bytes(), (file.len() as u32).to_le_bytes()].concat();
    let wide = [&b"PK\x06\x06"[..], &[0; 52], b"PK\x06\x07", &[0; 16]].concat();
    let wide = if is_wide { &*wide } else { b"" };
    [&*file, &directory, wide, b"PK\x05\x06\0\0\0\0", &count, &count, &place, b"\0\0"].concat()
}

const ROOT: (&str, &str) = (
    "_rels/.rels",
    r#"<Relationships><Relationship Id="r" Type="a/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
);
const BOOK: (&str, &str) = (
    "xl/workbook.xml",
    r#"<?xml version="1.0"?><!-- by hand --><workbook><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>"#,
);
const RELATIONS: (&str, &str) = (
    "xl/_rels/workbook.xml.rels",
    r#"<Relationships><Relationship Id="r1" Type="a/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2"
       Type="a/sharedStrings" Target="/xl/sharedStrings.xml"/><Relationship Id="r3" Type="a/styles" Target="styles.xml"/>
       </Relationships>"#,
);

/// Styles: none, a day, a day and a time, a time, a postal code, a duration.
const STYLES: &str = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="00000"/></numFmts><cellStyleXfs><xf
    numFmtId="14"/></cellStyleXfs><cellXfs><xf/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="20"/><xf
    numFmtId="164"/><xf numFmtId="46"/></cellXfs></styleSheet>"#;

/// A workbook of which the sheet's rows are given as XML, and perhaps the shared texts.
fn by_hand(rows: &str, texts: &str) -> Vec<u8> {
    by_hand_in(BOOK.1, rows, texts)
}

/// The same in a workbook of which the main part is given, too.
fn by_hand_in(book: &str, rows: &str, texts: &str) -> Vec<u8> {
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    let texts = format!("<sst>{texts}</sst>");
    archive(&[
        ROOT,
        (BOOK.0, book),
        RELATIONS,
        ("xl/sharedStrings.xml", &texts),
        ("xl/styles.xml", STYLES),
        ("xl/worksheets/sheet1.xml", &sheet),
    ])
}

/// A row with a cell for each text.
fn row(texts: &[&str]) -> String {
    let cells: String = texts.iter().map(|text| format!("<c t=\"str\"><v>{text}</v></c>")).collect();
    format!("<row>{cells}</row>")
}

#[test]
fn what_a_part_unpacks_to_is_limited_whatever_it_claims() {
    let limit = EXPANSION_FLOOR as usize;
    let fill = |length: usize| format!("<a/>{:1020}", "").repeat(length / 1024);
    read(&by_hand(&fill(limit - 1024), "")).1.unwrap();
    let bytes = by_hand(&fill(limit), "");
    assert!(bytes.len() < limit / EXPANSION as usize);
    let says = "the workbook holds more than 67108864 bytes when unpacked";
    assert!(error(&bytes).starts_with(says));
    // The last entry of the directory, which claims less.
    let mut liar = bytes;
    let entry = memchr::memmem::rfind(&liar, b"PK\x01\x02").unwrap();
    liar[entry + 24..entry + 28].copy_from_slice(&1000_u32.to_le_bytes());
    assert!(error(&liar).starts_with(says));
}
