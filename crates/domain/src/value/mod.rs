//! Validated values: what is left of a field once it has been checked against its column.

mod civil;
mod decimal;
mod double;
mod key;
mod timestamp;

use std::borrow::Cow;
use std::cmp::Ordering;

use uuid::Uuid;

pub use civil::{CivilDate, CivilTime};
pub(crate) use civil::{from_unix_millis, two, unix_millis};
pub use decimal::Decimal;
pub(crate) use decimal::{fits_precision, from_twos_complement, to_twos_complement};
pub use double::Double;
pub(crate) use double::write_json_double;
pub use key::{Key, KeyPart};
pub use timestamp::Timestamp;

/// A value that has passed its column's rules. Borrows from the input where it can: checking a row
/// allocates nothing for its fields, but for JSON documents and bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// No value; only in a column that is not required, and in the place of a field that was
    /// refused.
    Null,
    /// A value of a smallint, integer or bigint column.
    Integer(i64),
    /// A value of a double column.
    Double(Double),
    /// A value of a decimal column.
    Decimal(Decimal),
    /// A value of a string or text column.
    Text(Cow<'a, str>),
    /// A value of a boolean column.
    Boolean(bool),
    /// A value of a date column.
    Date(CivilDate),
    /// A value of a time column.
    Time(CivilTime),
    /// A value of a timestamp column.
    Timestamp(Timestamp),
    /// A value of a uuid column.
    Uuid(Uuid),
    /// A value of a json column, in the form in which MySQL prints it.
    Json(Cow<'a, str>),
    /// A value of a binary column.
    Binary(Cow<'a, [u8]>),
}

impl Value<'_> {
    /// Returns the number in a whole number.
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
            Self::Double(number) => Value::Double(number),
            Self::Time(time) => Value::Time(time),
            Self::Timestamp(moment) => Value::Timestamp(moment),
            Self::Uuid(uuid) => Value::Uuid(uuid),
            Self::Json(document) => Value::Json(Cow::Owned(document.into_owned())),
            Self::Binary(bytes) => Value::Binary(Cow::Owned(bytes.into_owned())),
        }
    }

    /// Compares two values of one type, decimals of one scale; texts and bytes byte by byte. `None`
    /// for no value, and for values that have no order between them.
    pub fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(one), Value::Integer(other)) => Some(one.cmp(other)),
            (Self::Double(one), Value::Double(other)) => one.partial_cmp(other),
            (Self::Decimal(one), Value::Decimal(other)) if one.scale == other.scale => {
                Some(one.unscaled.cmp(&other.unscaled))
            }
            (Self::Text(one), Value::Text(other)) => Some(one.as_ref().cmp(other.as_ref())),
            (Self::Boolean(one), Value::Boolean(other)) => Some(one.cmp(other)),
            (Self::Date(one), Value::Date(other)) => Some(one.cmp(other)),
            (Self::Time(one), Value::Time(other)) => Some(one.cmp(other)),
            (Self::Timestamp(one), Value::Timestamp(other)) => Some(one.cmp(other)),
            (Self::Uuid(one), Value::Uuid(other)) => Some(one.cmp(other)),
            (Self::Binary(one), Value::Binary(other)) => Some(one.as_ref().cmp(other.as_ref())),
            _ => None,
        }
    }

    /// Appends the text that MySQL prints for the value; bytes as hexadecimal digits, and nothing
    /// for NULL.
    pub(crate) fn write_to(&self, text: &mut String) {
        match self {
            Value::Null => {}
            Value::Integer(number) => push_number(text, *number),
            Value::Decimal(decimal) => decimal.write_to(text),
            Value::Double(number) => number.write_to(text),
            Value::Text(characters) | Value::Json(characters) => text.push_str(characters),
            Value::Uuid(uuid) => text.push_str(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer())),
            Value::Binary(bytes) => text.push_str(&hex::encode_upper(bytes)),
            Value::Boolean(truth) => text.push(if *truth { '1' } else { '0' }),
            Value::Date(date) => date.write_to(text),
            Value::Time(time) => time.write_to(text),
            Value::Timestamp(moment) => moment.write_to(' ', text),
        }
    }
}

/// Reads a UUID in the one form in which it is written: `1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a`.
pub(crate) fn written_uuid(text: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(text).ok()?;
    (uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(uuid)
}

/// Appends the digits of a whole number.
pub(crate) fn push_number(text: &mut String, number: impl itoa::Integer) {
    text.push_str(itoa::Buffer::new().format(number));
}
