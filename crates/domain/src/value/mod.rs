//! Validated values: what is left of a field once it has been checked against its column.

mod civil;
mod decimal;

use std::borrow::Cow;

pub use civil::{CivilDate, CivilTime};
pub(crate) use civil::{from_unix_millis, two, unix_millis};
pub use decimal::Decimal;
pub(crate) use decimal::{fits_precision, from_twos_complement, to_twos_complement};

/// A value that has passed its column's rules. Borrows from the input where it can: checking a row
/// allocates nothing for its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// No value; only in a column that is not required, and in the place of a field that was
    /// refused.
    Null,
    /// A value of an integer or bigint column.
    Integer(i64),
    /// A value of a decimal column.
    Decimal(Decimal),
    /// A value of a string column.
    Text(Cow<'a, str>),
    /// A value of a boolean column.
    Boolean(bool),
    /// A value of a date column.
    Date(CivilDate),
    /// A value of a timestamp column.
    Timestamp(CivilDate, CivilTime),
}

impl Value<'_> {
    /// Returns the number in an integer or bigint value.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the same value, borrowing from nothing.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(number),
            Self::Decimal(decimal) => Value::Decimal(decimal),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Boolean(truth) => Value::Boolean(truth),
            Self::Date(day) => Value::Date(day),
            Self::Timestamp(day, time) => Value::Timestamp(day, time),
        }
    }
}

/// Appends the digits of a whole number.
pub(crate) fn push_number(text: &mut String, number: impl itoa::Integer) {
    text.push_str(itoa::Buffer::new().format(number));
}
