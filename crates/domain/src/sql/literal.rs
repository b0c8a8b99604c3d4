//! Literals of SQL text.
//!
//! They are built here and nowhere else, and only from checked [`Value`]s: digits for numbers and
//! times, hexadecimal for text. No quote, backslash or byte of a user ever reaches SQL text, so
//! there is nothing to inject.

use std::fmt::Write;

use super::Parameter;
use crate::dictionary::MAX_LITERAL_BYTES;
use crate::value::{CivilDate, CivilTime, Timestamp, Value, push_number};

/// Appends a value that goes into a column: as a literal, or bound as the next of `parameters`
/// where it takes more than [`MAX_LITERAL_BYTES`].
pub(super) fn push_value(text: &mut String, value: &Value<'_>, parameters: &mut Vec<Parameter>) {
    let parameter = match value {
        Value::Text(long) | Value::Json(long) if long.len() > MAX_LITERAL_BYTES => {
            Parameter::Text(long.clone().into_owned())
        }
        Value::Binary(long) if long.len() > MAX_LITERAL_BYTES => Parameter::Binary(long.clone().into_owned()),
        value => return push_literal(text, value),
    };
    text.push_str(":p");
    push_number(text, parameters.len());
    parameters.push(parameter);
}

/// Appends the literal of a value that goes into a column.
fn push_literal(text: &mut String, value: &Value<'_>) {
    match value {
        Value::Null => text.push_str("NULL"),
        Value::Integer(number) => push_number(text, *number),
        // With an exponent: without one, MySQL reads a decimal number. Writing to a String does not
        // fail.
        Value::Double(number) => {
            let _ = write!(text, "{:e}", number.get());
        }
        Value::Decimal(decimal) => decimal.write_to(text),
        Value::Text(characters) => push_hexadecimal(text, characters.as_bytes()),
        Value::Boolean(truth) => text.push(if *truth { '1' } else { '0' }),
        Value::Date(date) => push_number(text, date_digits(*date)),
        Value::Time(time) => push_number(text, time_digits(*time)),
        Value::Timestamp(moment) => push_moment(text, *moment),
        Value::Uuid(uuid) => {
            let mut buffer = uuid::Uuid::encode_buffer();
            push_hexadecimal(text, uuid.hyphenated().encode_lower(&mut buffer).as_bytes());
        }
        // JSON must be text: MySQL takes none from bytes.
        Value::Json(document) => push_text(text, document),
        Value::Binary(bytes) => push_hexadecimal(text, bytes),
    }
}

/// Appends the literal of a value that a column is compared with: in a form that lets MySQL and
/// MariaDB use an index of the column. Bytes would be compared as bytes, and a list of moments with
/// fractions as numbers.
pub(crate) fn push_comparable(text: &mut String, value: &Value<'_>) {
    match value {
        Value::Text(characters) => push_text(text, characters),
        Value::Uuid(_) => {
            text.push_str(UTF8);
            push_literal(text, value);
        }
        Value::Timestamp(moment) if moment.digits() > 0 => {
            text.push_str("TIMESTAMP'");
            push_moment(text, *moment);
            text.push('\'');
        }
        value => push_literal(text, value),
    }
}

/// Says that the hexadecimal digits behind it are text.
const UTF8: &str = "_utf8mb4 ";

/// Appends a text as what it is, and not as bytes.
pub(super) fn push_text(text: &mut String, characters: &str) {
    text.push_str(UTF8);
    push_hexadecimal(text, characters.as_bytes());
}

fn push_moment(text: &mut String, moment: Timestamp) {
    push_number(text, date_digits(moment.date()) * 1_000_000 + time_digits(moment.time()));
    moment.write_fraction(text);
}

fn date_digits(date: CivilDate) -> u64 {
    let (year, month, day) = date.parts();
    u64::from(year) * 10_000 + u64::from(month) * 100 + u64::from(day)
}

fn time_digits(time: CivilTime) -> u64 {
    let (hour, minute, second) = time.parts();
    u64::from(hour) * 10_000 + u64::from(minute) * 100 + u64::from(second)
}

