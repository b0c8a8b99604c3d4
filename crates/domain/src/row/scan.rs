//! Reading numbers and times from bytes: exact, without allocation, and with the reason when it
//! fails.

use crate::dictionary::{Column, ColumnType};
use crate::row::Fault;
use crate::value::{CivilDate, CivilTime, Decimal, Value, from_unix_millis, two, unix_millis};

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
    let fits = |number: &i64| column_type == ColumnType::Bigint || i32::try_from(*number).is_ok();
    let number = number.filter(fits).ok_or(Fault::OutOfRange(column_type))?;
    // MySQL would silently insert a new number: NO_AUTO_VALUE_ON_ZERO is off, and the Data API
    // gives no session to switch it on in.
    if number == 0 && column.auto_increment() {
        return Err(Fault::ZeroKey);
    }
    Ok(Value::Integer(number))
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

/// `2021-07-27`.
pub(crate) fn date<'a>(text: &[u8]) -> Result<Value<'a>, Fault<'a>> {
    CivilDate::parse(text).map(Value::Date).ok_or(Fault::NotATime(ColumnType::Date))
}

/// `2021-07-27T16:02:08Z`, and the other forms of [`written_time`], in UTC. The column holds whole
/// seconds, and nothing that came in is changed silently.
#[inline]
pub(crate) fn timestamp<'a>(text: &[u8]) -> Result<Value<'a>, Fault<'a>> {
    // Nearly all are written so.
    if let Some((date, time)) = text.as_array().and_then(utc_second) {
        return Ok(Value::Timestamp(date, time));
    }
    let (date, time) =
        written_time(text).and_then(WrittenTime::in_utc).ok_or(Fault::NotATime(ColumnType::Timestamp))?;
    Ok(Value::Timestamp(date, time))
}

/// `2021-07-27T16:02:08Z`.
fn utc_second(text: &[u8; 20]) -> Option<(CivilDate, CivilTime)> {
    if text[10] != b'T' || text[19] != b'Z' {
        return None;
    }
    Some((CivilDate::parse(&text[..10])?, CivilTime::parse(&text[11..19])?))
}

/// A second as it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WrittenTime {
    pub(crate) date: CivilDate,
    pub(crate) time: CivilTime,
    /// Seconds that the clocks of the place are ahead of UTC, if the text says so.
    pub(crate) offset: Option<i64>,
}

/// Reads `2021-07-27T16:02:08Z`: with a `T` or a space, perhaps a fraction of zeros (at most nine),
/// and `Z`, an offset (`+02:00`, `+0200`, `+02`) or nothing behind it. A fraction that is not zero
/// would be lost, and is refused.
pub(crate) fn written_time(text: &[u8]) -> Option<WrittenTime> {
    let (seconds, rest) = text.split_at_checked(19)?;
    if !matches!(seconds[10], b'T' | b' ') {
        return None;
    }
    let (date, time) = (CivilDate::parse(&seconds[..10])?, CivilTime::parse(&seconds[11..])?);
    let zone = match rest {
        [b'.', fraction @ ..] => {
            let zeros = fraction.iter().take_while(|digit| **digit == b'0').count();
            (1..=9).contains(&zeros).then_some(&fraction[zeros..])?
        }
        rest => rest,
    };
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
    Some(WrittenTime { date, time, offset })
}

impl WrittenTime {
    /// Returns the same second in UTC, which a text without an offset means; `None` outside of the
    /// years 1000 to 9999.
    pub(crate) fn in_utc(self) -> Option<(CivilDate, CivilTime)> {
        match self.offset.unwrap_or(0) {
            0 => Some((self.date, self.time)),
            offset => from_unix_millis(unix_millis(self.date, self.time) - offset * 1000),
        }
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
