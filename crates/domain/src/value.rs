//! Validated values: what is left of a field once it has been checked against its column.

use std::borrow::Cow;

/// A value that has passed its column's rules. Borrows from the input where it can: checking a row allocates
/// nothing for its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// No value; only in a column that is not required, and in the place of a field that was refused.
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
    /// The number in an integer or bigint value.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The same value, borrowing from nothing.
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

/// An exact decimal number: `unscaled` / 10^`scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// All digits as one whole number.
    pub unscaled: i128,
    /// How many of the digits stand after the point; the column's scale.
    pub scale: u8,
}

/// A day of the proleptic Gregorian calendar that exists, in the years 1000 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CivilDate {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
}

impl CivilDate {
    /// The day, if it exists and MySQL can hold it.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
            2 => 28,
            _ => return None,
        };
        ((1000..=9999).contains(&year) && (1..=days).contains(&day)).then_some(Self { year, month, day })
    }

    /// Year (1000 to 9999), month (1 to 12) and day (1 to 31).
    pub fn parts(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }
}

/// A second of a day, without leap seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CivilTime {
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
}

impl CivilTime {
    /// The time of day, if it exists.
    pub fn new(hour: u8, minute: u8, second: u8) -> Option<Self> {
        (hour < 24 && minute < 60 && second < 60).then_some(Self { hour, minute, second })
    }

    /// Hour (0 to 23), minute and second (0 to 59).
    pub fn parts(self) -> (u8, u8, u8) {
        (self.hour, self.minute, self.second)
    }
}