/// Both hexadecimal digits of every byte, so that text is copied two characters at a time.
static HEXADECIMAL: [[u8; 2]; 256] = {
    let mut pairs = [[0; 2]; 256];
    let digits = b"0123456789ABCDEF";
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

fn push_hexadecimal(text: &mut String, bytes: &[u8]) {
    const AT_ONCE: usize = 32;
    text.push_str("X'");
    for bytes in bytes.chunks(AT_ONCE) {
        let mut digits = [[0; 2]; AT_ONCE];
        for (pair, byte) in digits.iter_mut().zip(bytes) {
            *pair = HEXADECIMAL[usize::from(*byte)];
        }
        // Digits are always UTF-8; to see that once for all of them costs less than to add them one
        // by one.
        text.push_str(std::str::from_utf8(digits[..bytes.len()].as_flattened()).unwrap_or_default());
    }
    text.push('\'');
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::value::{Decimal, Double};

    fn literal(value: &Value<'_>) -> String {
        let mut text = String::new();
        push_literal(&mut text, value);
        text
    }

    fn comparable(value: &Value<'_>) -> String {
        let mut text = String::new();
        push_comparable(&mut text, value);
        text
    }

    fn moment(micros: u32, digits: u8) -> Value<'static> {
        let (day, time) = (CivilDate::new(2021, 7, 27).unwrap(), CivilTime::new(6, 2, 8).unwrap());
        Value::Timestamp(Timestamp::new(day, time, micros, digits).unwrap())
    }

    #[test]
    fn writes_every_type_as_digits_or_hexadecimal() {
        let day = CivilDate::new(2021, 7, 27).unwrap();
        let uuid: uuid::Uuid = "1F0E7C1C-6c9d-4f2a-8f51-0a4f6d1c2b3a".parse().unwrap();
        let uuid_digits: String = uuid.to_string().bytes().map(|byte| format!("{byte:02X}")).collect();
        for (value, expected) in [
            (Value::Null, "NULL"),
            (Value::Integer(i64::MIN), "-9223372036854775808"),
            (Value::Text(Cow::Borrowed("a'\\\0é")), "X'61275C00C3A9'"),
            (Value::Boolean(true), "1"),
            (Value::Date(day), "20210727"),
            (Value::Time(CivilTime::new(0, 0, 5).unwrap()), "5"),
            (Value::Time(CivilTime::new(16, 2, 8).unwrap()), "160208"),
            (moment(0, 0), "20210727060208"),
            (moment(120_000, 3), "20210727060208.120"),
            (moment(7, 6), "20210727060208.000007"),
            (Value::Uuid(uuid), &format!("X'{uuid_digits}'")),
            (Value::Json(Cow::Borrowed("[]")), "_utf8mb4 X'5B5D'"),
            (Value::Binary(Cow::Borrowed(b"\0'\xff")), "X'0027FF'"),
            (Value::Binary(Cow::Borrowed(b"")), "X''"),
        ] {
            assert_eq!(literal(&value), expected);
        }
        for (unscaled, scale, expected) in [
            (0, 0, "0"),
            (0, 2, "0.00"),
            (-5, 2, "-0.05"),
            (12345, 2, "123.45"),
            (7, 1, "0.7"),
            (-70, 0, "-70"),
        ] {
            assert_eq!(literal(&Value::Decimal(Decimal { unscaled, scale })), expected);
        }
        for (number, expected) in [
            (0.0, "0e0"),
            (-0.0, "0e0"),
            (0.1, "1e-1"),
            (1e22, "1e22"),
            (5e-324, "5e-324"),
            (-f64::MAX, "-1.7976931348623157e308"),
        ] {
            assert_eq!(literal(&Value::Double(Double::new(number).unwrap())), expected);
        }
    }

    #[test]
    fn compares_text_with_text_and_moments_with_moments() {
        assert_eq!(comparable(&Value::Integer(-7)), "-7");
        assert_eq!(comparable(&Value::Text("a".into())), "_utf8mb4 X'61'");
        assert_eq!(comparable(&moment(0, 0)), "20210727060208");
        assert_eq!(comparable(&moment(0, 3)), "TIMESTAMP'20210727060208.000'");
        assert!(comparable(&Value::Uuid(uuid::Uuid::nil())).starts_with("_utf8mb4 X'3030"));
    }

    #[test]
    fn binds_what_is_long() {
        let mut parameters = Vec::new();
        let mut text = String::new();
        let long = "é".repeat(MAX_LITERAL_BYTES / 2);
        push_value(&mut text, &Value::Text(long.as_str().into()), &mut parameters);
        assert_eq!((text.len(), parameters.len()), (2 * MAX_LITERAL_BYTES + 3, 0));
        text.clear();
        let longer = long + "x";
        push_value(&mut text, &Value::Text(longer.as_str().into()), &mut parameters);
        push_value(&mut text, &Value::Json(longer.as_str().into()), &mut parameters);
        push_value(&mut text, &Value::Binary(longer.as_bytes().into()), &mut parameters);
        assert_eq!(text, ":p0:p1:p2");
        let [Parameter::Text(first), Parameter::Text(second), Parameter::Binary(third)] = &parameters[..]
        else {
            panic!("{parameters:?}");
        };
        assert!(*first == longer && *second == longer && *third == longer.as_bytes());
    }
}
