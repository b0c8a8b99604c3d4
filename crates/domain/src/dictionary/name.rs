//! Names of columns as files write them.

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
