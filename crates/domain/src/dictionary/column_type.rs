//! The types of values.

use std::fmt;

/// Bytes of a text or of bytes that still go into SQL as a literal; longer ones are bound as
/// parameters. A literal takes two characters a byte, and a statement has 65,536.
pub(crate) const MAX_LITERAL_BYTES: usize = 2048;

/// The type of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// A whole number of 16 bits, as MySQL's `SMALLINT`.
    SmallInt,
    /// A whole number of 32 bits, as MySQL's `INT`.
    Integer,
    /// A whole number of 64 bits, as MySQL's `BIGINT`.
    Bigint,
    /// A finite number of 64 bits with a binary exponent, as MySQL's `DOUBLE`.
    Double,
    /// An exact decimal number with at most `precision` digits, `scale` of them after the point.
    Decimal {
        /// Digits in all, 1 to [`ColumnType::MAX_PRECISION`].
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// Text of at most `max` characters (Unicode scalar values, as MySQL counts a `VARCHAR`).
    String {
        /// Characters at most.
        max: u32,
    },
    /// Text of at most [`ColumnType::MAX_TEXT_BYTES`] bytes of UTF-8, as MySQL's `TEXT`.
    Text,
    /// True or false.
    Boolean,
    /// A day, `2021-07-27`, from year 1000 to 9999 (the range of MySQL's `DATE`).
    Date,
    /// A second of a day, `16:02:08`.
    Time,
    /// A moment in UTC, `2021-07-27T16:02:08Z`, from year 1000 to 9999 (the range of MySQL's
    /// `DATETIME`).
    Timestamp {
        /// Digits of its fraction of a second: 0, 3 or 6.
        digits: u8,
    },
    /// A UUID, `1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a`, in lower case, as MySQL's `CHAR(36)`.
    Uuid,
    /// A JSON document of at most [`ColumnType::MAX_TEXT_BYTES`] bytes, as MySQL's `JSON`.
    Json,
    /// Bytes, at most `max`, as MySQL's `VARBINARY`; base64 in JSON and CSV.
    Binary {
        /// Bytes at most.
        max: u32,
    },
}

impl ColumnType {
    /// The most digits a decimal can have here: what fits a 128-bit integer. MySQL itself allows
    /// 65.
    pub const MAX_PRECISION: u8 = 38;

    /// The most bytes of a text or of a JSON document: what MySQL's `TEXT` holds.
    /// <https://dev.mysql.com/doc/refman/8.0/en/storage-requirements.html>
    pub const MAX_TEXT_BYTES: usize = 65_535;

    /// Returns true for whole numbers.
    pub fn is_whole_number(self) -> bool {
        matches!(self, Self::SmallInt | Self::Integer | Self::Bigint)
    }

    /// Returns true for texts, which may hold any character: strings and `text`.
    pub fn is_text(self) -> bool {
        matches!(self, Self::String { .. } | Self::Text)
    }

    /// Returns true if values of the type can be a part of a key, or unique: the database compares
    /// them exactly, and they have a bounded length.
    pub fn is_exact(self) -> bool {
        !matches!(self, Self::Double | Self::Text | Self::Json | Self::Binary { .. } | Self::Boolean)
    }

    /// Returns the least and the greatest number of a column of whole numbers.
    pub fn integer_bounds(self) -> (i64, i64) {
        match self {
            Self::SmallInt => (i16::MIN.into(), i16::MAX.into()),
            Self::Integer => (i32::MIN.into(), i32::MAX.into()),
            _ => (i64::MIN, i64::MAX),
        }
    }

    /// Returns the most characters that a literal of this type takes in SQL text. A value of more
    /// than [`MAX_LITERAL_BYTES`] is bound as a parameter and takes less.
    pub(crate) fn max_literal(self) -> usize {
        // X'…' around two digits for each byte.
        let bytes = |most: usize| "_utf8mb4 X''".len() + 2 * most.min(MAX_LITERAL_BYTES);
        match self {
            Self::SmallInt => 6,
            Self::Integer => 11,
            Self::Bigint => 20,
            Self::Double => "-1.7976931348623157e-308".len(),
            // A sign, a point and a leading zero beside the digits.
            Self::Decimal { precision, .. } => usize::from(precision) + 3,
            // At most four bytes a character.
            Self::String { max } => bytes(4 * max as usize),
            Self::Text | Self::Json => bytes(Self::MAX_TEXT_BYTES),
            Self::Binary { max } => bytes(max as usize),
            Self::Uuid => bytes(36),
            Self::Boolean => 1,
            Self::Date => 8,
            Self::Time => 6,
            Self::Timestamp { digits } => 15 + usize::from(digits),
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SmallInt => f.write_str("smallint"),
            Self::Integer => f.write_str("integer"),
            Self::Bigint => f.write_str("bigint"),
            Self::Double => f.write_str("double"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::String { max } => write!(f, "string({max})"),
            Self::Text => f.write_str("text"),
            Self::Boolean => f.write_str("boolean"),
            Self::Date => f.write_str("date"),
            Self::Time => f.write_str("time"),
            Self::Timestamp { digits: 0 } => f.write_str("timestamp"),
            Self::Timestamp { digits } => write!(f, "timestamp({digits})"),
            Self::Uuid => f.write_str("uuid"),
            Self::Json => f.write_str("json"),
            Self::Binary { max } => write!(f, "binary({max})"),
        }
    }
}
