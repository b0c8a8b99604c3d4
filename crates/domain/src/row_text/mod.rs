//! Row texts: a row of a table as one text column, the same from the database and from values.
//!
//! [`row_text_sql`] is the expression that the database evaluates, [`parse_row_text`] and
//! [`write_row_text`] are its inverse and its equal, and [`ContentSum`] sums rows up by their
//! texts, as [`sum_sql`] does in the database.

mod content_sum;
mod key;
mod sql;

use std::borrow::Cow;

use uuid::Uuid;

pub use content_sum::ContentSum;
pub use key::key_row_text;
pub use sql::{
    PageGuard, fixed_width, has_texts, key_behind_sql, page_within_sql, piece_sql, row_text_sql, sum_sql,
};
pub(crate) use sql::{columns_text_sql, double_sql};

use crate::dictionary::{Column, ColumnType, Table};
use crate::row::scan::sign;
use crate::value::{
    CivilDate, CivilTime, Decimal, Double, Timestamp, Value, fits_precision, push_number, written_uuid,
};

/// The reason why a text is not a row text of the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {problem}")]
pub struct RowTextError {
    /// The column at which the text stops making sense; behind the last one, the last one.
    pub column: String,
    /// The problem; never the value.
    pub problem: &'static str,
}

/// Reads the values of a row from its text, [as the database writes it](row_text_sql), into `into`,
/// which is emptied first. Text is borrowed; nothing is allocated but for bytes.
///
/// Only the form that [`write_row_text`] writes is read, so text and values are two spellings of
/// one thing: no leading zeros, every digit of a decimal's scale. How long a text may be is not
/// asked here: a backup loses nothing. Nor is it asked if a JSON document is one.
///
/// # Errors
/// The column where the text is not as it should be, and why: a NULL where none can be, a number
/// beyond the column's type, a day that does not exist or lies outside of the years 1000 to 9999, a
/// length that is not there, a field too many.
pub fn parse_row_text<'a>(
    table: &Table,
    nullable: &[bool],
    text: &'a str,
    into: &mut Vec<Value<'a>>,
) -> Result<(), RowTextError> {
    let columns = table.columns().iter().enumerate();
    let nullable = |index| nullable.get(index).is_some_and(|nullable| *nullable);
    parse_fields(columns.map(|(index, column)| (column, nullable(index))), text, into)
}

/// Reads the values of some columns of a row, none of which is NULL, from their
/// [text](columns_text_sql), as [`parse_row_text`] does.
pub(crate) fn parse_columns_text<'a, 'c>(
    columns: impl Iterator<Item = &'c Column>,
    text: &'a str,
    into: &mut Vec<Value<'a>>,
) -> Result<(), RowTextError> {
    parse_fields(columns.map(|column| (column, false)), text, into)
}

/// Reads the values of some columns, each with whether it takes NULL, as [`parse_row_text`] does.
fn parse_fields<'a, 't>(
    columns: impl Iterator<Item = (&'t Column, bool)>,
    text: &'a str,
    into: &mut Vec<Value<'a>>,
) -> Result<(), RowTextError> {
    into.clear();
    let mut rest = text;
    let mut last = "";
    for (column, is_nullable) in columns {
        last = column.name();
        let fail = |problem| RowTextError { column: column.name().to_owned(), problem };
        if !into.is_empty() {
            rest = rest.strip_prefix(',').ok_or_else(|| fail("it is missing"))?;
        }
        let column_type = column.column_type();
        if has_length(column_type) && !rest.starts_with('N') {
            let (text, behind) = split_text(rest).map_err(fail)?;
            rest = behind;
            into.push(match column_type {
                ColumnType::Uuid => {
                    Value::Uuid(written_uuid(text).ok_or_else(|| fail("it is no UUID in lower case"))?)
                }
                ColumnType::Json => Value::Json(Cow::Borrowed(text)),
                _ => Value::Text(Cow::Borrowed(text)),
            });
            continue;
        }
        let end = memchr::memchr(b',', rest.as_bytes()).unwrap_or(rest.len());
        let (field, behind) = rest.split_at(end);
        rest = behind;
        if field == "N" {
            if !is_nullable {
                return Err(fail("it is NULL, which the column cannot be"));
            }
            into.push(Value::Null);
        } else {
            into.push(parse_field(column_type, field).map_err(fail)?);
        }
    }
    if rest.is_empty() {
        return Ok(());
    }
    Err(RowTextError { column: last.to_owned(), problem: "there is something behind it" })
}

const NO_LENGTH: &str = "its text has no length";

/// Returns true for values whose text has its length before it.
fn has_length(column_type: ColumnType) -> bool {
    column_type.is_text() || matches!(column_type, ColumnType::Json | ColumnType::Uuid)
}

/// Takes `<characters>:<text>` off the front.
fn split_text(text: &str) -> Result<(&str, &str), &'static str> {
    let bytes = text.as_bytes();
    // A text of 2^32 characters is more than any answer holds: ten digits are enough, and cannot
    // overflow.
    let colon = bytes.iter().take(11).position(|byte| *byte == b':').ok_or(NO_LENGTH)?;
    let length = whole(&bytes[..colon]).ok_or(NO_LENGTH)?;
    let length = usize::try_from(length).map_err(|_| NO_LENGTH)?;
    let text = text.get(colon + 1..).ok_or(NO_LENGTH)?;
    let end = match text.as_bytes().get(..length) {
        None => return Err("its text ends too soon"),
        Some(start) if start.is_ascii() => length,
        Some(_) => match text.char_indices().nth(length) {
            Some((end, _)) => end,
            None if text.chars().count() == length => text.len(),
            None => return Err("its text ends too soon"),
        },
    };
    Ok(text.split_at(end))
}

