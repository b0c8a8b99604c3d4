use std::fmt;

use crate::dictionary::ColumnType;

/// The Avro types that a flat table has, with what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `int`.
    Int,
    /// `long`.
    Long,
    /// `boolean`.
    Boolean,
    /// `string`.
    Text,
    /// `bytes` as `decimal`.
    Decimal { precision: u8, scale: u8 },
    /// `int` as `date`.
    Date,
    /// `long` as `timestamp-millis`.
    Timestamp,
}

impl Kind {
    /// Returns the Avro type of a column.
    pub(super) fn of(column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::Integer => Self::Int,
            ColumnType::Bigint => Self::Long,
            ColumnType::Decimal { precision, scale } => Self::Decimal { precision, scale },
            ColumnType::String { .. } => Self::Text,
            ColumnType::Boolean => Self::Boolean,
            ColumnType::Date => Self::Date,
            ColumnType::Timestamp => Self::Timestamp,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int => f.write_str("int"),
            Self::Long => f.write_str("long"),
            Self::Boolean => f.write_str("boolean"),
            Self::Text => f.write_str("string"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp-millis"),
        }
    }
}
