use std::borrow::Cow;

use super::range::{fits_precision, magnitude_fits};
use crate::dictionary::{ColumnType, Table};
use crate::value::{CivilDate, CivilTime, Decimal, Value};

/// Why a text is no row text of the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {problem}")]
pub struct RowTextError {
    /// The column at which the text stops making sense; behind the last one, the last one.
    pub column: String,
    /// What is wrong; never the value.
    pub problem: &'static str,
}

/// Reads the values of a row from its text, [as the database writes it](super::row_text_sql), into `into`, which is
/// emptied first. Text is borrowed; nothing is allocated.
///
/// Only the form that [`write_row_text`] writes is read, so text and values are two spellings of one thing: no leading
/// zeros, every digit of a decimal's scale. How long a text may be is not asked here: a backup loses nothing.
///
/// # Errors
/// The column where the text is not as it should be, and why: a NULL where none can be, a number beyond the column's type,
/// a day that does not exist or lies outside of the years 1000 to 9999, a length that is not there, a field too many.
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
    // A text of 2^32 characters is more than any answer holds: ten digits are enough, and cannot overflow.
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
        ColumnType::Date => {
            date(field).map(Value::Date).ok_or("it is no day that exists in the years 1000 to 9999")
        }
        ColumnType::Timestamp => {
            timestamp(field).ok_or("it is no second that exists in the years 1000 to 9999")
        }
        ColumnType::String { .. } => Err("its text has no length"),
    }
}

/// A whole number in the one way to write it.
fn whole(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
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
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
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
        if value > 9 || !magnitude_fits(magnitude) {
            return None;
        }
        magnitude = magnitude * 10 + u128::from(value);
    }
    if !fits_precision(magnitude, precision) || (negative && magnitude == 0) {
        return None;
    }
    let unscaled = i128::try_from(magnitude).ok()?;
    Some(Value::Decimal(Decimal { unscaled: if negative { -unscaled } else { unscaled }, scale }))
}

fn date(text: &[u8]) -> Option<CivilDate> {
    let text: &[u8; 10] = text.try_into().ok()?;
    if text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    let year = u16::from(two(text, 0)?) * 100 + u16::from(two(text, 2)?);
    CivilDate::new(year, two(text, 5)?, two(text, 8)?)
}

fn timestamp(text: &[u8]) -> Option<Value<'static>> {
    let text: &[u8; 19] = text.try_into().ok()?;
    if text[10] != b' ' || text[13] != b':' || text[16] != b':' {
        return None;
    }
    let time = CivilTime::new(two(text, 11)?, two(text, 14)?, two(text, 17)?)?;
    Some(Value::Timestamp(date(&text[..10])?, time))
}

fn two(text: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| text.get(at).map(|digit| digit.wrapping_sub(b'0')).filter(|digit| *digit <= 9);
    Some(digit(at)? * 10 + digit(at + 1)?)
}

/// Writes the row text of `values` at the end of `text`, byte for byte as the database writes it.
pub fn write_row_text(values: &[Value<'_>], text: &mut Vec<u8>) {
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        match value {
            Value::Null => text.push(b'N'),
            Value::Integer(number) => write_number(*number, text),
            Value::Decimal(decimal) => write_decimal(*decimal, text),
            Value::Text(characters) => {
                let length =
                    if characters.is_ascii() { characters.len() } else { characters.chars().count() };
                write_number(length, text);
                text.push(b':');
                text.extend_from_slice(characters.as_bytes());
            }
            Value::Boolean(truth) => text.push(b'0' + u8::from(*truth)),
            Value::Date(date) => write_date(*date, text),
            Value::Timestamp(date, time) => {
                write_date(*date, text);
                let (hour, minute, second) = time.parts();
                for (separator, part) in [(b' ', hour), (b':', minute), (b':', second)] {
                    text.extend_from_slice(&[separator, b'0' + part / 10, b'0' + part % 10]);
                }
            }
        }
    }
}

fn write_number(number: impl itoa::Integer, text: &mut Vec<u8>) {
    text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn write_date(date: CivilDate, text: &mut Vec<u8>) {
    let (year, month, day) = date.parts();
    let (century, year) = ((year / 100) as u8, (year % 100) as u8);
    for part in [century, year] {
        text.extend_from_slice(&[b'0' + part / 10, b'0' + part % 10]);
    }
    for part in [month, day] {
        text.extend_from_slice(&[b'-', b'0' + part / 10, b'0' + part % 10]);
    }
}

fn write_decimal(decimal: Decimal, text: &mut Vec<u8>) {
    if decimal.unscaled < 0 {
        text.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(decimal.unscaled.unsigned_abs()).as_bytes();
    let scale = usize::from(decimal.scale);
    let whole = digits.len().saturating_sub(scale);
    text.extend_from_slice(if whole == 0 { b"0" } else { &digits[..whole] });
    if scale > 0 {
        text.push(b'.');
        text.extend(std::iter::repeat_n(b'0', scale.saturating_sub(digits.len())));
        text.extend_from_slice(&digits[whole..]);
    }
}
