//! Rules that hold for a field of any origin.

use std::borrow::Cow;

use super::Fault;
use crate::dictionary::{Column, is_zero_width};
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
