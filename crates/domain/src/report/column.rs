//! Columns of reports.

use serde::Serialize;

use crate::named::named_enum;

/// A column of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Column {
    /// The name: the column's label in the query, the field's name in JSON, the header in CSV.
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// The meaning; may be empty.
    pub description: String,
}

named_enum! {
    /// The type of a column's values. Any of them may be NULL.
    pub enum ColumnType {
        /// A whole number of up to 64 bits; a number in JSON.
        Integer = "integer",
        /// An exact decimal number; a number in JSON, with all its digits.
        Decimal = "decimal",
        /// A floating-point number; a number in JSON.
        Double = "double",
        /// Text.
        String = "string",
        /// True or false; 1 and 0 in MySQL.
        Boolean = "boolean",
        /// A day, `YYYY-MM-DD`.
        Date = "date",
        /// A point in time, `YYYY-MM-DDTHH:MM:SSZ`, with a fraction where the database's type has
        /// one.
        Timestamp = "timestamp",
    }
}
