//! Values as files of other programs have them.

use super::civil_time;
use crate::avro::civil;

/// A value of a file that Rowgate did not write. It borrows from the file's block; nothing about it has been checked.
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
    /// Bytes of no known meaning; also text that is not UTF-8.
    Bytes(&'a [u8]),
    /// The bytes of a UUID.
    Uuid([u8; 16]),
    /// An exact number: `unscaled` / 10^`scale`.
    Decimal {
        /// A whole number in two's complement, the highest byte first; no bytes are no number.
        unscaled: &'a [u8],
        /// How many of its digits stand after the point.
        scale: u32,
    },
    /// A day: so many after 1970-01-01.
    Days(i64),
    /// A moment in UTC, or on a clock of no known zone, which is taken for one in UTC as a text without zone is.
    Timestamp {
        /// So many units after 1970-01-01T00:00:00.
        count: i64,
        /// The unit.
        unit: Unit,
    },
    /// Something that no column can hold, by its name: an array, a map, a record, a time of day, a duration.
    Other(&'static str),
}

/// What a [`Loose::Timestamp`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Thousandths of a second.
    Millis,
    /// Millionths of a second.
    Micros,
    /// Billionths of a second.
    Nanos,
}

impl Unit {
    /// How many of them are a second.
    pub fn per_second(self) -> i64 {
        match self {
            Self::Millis => 1_000,
            Self::Micros => 1_000_000,
            Self::Nanos => 1_000_000_000,
        }
    }
}

/// Lower-case hexadecimal digits in groups, as RFC 9562 writes a UUID.
pub(super) fn uuid_text(bytes: [u8; 16]) -> String {
    let digits = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

/// The number in two's complement; `None` when it takes more than 128 bits, or is none at all.
pub(super) fn unscaled_number(bytes: &[u8]) -> Option<i128> {
    let sign = if bytes.first()? & 0x80 == 0 { 0 } else { 0xFF };
    let mut wide = [sign; 16];
    let (padding, low) = bytes.split_at(bytes.len().saturating_sub(wide.len()));
    let start = wide.len() - low.len();
    wide[start..].copy_from_slice(low);
    // What is cut off must repeat the sign, and nothing else.
    let keeps_sign = (wide[0] & 0x80 == 0) == (sign == 0);
    (keeps_sign && padding.iter().all(|byte| *byte == sign)).then(|| i128::from_be_bytes(wide))
}

impl Loose<'_> {
    /// Writes the value as a person would write it: for a rejects file, where it is to be read and put right. Bytes stay
    /// as they are.
    pub(super) fn write(&self, file: &mut Vec<u8>) {
        match *self {
            Self::Absent | Self::Null => {}
            Self::Boolean(truth) => file.extend_from_slice(if truth { b"true" } else { b"false" }),
            Self::Integer(number) => file.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
            Self::Float(number) => file.extend_from_slice(format!("{number:?}").as_bytes()),
            Self::Double(number) => file.extend_from_slice(format!("{number:?}").as_bytes()),
            Self::Text(text) => file.extend_from_slice(text.as_bytes()),
            Self::Bytes(bytes) => file.extend_from_slice(bytes),
            Self::Uuid(bytes) => file.extend_from_slice(uuid_text(bytes).as_bytes()),
            Self::Decimal { unscaled, scale } => match unscaled_number(unscaled) {
                Some(number) => file.extend_from_slice(decimal_text(number, scale).as_bytes()),
                None => file.extend_from_slice(b"(a number of more than 128 bits)"),
            },
            Self::Days(days) => match civil::date(days) {
                Some(day) => civil_time::write_day(file, day),
                None => file.extend_from_slice(format!("(day {days} after 1970-01-01)").as_bytes()),
            },
            Self::Timestamp { count, unit } => civil_time::write_timestamp(file, count, unit),
            Self::Other(name) => file.extend_from_slice(format!("({name})").as_bytes()),
        }
    }
}

/// The digits of an exact number, with a point where it has a fraction. A scale that no column comes near is written as
/// an exponent.
pub(super) fn decimal_text(unscaled: i128, scale: u32) -> String {
    match u8::try_from(scale) {
        Ok(scale) => {
            let mut text = String::new();
            crate::sql::push_decimal(&mut text, crate::value::Decimal { unscaled, scale });
            text
        }
        Err(_) => format!("{unscaled}e-{scale}"),
    }
}
