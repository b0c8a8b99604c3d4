//! How a text is divided into records and fields.

/// How a text is divided into records and fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between fields. A line end in a text whose lines are one field each.
    pub delimiter: u8,
    /// Whether a field may be in quotes, with `""` for a quote in it.
    pub has_quotes: bool,
    /// Whether a backslash gives the character behind it another meaning, in quotes and outside, as
    /// MySQL writes it.
    pub has_escapes: bool,
}

impl Dialect {
    /// Comma-separated values as RFC 4180 has them.
    pub const CSV: Self = Self { delimiter: b',', has_quotes: true, has_escapes: false };

    /// One field a line, whatever it holds.
    pub const LINES: Self = Self { delimiter: b'\n', has_quotes: false, has_escapes: false };
}

/// Where the records of a text begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Start {
    /// Bytes before the first record: byte order marks, skipped lines.
    pub bytes: usize,
    /// Whether the last of these bytes opens a quoted field, which a byte order mark may stand in.
    pub is_quoted: bool,
}
