//! The division of a text into records and fields.

/// The division of a text into records and fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// The byte between fields; a line end if the lines of a text are one field each.
    pub delimiter: u8,
    /// True if a field may be in quotes, with `""` for a quote in it.
    pub has_quotes: bool,
    /// True if a backslash changes the meaning of the next character, in quotes and outside, as
    /// MySQL writes it.
    pub has_escapes: bool,
}

impl Dialect {
    /// Comma-separated values as RFC 4180 has them.
    pub const CSV: Self = Self { delimiter: b',', has_quotes: true, has_escapes: false };

    /// One field a line, whatever it holds.
    pub const LINES: Self = Self { delimiter: b'\n', has_quotes: false, has_escapes: false };
}

/// The place where the records of a text begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Start {
    /// Bytes before the first record: byte order marks, skipped lines.
    pub bytes: usize,
    /// True if the last of these bytes opens a quoted field, because a byte order mark may be
    /// inside the quotes.
    pub is_quoted: bool,
}
