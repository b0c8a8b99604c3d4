//! Reading numbers and times from bytes: exact, without allocation, and with the reason when it
//! fails.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use uuid::Uuid;

use crate::dictionary::{Column, ColumnType};
use crate::row::Fault;
use crate::value::{
    CivilDate, CivilTime, Decimal, Double, Timestamp, Value, from_unix_millis, two, unix_millis,
};

/// The number of digits that always fit an `i64`.
const SAFE_DIGITS: usize = 18;

/// A whole number of the column's width: an optional minus and digits.
#[inline]
pub(crate) fn whole_number<'a>(column: &Column, text: &[u8]) -> Result<Value<'a>, Fault<'a>> {
    let column_type = column.column_type();
    let (negative, digits) = sign(text);
    if digits.is_empty() {
        return Err(Fault::NotOfType(column_type));
    }
    let number = if digits.len() <= SAFE_DIGITS {
        let mut number = 0;
        for digit in digits {
            let value = digit.wrapping_sub(b'0');
            if value > 9 {
                return Err(Fault::NotOfType(column_type));
            }
            number = number * 10 + i64::from(value);
        }
        Some(if negative { -number } else { number })
    } else if digits.iter().all(u8::is_ascii_digit) {
        // Counting down from zero reaches i64::MIN, which has no positive counterpart.
        let negated = digits
            .iter()
            .try_fold(0_i64, |number, digit| number.checked_mul(10)?.checked_sub(i64::from(digit - b'0')));
        if negative { negated } else { negated.and_then(i64::checked_neg) }
    } else {
        return Err(Fault::NotOfType(column_type));
    };
    let (least, most) = column_type.integer_bounds();
    let fits = |number: &i64| (least..=most).contains(number);
    number.filter(fits).map(Value::Integer).ok_or(Fault::OutOfRange(column_type))
}

/// An exact decimal: an optional minus, digits, and perhaps a point and more digits. Digits that
/// the column cannot hold are an error, never rounded; zeros at the end count for nothing.
pub(crate) fn decimal<'a>(precision: u8, scale: u8, text: &[u8]) -> Result<Value<'a>, Fault<'a>> {
    let column_type = ColumnType::Decimal { precision, scale };
    let (negative, digits) = sign(text);
    let (whole, fraction) = match memchr::memchr(b'.', digits) {
        Some(point) if point + 1 < digits.len() => (&digits[..point], &digits[point + 1..]),
        Some(_) => return Err(Fault::NotOfType(column_type)),
        None => (digits, &digits[digits.len()..]),
    };
    if whole.is_empty() || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return Err(Fault::NotOfType(column_type));
    }
    let whole = &whole[whole.iter().take_while(|digit| **digit == b'0').count()..];
    let zeros = fraction.iter().rev().take_while(|digit| **digit == b'0').count();
    let fraction = &fraction[..fraction.len() - zeros];
    if whole.len() > usize::from(precision - scale) || fraction.len() > usize::from(scale) {
        return Err(Fault::OutOfRange(column_type));
    }
    // At most 38 digits, which an i128 holds.
    let padding = usize::from(scale) - fraction.len();
    let magnitude = whole
        .iter()
        .chain(fraction)
        .copied()
        .chain(std::iter::repeat_n(b'0', padding))
        .fold(0_i128, |number, digit| number * 10 + i128::from(digit - b'0'));
    Ok(Value::Decimal(Decimal { unscaled: if negative { -magnitude } else { magnitude }, scale }))
}

/// A number as JSON has it, zeros before it allowed: the double that is nearest to it.
pub(crate) fn double<'a>(text: &[u8]) -> Result<Value<'a>, Fault<'a>> {
    let read = || {
        let (_, digits) = sign(text);
        let is_number = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let exponent = digits.iter().position(|byte| matches!(byte, b'e' | b'E'));
        let (size, exponent) = digits.split_at(exponent.unwrap_or(digits.len()));
        let point = memchr::memchr(b'.', size).unwrap_or(size.len());
        let is_written = is_number(&size[..point])
            && size.get(point + 1..).is_none_or(is_number)
            && (exponent.is_empty()
                || matches!(exponent, [_, b'+' | b'-', rest @ ..] | [_, rest @ ..] if is_number(rest)));
        // All of it is ASCII.
        is_written.then(|| std::str::from_utf8(text).ok()?.parse::<f64>().ok()).flatten()
    };
    let number = read().ok_or(Fault::NotOfType(ColumnType::Double))?;
    Double::new(number).map(Value::Double).ok_or(Fault::OutOfRange(ColumnType::Double))
}

/// A UUID with its hyphens, in lower or upper case.
pub(crate) fn uuid<'a>(text: &[u8]) -> Result<Value<'a>, Fault<'a>> {
    // Without hyphens, in braces or as a URN it has another length.
    let uuid = (text.len() == 36).then(|| Uuid::try_parse_ascii(text).ok()).flatten();
    uuid.map(Value::Uuid).ok_or(Fault::NotOfType(ColumnType::Uuid))
}

