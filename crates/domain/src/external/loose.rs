//! Values as files of other programs have them.

use std::borrow::Cow;

use uuid::Uuid;

use super::civil_time::{Unit, time_text, timestamp_text};
use crate::value::{CivilDate, Decimal, from_twos_complement};

/// A value of a file that Rowgate did not write. It borrows from the file's block; nothing about it
/// has been checked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loose<'a> {
    /// The file has no field for the column.
    Absent,
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number of 32 bits.
    Float(f32),
    /// A number of 64 bits.
    Double(f64),
    /// Text; also the symbol of an enumeration.
    Text(&'a str),
    /// Bytes of no known meaning.
    Bytes(&'a [u8]),
    /// What should be text, but is not UTF-8.
    NotUtf8(&'a [u8]),
    /// The bytes of a UUID.
    Uuid([u8; 16]),
    /// An exact number: `unscaled` / 10^`scale`.
    Decimal {
        /// A whole number in two's complement, the highest byte first; empty bytes are invalid.
        unscaled: &'a [u8],
        /// The number of its digits after the point.
        scale: u32,
    },
    /// A day: so many after 1970-01-01.
    Days(i64),
    /// A time in UTC, or on a clock of an unknown zone, which is taken for UTC like a text without
    /// a zone.
    Timestamp {
        /// The number of units after 1970-01-01T00:00:00.
        count: i64,
        /// The unit.
        unit: Unit,
    },
    /// A time of day.
    Time {
        /// The number of units after midnight.
        count: i64,
        /// The unit.
        unit: Unit,
    },
    /// Something that no column can hold, by its name: an array, a map, a record, a duration.
    Other(&'static str),
}

impl<'a> Loose<'a> {
    /// Returns the value as a person would write it, for a rejects file to be read and corrected.
    /// Bytes stay as they are.
    pub(super) fn to_csv(self) -> Cow<'a, [u8]> {
        let text = match self {
            Self::Absent | Self::Null => String::new(),
            Self::Text(text) => return Cow::Borrowed(text.as_bytes()),
            Self::Bytes(bytes) | Self::NotUtf8(bytes) => return Cow::Borrowed(bytes),
            Self::Boolean(truth) => truth.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => format!("{number:?}"),
            Self::Double(number) => format!("{number:?}"),
            Self::Uuid(bytes) => Uuid::from_bytes(bytes).to_string(),
            Self::Decimal { unscaled, scale } => match from_twos_complement(unscaled) {
                Some(number) => decimal_text(number, scale),
                None => "(a number of more than 128 bits)".to_owned(),
            },
            Self::Days(days) => match CivilDate::from_days(days) {
                Some(day) => {
                    let mut text = String::new();
                    day.write_to(&mut text);
                    text
                }
                None => format!("(day {days} after 1970-01-01)"),
            },
            Self::Timestamp { count, unit } => timestamp_text(count, unit),
            Self::Time { count, unit } => time_text(count, unit),
            Self::Other(name) => format!("({name})"),
        };
        Cow::Owned(text.into_bytes())
    }
}

/// Returns the digits of an exact number, with a point where it has a fraction. A scale that no
/// column comes near is written as an exponent.
pub(super) fn decimal_text(unscaled: i128, scale: u32) -> String {
    match u8::try_from(scale) {
        Ok(scale) => {
            let mut text = String::new();
            Decimal { unscaled, scale }.write_to(&mut text);
            text
        }
        Err(_) => format!("{unscaled}e-{scale}"),
    }
}
