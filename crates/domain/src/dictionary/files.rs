//! The format of a table's files, as far as it cannot be recognised: the `[table.files]` block.

use std::collections::BTreeMap;

use encoding_rs::Encoding;
use jiff::civil::DateTime;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

use super::{Table, header_name};
use crate::shortened;

/// Lines that can be skipped at most: what a person puts above a table.
const MAX_SKIPPED_LINES: u32 = 1000;

/// Formats that can be listed at most; each is tried for every value that the ones before do not
/// fit.
const MAX_FORMATS: usize = 16;

/// The format of a table's files. The default leaves everything to recognition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSettings {
    /// The delimiter of files without a header; a header is recognised with any delimiter.
    pub delimiter: Option<u8>,
    /// The encoding of text without a byte order mark; UTF-8 if none is declared.
    pub encoding: Option<&'static Encoding>,
    /// True if fields may be in quotes.
    pub quotes: bool,
    /// The escape of a quote inside a quoted field.
    pub quote_escape: QuoteEscape,
    /// The rule that decides if the first record is a header.
    pub header: HeaderRule,
    /// The number of lines above the first record.
    pub skip_lines: u32,
    /// Fields that mean no value, compared byte by byte.
    pub null_values: Vec<String>,
    /// True if decimal numbers are written `12,50`.
    pub decimal_comma: bool,
    /// Forms of dates that are accepted beside `2021-07-27`, for `strptime`.
    pub date_formats: Vec<String>,
    /// Forms of timestamps that are accepted beside the ISO ones, for `strptime`.
    pub timestamp_formats: Vec<String>,
    /// The time zone of timestamps without an offset; UTC if none is declared.
    pub time_zone: Option<TimeZone>,
    /// The name of the sheet to read of a workbook; the first visible one if none is declared.
    pub sheet: Option<String>,
    /// The meaning of a header's names, if it is set for one file.
    pub(crate) matches: ColumnMatches,
    /// True if a field may mean something else than without these settings.
    pub(crate) changes_values: bool,
}

/// The escape of a quote inside a quoted field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuoteEscape {
    /// Twice: `""`, as RFC 4180 says.
    #[default]
    Doubled,
    /// As `\"`, and other characters behind a backslash as `SELECT … INTO OUTFILE` of MySQL writes
    /// them, inside and outside of quotes. <https://dev.mysql.com/doc/refman/8.0/en/load-data.html>
    Backslash,
}

/// The rule that decides if the first record of a file is a header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeaderRule {
    /// It is recognised.
    #[default]
    Auto,
    /// It is a header: a file without a header of the table fails.
    Required,
    /// It is no header: fields belong to columns by position.
    None,
}

impl Default for FileSettings {
    fn default() -> Self {
        Self {
            delimiter: None,
            encoding: None,
            quotes: true,
            quote_escape: QuoteEscape::default(),
            header: HeaderRule::default(),
            skip_lines: 0,
            null_values: Vec::new(),
            decimal_comma: false,
            date_formats: Vec::new(),
            timestamp_formats: Vec::new(),
            time_zone: None,
            sheet: None,
            matches: ColumnMatches::default(),
            changes_values: false,
        }
    }
}

/// The columns that names of a header stand for: by name, in lower case and without white space
/// around it, the position of a column, or nothing for a field that is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ColumnMatches(pub(crate) BTreeMap<String, Option<usize>>);

/// The format of files in TOML and JSON. A member that is left out keeps its value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireFiles {
    /// The column that a name of a header means, `None` to leave the field out.
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, Option<String>>,
    pub(crate) delimiter: Option<String>,
    pub(crate) encoding: Option<String>,
    pub(crate) quotes: Option<bool>,
    pub(crate) quote_escape: Option<QuoteEscape>,
    pub(crate) header: Option<HeaderRule>,
    pub(crate) skip_lines: Option<u32>,
    pub(crate) null_values: Option<Vec<String>>,
    pub(crate) decimal_comma: Option<bool>,
    pub(crate) date_formats: Option<Vec<String>>,
    pub(crate) timestamp_formats: Option<Vec<String>>,
    pub(crate) time_zone: Option<String>,
    pub(crate) sheet: Option<String>,
}

/// Characters of a name in a message at most.
const MAX_NAME: usize = 40;

/// Reads a `[table.files]` block, but for its columns.
///
/// # Errors
/// A description of the problem.
pub(crate) fn read_files(wire: &WireFiles) -> Result<FileSettings, String> {
    FileSettings::default().with(wire)
}

