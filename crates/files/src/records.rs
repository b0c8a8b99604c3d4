//! Reads the records of a file of which nothing is known.

use std::io::Cursor;

use domain::dictionary::Table;
use domain::load::{CHUNK_BYTES, Content as Written, Format, Settings};

use crate::error::SourceError;
use crate::open::open;
use crate::source::{Opening, Source};

/// The possible delimiters, the more usual ones first.
pub(crate) const DELIMITERS: [u8; 7] = *b",;\t|\x01^~";

/// Records that are compared to find the delimiter.
const COMPARED: usize = 200;

/// The records of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records {
    /// Each record with its line, or row of the sheet.
    pub records: Vec<(u64, Vec<String>)>,
    /// What has to be declared for the table's files, so that a load reads the same, and writes
    /// what it rejects with the same delimiter.
    pub settings: Settings,
}

/// Reads at most `limit` records of a whole file, by the delimiter and the encoding that it seems
/// to have. `table` is any table: none of its columns are looked for.
///
/// # Errors
/// [`SourceError`] for a file that cannot be read.
pub fn records(table: &Table, format: Format, content: &[u8], limit: usize) -> Result<Records, SourceError> {
    let read = |settings: &Settings, delimiter: Option<u8>, limit: usize| {
        let by_position = settings.by_position(delimiter).apply(table);
        let table = by_position.unwrap_or_else(|_| table.clone());
        let opening =
            Opening { format, table: &table, object_bytes: content.len() as u64, chunk_bytes: CHUNK_BYTES };
        open(opening, Box::new(Cursor::new(content.to_vec()))).map(|mut source| texts(&mut *source, limit))
    };
    if format.content == Written::Xlsx {
        let settings = Settings::default();
        return Ok(Records { records: read(&settings, None, limit)?, settings });
    }
    let mut settings = Settings::default();
    let first = read(&settings, Some(DELIMITERS[0]), limit)?;
    let is_damaged = |text: &String| text.contains(char::REPLACEMENT_CHARACTER);
    if first.iter().any(|(_, record)| record.iter().any(is_damaged)) {
        settings = of_encoding();
    }
    let mut best = (0, DELIMITERS[0]);
    for delimiter in DELIMITERS {
        let regular = regular_fields(&read(&settings, Some(delimiter), COMPARED)?);
        // Of several, the more usual one.
        if regular > best.0 {
            best = (regular, delimiter);
        }
    }
    let records = read(&settings, Some(best.1), limit)?;
    if best.1 != DELIMITERS[0] {
        settings = settings.with_delimiter(best.1);
    }
    Ok(Records { records, settings })
}

/// Returns the settings for the encoding that old programs write instead of UTF-8.
pub(crate) fn of_encoding() -> Settings {
    Settings::from_json(r#"{"encoding": "windows-1252"}"#).unwrap_or_default()
}

/// Returns the fields of the records that are as wide as most of them; a single field shows no
/// delimiter.
fn regular_fields(records: &[(u64, Vec<String>)]) -> usize {
    let widths = || records.iter().map(|(_, record)| record.len()).filter(|width| *width > 1);
    let fields = |width: usize| width * widths().filter(|other| *other == width).count();
    widths().map(fields).max().unwrap_or(0)
}

/// Returns the texts of the first records that are not blank, each with its line.
pub(crate) fn texts(source: &mut dyn Source, limit: usize) -> Vec<(u64, Vec<String>)> {
    let mut records = Vec::new();
    while records.len() < limit {
        let Ok(Some(chunk)) = source.next_chunk() else { break };
        let left = limit - records.len();
        let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
        let whole = chunk.records().filter(|record| !record.is_blank()).take(left);
        records.extend(whole.map(|record| (record.line, record.fields().map(text).collect())));
    }
    records
}

#[cfg(test)]
mod tests {
    use domain::dictionary::Dictionary;

    use super::*;

    fn read(content: &[u8]) -> Records {
        let text = "[[table]]\nname = \"any\"\ncolumns = [{ name = \"id\", type = \"integer\", key = true }]";
        let dictionary = Dictionary::parse("d.toml", text).unwrap();
        let format = Format::of_file("a.csv").unwrap();
        records(dictionary.table("any").unwrap(), format, content, 1000).unwrap()
    }

    #[test]
    fn finds_the_delimiter_and_the_encoding() {
        for (content, settings) in [
            (&b"id;name\r\n1;\"a;b\"\r\n2;c, d\r\n"[..], r#"{"delimiter":";"}"#),
            (b"id\tname\n1\ta,b\n2\tc,d\n", r#"{"delimiter":"\t"}"#),
            (b"id^name\n1^a\n2^b\n", r#"{"delimiter":"^"}"#),
            (b"id;ort\n1;K\xf6ln\n", r#"{"delimiter":";","encoding":"windows-1252"}"#),
            (b"id\n1\n", "{}"),
        ] {
            let found = read(content);
            assert_eq!(found.settings.to_json(), settings, "{:?}", String::from_utf8_lossy(content));
        }
        let found = read(b"id;ort\n1;K\xf6ln\n");
        assert_eq!(found.records[1], (2, vec!["1".to_owned(), "Köln".to_owned()]));
    }
}
