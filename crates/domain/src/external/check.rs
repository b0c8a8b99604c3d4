//! Checking loosely typed values against the columns that they are for.

use std::borrow::Cow;

use uuid::Uuid;

use super::loose::decimal_text;
use super::{Loose, civil_time};
use crate::dictionary::{Column, ColumnType, Table};
use crate::row::{
    Fault, RowError, check_csv_field, check_long_text, check_rules, check_text, is_blank, no_value, scan,
};
use crate::value::{CivilDate, Double, Timestamp, Value, from_twos_complement};

/// Checks one row: `fields` holds a value for each column, [`Loose::Absent`] where the file has no
/// field for it; then it gets the column's default, if there is one. Pushes one value for each
/// column to `values` (`Null` where a field is refused) and what is wrong to `errors`. Returns
/// whether the row passed.
///
/// # Panics
/// In a debug build, when `fields` has not one value for each column.
pub(crate) fn check_fields<'a>(
    table: &'a Table,
    fields: &[Loose<'a>],
    values: &mut Vec<Value<'a>>,
    errors: &mut Vec<RowError<'a>>,
) -> bool {
    debug_assert_eq!(fields.len(), table.columns().len());
    let before = errors.len();
    for (column, field) in table.columns().iter().zip(fields) {
        values.push(check_field(column, *field).unwrap_or_else(|fault| {
            errors.push(RowError::of_column(column.name(), fault));
            Value::Null
        }));
    }
    errors.len() == before
}

fn check_field<'a>(column: &'a Column, field: Loose<'a>) -> Result<Value<'a>, Fault<'a>> {
    if let (Loose::Absent, Some(default)) = (field, column.default()) {
        return Ok(default.clone());
    }
    match field {
        Loose::Absent | Loose::Null => no_value(column),
        Loose::Text(text) if is_blank(text) => no_value(column),
        Loose::Text(text) => check_as_text(column, text),
        Loose::NotUtf8(_) => Err(Fault::NotUtf8),
        Loose::Bytes(bytes) if !matches!(column.column_type(), ColumnType::Binary { .. }) => {
            match std::str::from_utf8(bytes) {
                Ok(text) => check_field(column, Loose::Text(text)),
                Err(_) => Err(Fault::NotUtf8),
            }
        }
        _ => check_rules(column, check_typed(column, field)?),
    }
}

/// Checks a value that is not text.
fn check_typed<'a>(column: &'a Column, field: Loose<'a>) -> Result<Value<'a>, Fault<'a>> {
    let column_type = column.column_type();
    let wrong = Fault::NotOfType(column_type);
    match column_type {
        ColumnType::SmallInt | ColumnType::Integer | ColumnType::Bigint => check_integer(column, field),
        ColumnType::Double => check_double(field),
        ColumnType::Decimal { precision, scale } => check_decimal(precision, scale, field),
        ColumnType::String { .. } | ColumnType::Text => {
            let Loose::Uuid(bytes) = field else { return Err(wrong) };
            let text = Cow::Owned(Uuid::from_bytes(bytes).to_string());
            match column_type {
                ColumnType::String { max } => check_text(column, max, text),
                _ => check_long_text(column, text),
            }
        }
        ColumnType::Boolean => match field {
            Loose::Boolean(truth) => Ok(Value::Boolean(truth)),
            Loose::Integer(number @ 0..=1) => Ok(Value::Boolean(number == 1)),
            _ => Err(wrong),
        },
        ColumnType::Date => check_day(field),
        ColumnType::Time => match field {
            Loose::Time { count, unit } => {
                civil_time::time_of(count, unit).map(Value::Time).ok_or(Fault::NotATime(column_type))
            }
            _ => Err(wrong),
        },
        ColumnType::Timestamp { digits } => check_timestamp(digits, field),
        ColumnType::Uuid => match field {
            Loose::Uuid(bytes) => Ok(Value::Uuid(Uuid::from_bytes(bytes))),
            _ => Err(wrong),
        },
        ColumnType::Json => Err(wrong),
        ColumnType::Binary { max } => match field {
            Loose::Bytes([]) => no_value(column),
            Loose::Bytes(bytes) if bytes.len() > max as usize => {
                Err(Fault::TooManyBytes { length: bytes.len(), max: max as usize })
            }
            Loose::Bytes(bytes) => Ok(Value::Binary(Cow::Borrowed(bytes))),
            _ => Err(wrong),
        },
    }
}

/// Checks a text as a CSV field; a day may also be written as a timestamp at midnight.
fn check_as_text<'a>(column: &'a Column, text: &'a str) -> Result<Value<'a>, Fault<'a>> {
    let bytes = text.as_bytes();
    if column.column_type() == ColumnType::Date
        && let Some(moment) = scan::written_time(bytes).and_then(|written| written.in_utc(0))
        && civil_time::is_midnight(moment)
    {
        return check_rules(column, Value::Date(moment.date()));
    }
    check_csv_field(column, bytes)
}