/// Reads the meaning of the names of a header.
///
/// # Errors
/// A description of the problem.
pub(crate) fn read_matches(wire: &WireFiles, table: &Table) -> Result<ColumnMatches, String> {
    let mut matches = BTreeMap::new();
    for (name, column) in &wire.columns {
        let index = match column {
            None => None,
            Some(column) => Some(table.column_index(&header_name(column.as_bytes())).ok_or_else(|| {
                format!(
                    "columns names {:?}, which is no column of the table; the columns are {}",
                    shortened(&**column, MAX_NAME),
                    table.column_names()
                )
            })?),
        };
        let before = matches.insert(header_name(name.as_bytes()), index);
        if before.is_some_and(|before| before != index) {
            return Err(format!("columns says twice what {:?} means", shortened(&**name, MAX_NAME)));
        }
    }
    Ok(ColumnMatches(matches))
}

impl FileSettings {
    /// Returns the same settings, changed by all that `wire` sets except the columns.
    ///
    /// # Errors
    /// A description of the problem.
    pub(crate) fn with(&self, wire: &WireFiles) -> Result<Self, String> {
        let mut settings = self.clone();
        if let Some(lines) = wire.skip_lines {
            if lines > MAX_SKIPPED_LINES {
                return Err(format!(
                    "skip_lines = {lines}: at most {MAX_SKIPPED_LINES} lines can be skipped"
                ));
            }
            settings.skip_lines = lines;
        }
        if let Some(text) = &wire.delimiter {
            settings.delimiter = Some(read_delimiter(text)?);
        }
        if let Some(label) = &wire.encoding {
            settings.encoding = Some(read_encoding(label)?);
        }
        if let Some(formats) = &wire.date_formats {
            check_date_formats(formats)?;
            settings.date_formats.clone_from(formats);
        }
        if let Some(formats) = &wire.timestamp_formats {
            check_timestamp_formats(formats)?;
            settings.timestamp_formats.clone_from(formats);
        }
        if let Some(name) = &wire.time_zone {
            let unknown = |_| {
                format!(
                    "time_zone {name:?} is not known; use a name of the IANA database like \"Europe/Berlin\""
                )
            };
            settings.time_zone = Some(TimeZone::get(name).map_err(unknown)?);
        }
        settings.quotes = wire.quotes.unwrap_or(settings.quotes);
        settings.quote_escape = wire.quote_escape.unwrap_or(settings.quote_escape);
        settings.header = wire.header.unwrap_or(settings.header);
        settings.decimal_comma = wire.decimal_comma.unwrap_or(settings.decimal_comma);
        if let Some(tokens) = &wire.null_values {
            settings.null_values.clone_from(tokens);
        }
        if let Some(sheet) = &wire.sheet {
            settings.sheet = Some(sheet.clone());
        }
        settings.changes_values =
            !settings.null_values.is_empty() || settings.decimal_comma || settings.time_zone.is_some();
        Ok(settings)
    }
}

fn check_date_formats(formats: &[String]) -> Result<(), String> {
    check_count("date_formats", formats)?;
    // A time would be read and lost.
    let has_time = |parsed: &BrokenDownTime| {
        parsed.hour().is_some() || parsed.minute().is_some() || parsed.offset().is_some()
    };
    let is_sample =
        |parsed: &BrokenDownTime| parsed.to_date().ok() == Some(SAMPLE.date()) && !has_time(parsed);
    formats.iter().try_for_each(|format| check_format("date_formats", format, is_sample))
}

fn check_timestamp_formats(formats: &[String]) -> Result<(), String> {
    check_count("timestamp_formats", formats)?;
    // A zone's name would be read and not heeded; an offset is.
    let is_sample = |parsed: &BrokenDownTime| {
        parsed.to_datetime().ok() == Some(SAMPLE) && parsed.iana_time_zone().is_none()
    };
    formats.iter().try_for_each(|format| check_format("timestamp_formats", format, is_sample))
}

fn check_count(key: &str, formats: &[String]) -> Result<(), String> {
    if formats.len() > MAX_FORMATS {
        return Err(format!("{key}: at most {MAX_FORMATS} formats can be listed"));
    }
    Ok(())
}

fn read_delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if is_delimiter(*byte) => Ok(*byte),
        _ => Err(format!(
            "delimiter {text:?}: use one character of ASCII that is no letter, digit, space, quote, backslash, point, \
             plus, minus or line end, like \";\" or \"\\t\""
        )),
    }
}

/// Returns true if a byte can separate fields: numbers, dates and names never hold it, and it has
/// no other meaning.
pub(crate) fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii()
        && !byte.is_ascii_alphanumeric()
        && !matches!(byte, 0 | b' ' | b'"' | b'\\' | b'.' | b'+' | b'-' | b'_' | b'\n' | b'\r')
}

fn read_encoding(label: &str) -> Result<&'static Encoding, String> {
    // The replacement encoding reads no text, and UTF-16 comes with its mark or is declared with
    // its byte order.
    Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| {
        format!("encoding {label:?} is not known; use a name like \"windows-1252\", \"iso-8859-15\" or \"utf-16le\"")
    })
}

