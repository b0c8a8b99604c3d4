//! Fields of CSV files (RFC 4180).
//!
//! The `csv` crate is not used: it cannot quote an empty text and leave NULL unquoted in one row.

use std::borrow::Cow;

/// Characters that begin a formula in a spreadsheet; the last four are the full-width forms of the
/// first.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Returns a text as a field, in quotes where it needs them. An empty text is quoted, which
/// distinguishes it from NULL.
pub fn field<'a>(text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
    let text = text.into();
    if text.is_empty() || needs_quotes(text.as_bytes(), b',') {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        text
    }
}

/// Returns a text that somebody sent as a field, with an apostrophe in front if it would begin a
/// formula, which marks text in spreadsheets: they run a cell that begins with `=`, `+`, `-`, `@`
/// or a control character, and anybody who may send rows can send one.
pub fn text_field(text: &str) -> Cow<'_, str> {
    if text.starts_with(FORMULA_STARTS) { field(format!("'{text}")) } else { field(text) }
}

/// Appends a field of a file with this delimiter, in quotes where it needs them. Copies what stands
/// between quotes at once: rejects files have the long texts of files.
pub(crate) fn push_field(file: &mut Vec<u8>, field: &[u8], delimiter: u8) {
    if !needs_quotes(field, delimiter) {
        file.extend_from_slice(field);
        return;
    }
    file.push(b'"');
    let mut rest = field;
    while let Some(quote) = memchr::memchr(b'"', rest) {
        file.extend_from_slice(&rest[..=quote]);
        file.push(b'"');
        rest = &rest[quote + 1..];
    }
    file.extend_from_slice(rest);
    file.push(b'"');
}

fn needs_quotes(field: &[u8], delimiter: u8) -> bool {
    field.iter().any(|byte| *byte == delimiter || matches!(byte, b'"' | b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_has_to_be_quoted() {
        for (text, expected) in [
            ("Sales", "Sales"),
            ("", "\"\""),
            ("R&D, Europe", "\"R&D, Europe\""),
            ("the \"A\" team", "\"the \"\"A\"\" team\""),
            ("two\nlines", "\"two\nlines\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            (" space ", " space "),
            ("😀 O'Neil", "😀 O'Neil"),
        ] {
            assert_eq!(text_field(text), expected);
        }
    }

    #[test]
    fn keeps_a_spreadsheet_from_running_a_text() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\""),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
        ] {
            assert_eq!(text_field(text), expected);
        }
    }
}
