//! Row texts: a row of a table as one text column, the same from the database and from values.
//!
//! [`row_text_sql`] is the expression that the database evaluates, [`parse_row_text`] and
//! [`write_row_text`] are its inverse and its equal, and [`ContentSum`] sums rows up by their
//! texts, as [`sum_sql`] does in the database.

mod content_sum;
mod sql;

use std::borrow::Cow;

pub use content_sum::ContentSum;
pub use sql::{fixed_width, page_within_sql, row_text_sql, sum_sql};

use crate::dictionary::{ColumnType, Table};
use crate::row::scan::sign;
use crate::value::{CivilDate, CivilTime, Decimal, Value, fits_precision, push_number};

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
/// which is emptied first. Text is borrowed; nothing is allocated.
///
/// Only the form that [`write_row_text`] writes is read, so text and values are two spellings of
/// one thing: no leading zeros, every digit of a decimal's scale. How long a text may be is not
/// asked here: a backup loses nothing.
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
    into.clear();
    let mut rest = text;
    let columns = table.columns();
    for (index, column) in columns.iter().enumerate() {
        let fail = |problem| RowTextError { column: column.name().to_owned(), problem };
        if index > 0 {
            rest = rest.strip_prefix(',').ok_or_else(|| fail("it is missing"))?;
        }
        let column_type = column.column_type();
        let field = if let ColumnType::String { .. } = column_type
            && !rest.starts_with('N')
        {
            let (text, behind) = split_text(rest).map_err(fail)?;
            rest = behind;
            into.push(Value::Text(Cow::Borrowed(text)));
            continue;
        } else {
            let end = memchr::memchr(b',', rest.as_bytes()).unwrap_or(rest.len());
            let (field, behind) = rest.split_at(end);
            rest = behind;
            field
        };
        if field == "N" {
            if !nullable.get(index).is_some_and(|nullable| *nullable) {
                return Err(fail("it is NULL, which the column cannot be"));
            }
            into.push(Value::Null);
        } else {
            into.push(parse_field(column_type, field.as_bytes()).map_err(fail)?);
        }
    }
    if rest.is_empty() {
        return Ok(());
    }
    let column = columns.last().map(|column| column.name().to_owned()).unwrap_or_default();
    Err(RowTextError { column, problem: "there is something behind it" })
}

/// Takes `<characters>:<text>` off the front.
fn split_text(text: &str) -> Result<(&str, &str), &'static str> {
    const NO_LENGTH: &str = "its text has no length";
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

fn parse_field(column_type: ColumnType, field: &[u8]) -> Result<Value<'static>, &'static str> {
    match column_type {
        ColumnType::Integer => whole(field)
            .filter(|number| i32::try_from(*number).is_ok())
            .map(Value::Integer)
            .ok_or("it is no whole number of 32 bits"),
        ColumnType::Bigint => whole(field).map(Value::Integer).ok_or("it is no whole number of 64 bits"),
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
        ColumnType::Timestamp => {
            timestamp(field).ok_or("it is no second that exists in the years 1000 to 9999")
        }
        ColumnType::String { .. } => Err("its text has no length"),
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

fn timestamp(text: &[u8]) -> Option<Value<'static>> {
    let (date, time) = text.split_at_checked(10)?;
    let time = CivilTime::parse(time.strip_prefix(b" ")?)?;
    Some(Value::Timestamp(CivilDate::parse(date)?, time))
}

/// Appends the row text of `values` to `text`, byte for byte as the database writes it.
pub fn write_row_text(values: &[Value<'_>], text: &mut String) {
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        match value {
            Value::Null => text.push('N'),
            Value::Integer(number) => push_number(text, *number),
            Value::Decimal(decimal) => decimal.write_to(text),
            Value::Text(characters) => {
                let length =
                    if characters.is_ascii() { characters.len() } else { characters.chars().count() };
                push_number(text, length);
                text.push(':');
                text.push_str(characters);
            }
            Value::Boolean(truth) => text.push(if *truth { '1' } else { '0' }),
            Value::Date(date) => date.write_to(text),
            Value::Timestamp(date, time) => {
                date.write_to(text);
                text.push(' ');
                time.write_to(text);
            }
        }
    }
}

#[cfg(test)]
mod tests;