/// Bytes in base64 with padding, as RFC 4648 has it.
pub(crate) fn binary<'a>(max: u32, text: &[u8]) -> Result<Value<'a>, Fault<'a>> {
    let bytes = BASE64_STANDARD.decode(text).map_err(|_| Fault::NotOfType(ColumnType::Binary { max }))?;
    if bytes.len() > max as usize {
        return Err(Fault::TooManyBytes { length: bytes.len(), max: max as usize });
    }
    Ok(Value::Binary(Cow::Owned(bytes)))
}

/// `2021-07-27`.
pub(crate) fn date<'a>(text: &[u8]) -> Result<Value<'a>, Fault<'a>> {
    CivilDate::parse(text).map(Value::Date).ok_or(Fault::NotATime(ColumnType::Date))
}

/// `16:02:08`, perhaps with a fraction of zeros.
pub(crate) fn time<'a>(text: &[u8]) -> Result<Value<'a>, Fault<'a>> {
    let read = || {
        let (second, rest) = text.split_at_checked(8)?;
        let (micros, rest) = fraction(rest)?;
        let is_whole = micros == 0 && rest.is_empty();
        CivilTime::parse(second).filter(|_| is_whole)
    };
    read().map(Value::Time).ok_or(Fault::NotATime(ColumnType::Time))
}

/// `2021-07-27T16:02:08Z`, and the other forms of [`written_time`], in UTC. The column holds as
/// many `digits` of a fraction, and nothing that came in is changed silently.
#[inline]
pub(crate) fn timestamp<'a>(digits: u8, text: &[u8]) -> Result<Value<'a>, Fault<'a>> {
    // Nearly all are written so.
    if digits == 0
        && let Some(second) = text.as_array().and_then(utc_second)
    {
        return Ok(Value::Timestamp(second));
    }
    let moment = written_time(text).and_then(|written| written.in_utc(digits));
    moment.map(Value::Timestamp).ok_or(Fault::NotATime(ColumnType::Timestamp { digits }))
}

/// `2021-07-27T16:02:08Z`.
fn utc_second(text: &[u8; 20]) -> Option<Timestamp> {
    if text[10] != b'T' || text[19] != b'Z' {
        return None;
    }
    Some(Timestamp::of_second(CivilDate::parse(&text[..10])?, CivilTime::parse(&text[11..19])?))
}

/// A moment as it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WrittenTime {
    pub(crate) date: CivilDate,
    pub(crate) time: CivilTime,
    /// Microseconds after it.
    pub(crate) micros: u32,
    /// Seconds that the clocks of the place are ahead of UTC, if the text says so.
    pub(crate) offset: Option<i64>,
}

/// Reads `2021-07-27T16:02:08.123Z`: with a `T` or a space, perhaps a fraction, and `Z`, an offset
/// (`+02:00`, `+0200`, `+02`) or nothing behind it. A fraction has at most nine digits; those below
/// the microsecond, which no column holds, must be zeros.
pub(crate) fn written_time(text: &[u8]) -> Option<WrittenTime> {
    let (seconds, rest) = text.split_at_checked(19)?;
    if !matches!(seconds[10], b'T' | b' ') {
        return None;
    }
    let (date, time) = (CivilDate::parse(&seconds[..10])?, CivilTime::parse(&seconds[11..])?);
    let (micros, zone) = fraction(rest)?;
    let offset = match zone {
        [] => None,
        b"Z" => Some(0),
        [sign @ (b'+' | b'-'), zone @ ..] => {
            let (hours, minutes) = match zone {
                [_, _] => (two(zone)?, 0),
                [_, _, b':', _, _] => (two(&zone[..2])?, two(&zone[3..])?),
                [_, _, _, _] => (two(&zone[..2])?, two(&zone[2..])?),
                _ => return None,
            };
            let seconds =
                (hours < 24 && minutes < 60).then_some(i64::from(hours) * 3600 + i64::from(minutes) * 60)?;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => return None,
    };
    Some(WrittenTime { date, time, micros, offset })
}

/// Takes `.123` off the front, if it is there: its microseconds, and what is behind it. `None` for
/// more than nine digits, and for one below the microsecond that is not 0.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let [b'.', rest @ ..] = text else { return Some((0, text)) };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at(count);
    let nanos = digits.iter().chain(&[b'0'; 9]).take(9);
    let nanos = nanos.fold(0_u32, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
    ((1..=9).contains(&count) && nanos.is_multiple_of(1000)).then_some((nanos / 1000, rest))
}

impl WrittenTime {
    /// Returns the same moment in UTC, which a text without an offset means, for a column with so
    /// many digits of a fraction; `None` outside of the years 1000 to 9999, and if the column
    /// cannot hold it whole.
    pub(crate) fn in_utc(self, digits: u8) -> Option<Timestamp> {
        let (date, time) = match self.offset.unwrap_or(0) {
            0 => (self.date, self.time),
            offset => from_unix_millis(unix_millis(self.date, self.time) - offset * 1000)?,
        };
        Timestamp::new(date, time, self.micros, digits)
    }
}

/// Splits a number into whether it is negative, and its digits.
#[inline]
pub(crate) fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    }
}