/// Returns the whole number in a value, with the checks of its column. A float counts only up to
/// where floats begin to skip whole numbers: beyond that the intended number is unknown.
fn check_integer<'a>(column: &Column, field: Loose<'a>) -> Result<Value<'a>, Fault<'a>> {
    const MOST_SINGLE: f32 = (1_u32 << f32::MANTISSA_DIGITS) as f32;
    const MOST_DOUBLE: f64 = (1_u64 << f64::MANTISSA_DIGITS) as f64;
    let column_type = column.column_type();
    let number = match field {
        Loose::Integer(number) => i128::from(number),
        Loose::Float(number) if number.fract() == 0.0 && number.abs() <= MOST_SINGLE => number as i128,
        Loose::Double(number) if number.fract() == 0.0 && number.abs() <= MOST_DOUBLE => number as i128,
        Loose::Decimal { unscaled: [], .. } => return Err(Fault::NotOfType(column_type)),
        Loose::Decimal { unscaled, scale } => {
            let number = from_twos_complement(unscaled).ok_or(Fault::OutOfRange(column_type))?;
            rescaled(number, scale, 0).ok_or(Fault::NotOfType(column_type))?
        }
        _ => return Err(Fault::NotOfType(column_type)),
    };
    scan::whole_number(column, itoa::Buffer::new().format(number).as_bytes())
}

/// Returns the number in a value: the nearest one that there is, as for text. A float of 32 bits is
/// itself here.
fn check_double<'a>(field: Loose<'a>) -> Result<Value<'a>, Fault<'a>> {
    let number = match field {
        Loose::Integer(number) => number as f64,
        Loose::Float(number) => f64::from(number),
        Loose::Double(number) => number,
        Loose::Decimal { unscaled: bytes @ [_, ..], scale } => {
            let number = from_twos_complement(bytes).ok_or(Fault::OutOfRange(ColumnType::Double))?;
            decimal_text(number, scale).parse().map_err(|_| Fault::NotOfType(ColumnType::Double))?
        }
        _ => return Err(Fault::NotOfType(ColumnType::Double)),
    };
    Double::new(number).map(Value::Double).ok_or(Fault::NotOfType(ColumnType::Double))
}

/// Returns the exact number in a value. A float stands for the shortest number that reads as this
/// float, which is what people and programs write for it.
fn check_decimal<'a>(precision: u8, scale: u8, field: Loose<'a>) -> Result<Value<'a>, Fault<'a>> {
    let column_type = ColumnType::Decimal { precision, scale };
    // Any decimal column's numbers are below this; others would only make long texts.
    const MOST: f64 = 1e38;
    let text = match field {
        Loose::Integer(number) => number.to_string(),
        Loose::Float(number) if number.is_finite() && f64::from(number).abs() < MOST => number.to_string(),
        Loose::Double(number) if number.is_finite() && number.abs() < MOST => number.to_string(),
        Loose::Float(number) if number.is_finite() => return Err(Fault::OutOfRange(column_type)),
        Loose::Double(number) if number.is_finite() => return Err(Fault::OutOfRange(column_type)),
        Loose::Decimal { unscaled: [], .. } => return Err(Fault::NotOfType(column_type)),
        Loose::Decimal { unscaled, scale: given } => {
            let number =
                from_twos_complement(unscaled).and_then(|number| rescaled(number, given, scale.into()));
            decimal_text(number.ok_or(Fault::OutOfRange(column_type))?, scale.into())
        }
        _ => return Err(Fault::NotOfType(column_type)),
    };
    scan::decimal(precision, scale, text.as_bytes())
}

/// Returns the same number with another count of digits after the point; `None` when digits would
/// be lost, or too many.
fn rescaled(mut unscaled: i128, from: u32, to: u32) -> Option<i128> {
    if from <= to {
        return unscaled.checked_mul(10_i128.checked_pow(to - from)?);
    }
    if unscaled == 0 {
        return Some(0);
    }
    for _ in to..from {
        if unscaled % 10 != 0 {
            return None;
        }
        unscaled /= 10;
    }
    Some(unscaled)
}

/// Reads a day. A time at midnight is accepted, because the column loses nothing.
fn check_day<'a>(field: Loose<'a>) -> Result<Value<'a>, Fault<'a>> {
    let day = match field {
        Loose::Days(days) => CivilDate::from_days(days),
        Loose::Timestamp { count, unit } => civil_time::moment_of(count, unit)
            .filter(|moment| civil_time::is_midnight(*moment))
            .map(Timestamp::date),
        _ => return Err(Fault::NotOfType(ColumnType::Date)),
    };
    day.map(Value::Date).ok_or(Fault::NotATime(ColumnType::Date))
}

/// Reads a moment. A day alone is refused, because its time is unknown; so is a bare number,
/// because seconds and milliseconds look alike.
fn check_timestamp<'a>(digits: u8, field: Loose<'a>) -> Result<Value<'a>, Fault<'a>> {
    let column_type = ColumnType::Timestamp { digits };
    let moment = match field {
        Loose::Timestamp { count, unit } => civil_time::moment_of(count, unit),
        Loose::Days(_) => None,
        _ => return Err(Fault::NotOfType(column_type)),
    };
    let moment = moment.and_then(|moment| moment.with_digits(digits));
    moment.map(Value::Timestamp).ok_or(Fault::NotATime(column_type))
}
