//! Names: of tables and columns, and of columns as files write them.

/// MySQL's limit for the length of a table or column name, in characters.
/// <https://dev.mysql.com/doc/refman/8.0/en/identifier-length.html>
pub(crate) const MAX_IDENTIFIER: usize = 64;

/// Returns true for a name that needs no quotes in SQL and no escapes in a query string: `a-z`,
/// `0-9` and `_`, a letter first, at most [`MAX_IDENTIFIER`] of them.
pub(crate) fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        && name.len() <= MAX_IDENTIFIER
}

/// Returns true for invisible characters that change no word: byte order marks, zero-width spaces,
/// word joiners.
pub(crate) fn is_zero_width(character: char) -> bool {
    matches!(character, '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}

/// A field of a header as the name that it may be: without white space and zero-width characters
/// around it, in lower case.
pub(crate) fn header_name(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    text.trim_matches(|c: char| c.is_whitespace() || is_zero_width(c)).to_lowercase()
}