fn parse_field(column_type: ColumnType, text: &str) -> Result<Value<'static>, &'static str> {
    let field = text.as_bytes();
    match column_type {
        ColumnType::SmallInt | ColumnType::Integer | ColumnType::Bigint => {
            let (least, most) = column_type.integer_bounds();
            let number = whole(field).filter(|number| (least..=most).contains(number));
            number.map(Value::Integer).ok_or(match column_type {
                ColumnType::SmallInt => "it is no whole number of 16 bits",
                ColumnType::Integer => "it is no whole number of 32 bits",
                _ => "it is no whole number of 64 bits",
            })
        }
        ColumnType::Double => Double::parse_written(text)
            .map(Value::Double)
            .ok_or("it is no number of 64 bits in the form that the database prints"),
        ColumnType::Decimal { precision, scale } => {
            decimal(field, precision, scale).ok_or("it is no decimal number of the column's digits")
        }
        ColumnType::Boolean => match field {
            b"0" => Ok(Value::Boolean(false)),
            b"1" => Ok(Value::Boolean(true)),
            _ => Err("it is neither 0 nor 1"),
        },
        ColumnType::Date => CivilDate::parse(field)
            .map(Value::Date)
            .ok_or("it is no day that exists in the years 1000 to 9999"),
        ColumnType::Time => CivilTime::parse(field).map(Value::Time).ok_or("it is no second of a day"),
        ColumnType::Timestamp { digits } => {
            timestamp(field, digits).map(Value::Timestamp).ok_or(match digits {
                0 => "it is no second that exists in the years 1000 to 9999",
                _ => "it is no moment of the column's digits in the years 1000 to 9999",
            })
        }
        ColumnType::Binary { .. } => bytes(text).ok_or("it is no bytes in upper-case hexadecimal digits"),
        ColumnType::String { .. } | ColumnType::Text | ColumnType::Json | ColumnType::Uuid => Err(NO_LENGTH),
    }
}

/// A whole number in the one way to write it.
fn whole(text: &[u8]) -> Option<i64> {
    let (negative, digits) = sign(text);
    match digits {
        [] => return None,
        [b'0'] => return (!negative).then_some(0),
        [b'0', ..] => return None,
        _ => {}
    }
    if digits.len() > 19 {
        return None;
    }
    let mut number = 0_u64;
    for digit in digits {
        let value = digit.wrapping_sub(b'0');
        if value > 9 {
            return None;
        }
        // Nineteen digits fit an unsigned number.
        number = number * 10 + u64::from(value);
    }
    if negative { 0_i64.checked_sub_unsigned(number) } else { i64::try_from(number).ok() }
}

fn decimal(text: &[u8], precision: u8, scale: u8) -> Option<Value<'static>> {
    let (negative, digits) = sign(text);
    let places = usize::from(scale);
    let (before, after) = if scale == 0 {
        (digits, &digits[digits.len()..])
    } else {
        let point = digits.len().checked_sub(places + 1).filter(|point| digits[*point] == b'.')?;
        (&digits[..point], &digits[point + 1..])
    };
    if before.is_empty() || (before.len() > 1 && before[0] == b'0') {
        return None;
    }
    let mut magnitude = 0_u128;
    for digit in before.iter().chain(after) {
        let value = digit.wrapping_sub(b'0');
        if value > 9 {
            return None;
        }
        magnitude = magnitude.checked_mul(10)?.checked_add(value.into())?;
    }
    if !fits_precision(magnitude, precision) || (negative && magnitude == 0) {
        return None;
    }
    let unscaled = i128::try_from(magnitude).ok()?;
    Some(Value::Decimal(Decimal { unscaled: if negative { -unscaled } else { unscaled }, scale }))
}

/// A moment with every digit of its column's fraction: `2021-07-27 16:02:08.123`.
fn timestamp(text: &[u8], digits: u8) -> Option<Timestamp> {
    let (date, time) = text.split_at_checked(10)?;
    let (time, fraction) = time.strip_prefix(b" ")?.split_at_checked(8)?;
    let (date, time) = (CivilDate::parse(date)?, CivilTime::parse(time)?);
    if digits == 0 {
        return fraction.is_empty().then(|| Timestamp::of_second(date, time));
    }
    let fraction = fraction.strip_prefix(b".").filter(|fraction| fraction.len() == usize::from(digits))?;
    let mut micros = 0;
    for digit in fraction.iter().chain(b"000000").take(6) {
        micros = micros * 10 + u32::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    Timestamp::new(date, time, micros, digits)
}

/// Bytes as the database's `HEX` prints them.
fn bytes(text: &str) -> Option<Value<'static>> {
    let is_upper = text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'));
    is_upper.then(|| hex::decode(text).ok().map(|bytes| Value::Binary(Cow::Owned(bytes)))).flatten()
}

/// Appends the row text of `values` to `text`, byte for byte as the database writes it.
pub fn write_row_text(values: &[Value<'_>], text: &mut String) {
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        match value {
            Value::Null => text.push('N'),
            Value::Text(characters) | Value::Json(characters) => push_text(characters, text),
            Value::Uuid(uuid) => push_text(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()), text),
            other => other.write_to(text),
        }
    }
}

/// Appends a text with the number of its characters before it.
fn push_text(characters: &str, text: &mut String) {
    let length = if characters.is_ascii() { characters.len() } else { characters.chars().count() };
    push_number(text, length);
    text.push(':');
    text.push_str(characters);
}

#[cfg(test)]
mod tests;
