//! How a text is divided into records and fields.

use crate::dictionary::QuoteEscape;

/// How a text is divided into records and fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between fields.
    pub delimiter: u8,
    /// What a quote means.
    pub quoting: Quoting,
}

/// What a quote, and a backslash, means in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    /// A field may be quoted; a quote inside is written twice. RFC 4180.
    Doubled,
    /// The same, and a backslash takes the meaning of the character behind it, in quotes and outside.
    Backslash,
    /// Nothing: every line is one field.
    Lines,
}

impl Dialect {
    /// Comma-separated values as RFC 4180 has them.
    pub const CSV: Self = Self { delimiter: b',', quoting: Quoting::Doubled };

    /// One field a line, whatever it holds.
    pub const LINES: Self = Self { delimiter: b'\n', quoting: Quoting::Lines };
}

impl From<QuoteEscape> for Quoting {
    fn from(escape: QuoteEscape) -> Self {
        match escape {
            QuoteEscape::Doubled => Self::Doubled,
            QuoteEscape::Backslash => Self::Backslash,
        }
    }
}

/// Where the records of a text begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Start {
    /// Bytes before the first record: byte order marks, skipped lines.
    pub bytes: usize,
    /// Whether the last of these bytes opens a quoted field, which a byte order mark may stand in.
    pub is_quoted: bool,
}