/// A time that shows if a format contains both day and time. Its second is 0, which a format may
/// leave out.
const SAMPLE: DateTime = jiff::civil::datetime(2021, 7, 27, 16, 2, 0, 0);

/// Checks that a format, read back from what it writes, gives the sample.
fn check_format(key: &str, format: &str, is_sample: impl Fn(&BrokenDownTime) -> bool) -> Result<(), String> {
    let wrong = |problem: &str| {
        format!("{key} {format:?}: {problem}; a format is written for strptime, like \"%d.%m.%Y %H:%M:%S\"")
    };
    let sample = Offset::UTC.to_timestamp(SAMPLE).map(|time| time.to_zoned(TimeZone::UTC));
    let written = sample
        .and_then(|sample| strtime::format(format, &sample))
        .map_err(|_| wrong("it has a directive that is not known"))?;
    match strtime::parse(format, &written) {
        Ok(parsed) if is_sample(&parsed) => Ok(()),
        _ => Err(wrong("it does not say a day, or a day and its time, and nothing else")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;

    fn settings(block: &str) -> Result<FileSettings, String> {
        let text = format!(
            "[[table]]\nname = \"things\"\ncolumns = [{{ name = \"id\", type = \"integer\", key = true }}]\n\
             [table.files]\n{block}"
        );
        let parsed = Dictionary::parse("d.toml", &text).map_err(|error| error.problem)?;
        Ok(parsed.tables()[0].files().clone())
    }

    #[test]
    fn reads_every_setting() {
        let text = r#"
            delimiter = "\t"
            encoding = "latin1"
            quotes = false
            quote_escape = "backslash"
            header = "none"
            skip_lines = 2
            null_values = ["\\N", "NULL"]
            decimal_comma = true
            date_formats = ["%d.%m.%Y"]
            timestamp_formats = ["%d.%m.%Y %H:%M", "%Y%m%dT%H%M%S"]
            time_zone = "Europe/Berlin"
            sheet = "Hires"
            columns = { "Emp. No " = "id" }
        "#;
        let expected = FileSettings {
            delimiter: Some(b'\t'),
            encoding: Some(encoding_rs::WINDOWS_1252),
            quotes: false,
            quote_escape: QuoteEscape::Backslash,
            header: HeaderRule::None,
            skip_lines: 2,
            null_values: vec!["\\N".to_owned(), "NULL".to_owned()],
            decimal_comma: true,
            date_formats: vec!["%d.%m.%Y".to_owned()],
            timestamp_formats: vec!["%d.%m.%Y %H:%M".to_owned(), "%Y%m%dT%H%M%S".to_owned()],
            time_zone: TimeZone::get("Europe/Berlin").ok(),
            sheet: Some("Hires".to_owned()),
            matches: ColumnMatches([("emp. no".to_owned(), Some(0))].into()),
            changes_values: true,
        };
        assert_eq!(settings(text), Ok(expected));
        assert_eq!(settings(""), Ok(FileSettings::default()));
    }

    #[test]
    fn names_what_cannot_be_used() {
        for (block, expected) in [
            ("delimiter = \"\"", "delimiter \"\": use one character"),
            ("delimiter = \";;\"", "delimiter \";;\": use one character"),
            ("delimiter = \"x\"", "delimiter \"x\": use one character"),
            ("delimiter = \"é\"", "delimiter \"é\": use one character"),
            ("encoding = \"ebcdic\"", "encoding \"ebcdic\" is not known"),
            ("encoding = \"utf-32\"", "encoding \"utf-32\" is not known"),
            ("quote_escape = \"caret\"", "unknown variant `caret`"),
            ("header = \"maybe\"", "unknown variant `maybe`"),
            ("skip_lines = 1001", "skip_lines = 1001: at most 1000"),
            ("date_formats = [\"%d.%m.\"]", "it does not say a day, or a day and its time, and nothing else"),
            ("date_formats = [\"%d.%m.%Y %H:%M\"]", "it does not say a day, or"),
            ("date_formats = [\"%E.%m.%Y\"]", "date_formats \"%E.%m.%Y\": it has a directive"),
            (
                "timestamp_formats = [\"%d.%m.%Y\"]",
                "it does not say a day, or a day and its time, and nothing else",
            ),
            ("time_zone = \"Mars/Base\"", "time_zone \"Mars/Base\" is not known"),
            ("delimitter = \";\"", "unknown field `delimitter`"),
            ("columns = {\"Emp No\" = \"emp_no\"}", "columns names \"emp_no\", which is no column"),
        ] {
            let problem = settings(block).unwrap_err();
            assert!(problem.contains(expected), "{block} said {problem:?}");
        }
    }
}
