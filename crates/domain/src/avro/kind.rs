use std::fmt;

use crate::dictionary::ColumnType;
use crate::value::Timestamp;

/// The Avro types that a flat table has, with what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `int`.
    Int,
    /// `long`.
    Long,
    /// `double`.
    Double,
    /// `boolean`.
    Boolean,
    /// `string`.
    Text,
    /// `string` that is a JSON document: only the table's column tells.
    Json,
    /// `string` as `uuid`.
    Uuid,
    /// `bytes`.
    Bytes,
    /// `bytes` as `decimal`.
    Decimal { precision: u8, scale: u8 },
    /// `int` as `date`.
    Date,
    /// `int` as `time-millis`.
    Time,
    /// `long` as `timestamp-millis` for 0 and 3 digits of a fraction, as `timestamp-micros` for 6.
    Timestamp { digits: u8 },
}

impl Kind {
    /// Returns the Avro type of a column.
    pub(super) fn of(column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::SmallInt | ColumnType::Integer => Self::Int,
            ColumnType::Bigint => Self::Long,
            ColumnType::Double => Self::Double,
            ColumnType::Decimal { precision, scale } => Self::Decimal { precision, scale },
            ColumnType::String { .. } | ColumnType::Text => Self::Text,
            ColumnType::Json => Self::Json,
            ColumnType::Uuid => Self::Uuid,
            ColumnType::Binary { .. } => Self::Bytes,
            ColumnType::Boolean => Self::Boolean,
            ColumnType::Date => Self::Date,
            ColumnType::Time => Self::Time,
            ColumnType::Timestamp { digits } => Self::Timestamp { digits },
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int => f.write_str("int"),
            Self::Long => f.write_str("long"),
            Self::Double => f.write_str("double"),
            Self::Boolean => f.write_str("boolean"),
            Self::Text | Self::Json => f.write_str("string"),
            Self::Uuid => f.write_str("uuid"),
            Self::Bytes => f.write_str("bytes"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::Date => f.write_str("date"),
            Self::Time => f.write_str("time-millis"),
            Self::Timestamp { digits: 0 } => f.write_str("timestamp-millis"),
            Self::Timestamp { digits: 6 } => f.write_str("timestamp-micros"),
            Self::Timestamp { digits } => write!(f, "timestamp-millis with {digits} digits"),
        }
    }
}

/// Returns a moment as Avro counts it: in milliseconds, or in microseconds where its column has
/// them.
pub(super) fn count(moment: Timestamp) -> i64 {
    let micros = moment.unix_micros();
    // Exact: a column without microseconds has no moment between two milliseconds.
    if moment.digits() == 6 { micros } else { micros.div_euclid(1000) }
}
