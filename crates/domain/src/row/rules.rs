//! Rules that hold for a field of any origin.

use std::borrow::Cow;

use super::{Fault, RowError};
use crate::dictionary::{Column, ColumnType, Table, is_zero_width};
use crate::value::Value;

/// Returns the result of a field without a value.
pub(crate) fn no_value<'a>(column: &Column) -> Result<Value<'a>, Fault<'a>> {
    if column.required() { Err(Fault::Missing) } else { Ok(Value::Null) }
}

/// Returns true if a text has no character that leaves ink: white space and zero-width characters
/// alone.
#[inline]
pub(crate) fn is_blank(text: &str) -> bool {
    // Most texts begin with a letter.
    !matches!(text.as_bytes(), [b'!'..=b'~', ..])
        && text.chars().all(|character| character.is_whitespace() || is_zero_width(character))
}

/// Checks the text of a string column: not blank where a value is required, and not too long.
#[inline]
pub(crate) fn check_text<'a>(column: &Column, max: u32, text: Cow<'a, str>) -> Result<Value<'a>, Fault<'a>> {
    if is_blank(&text) {
        return no_value(column);
    }
    // A text cannot have more characters than bytes, so most need no counting.
    if text.len() > max as usize {
        let length = text.chars().count();
        if length > max as usize {
            return Err(Fault::TooLong { length, max });
        }
    }
    Ok(Value::Text(text))
}

/// Checks the text of a column of long texts, which are bounded by their bytes.
pub(crate) fn check_long_text<'a>(column: &Column, text: Cow<'a, str>) -> Result<Value<'a>, Fault<'a>> {
    if is_blank(&text) {
        return no_value(column);
    }
    let (length, max) = (text.len(), ColumnType::MAX_TEXT_BYTES);
    if length > max { Err(Fault::TooManyBytes { length, max }) } else { Ok(Value::Text(text)) }
}

/// Holds a value of a column's type against the column's rules.
#[inline]
pub(crate) fn check_rules<'a>(column: &'a Column, value: Value<'a>) -> Result<Value<'a>, Fault<'a>> {
    if column.is_compared() {
        check_compared(&value)?;
        // MySQL would silently insert a new number: NO_AUTO_VALUE_ON_ZERO is off, and the Data API
        // gives no session to switch it on in.
        if value == Value::Integer(0) && column.auto_increment() {
            return Err(Fault::ZeroKey);
        }
    }
    match column.rules().and_then(|rules| rules.broken_by(&value)) {
        Some(rule) => Err(Fault::BrokenRule(rule)),
        None => Ok(value),
    }
}

/// Refuses a text that the database may take for another one when it compares the two: collations
/// pad texts with spaces.
/// <https://dev.mysql.com/doc/refman/8.4/en/charset-binary-collations.html>
pub(super) fn check_compared<'a>(value: &Value<'_>) -> Result<(), Fault<'a>> {
    let Value::Text(text) = value else { return Ok(()) };
    if text.ends_with(' ') {
        return Err(Fault::SpaceAtEnd);
    }
    if text.bytes().any(|byte| byte < b' ') {
        return Err(Fault::ControlCharacter);
    }
    Ok(())
}

/// Returns the errors of a row that breaks comparisons between its columns. A field without a
/// value, or that is refused, breaks none.
pub(crate) fn broken_checks<'a>(
    table: &'a Table,
    values: &[Value<'_>],
) -> impl Iterator<Item = RowError<'a>> {
    let broken = table.checks().iter().filter(|check| !check.holds(values));
    broken.map(|check| RowError::of_row(Fault::BrokenCheck(check.text())))
}
