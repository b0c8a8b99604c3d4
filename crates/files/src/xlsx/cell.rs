//! Converts a cell to a field of a record: the text that people who see the sheet would type.

use std::io::Write;

use domain::dictionary::ColumnType;
use domain::row::ERROR_VALUES;
use domain::value::CivilDate;

const DAY: i64 = 24 * 60 * 60;

/// The 29th of February 1900, which did not exist. Excel counts it all the same.
const NO_DAY: i64 = 60;
/// Days to 1970 from day 0, as it is counted from day 61 on.
const TO_1970_FROM_1900: i64 = 25_569;
/// The same if days are counted from 1904.
const TO_1970_FROM_1904: i64 = 24_107;

/// From here on floating point does not tell a whole number from its neighbours.
const INEXACT: f64 = 9_007_199_254_740_992.0;

/// Returns the name of an error, as the check of rows knows it; `#VALUE!` for an unknown one.
pub(super) fn error_name(text: &[u8]) -> &'static str {
    ERROR_VALUES.into_iter().find(|name| name.as_bytes() == text).unwrap_or("#VALUE!")
}

/// Adds a number as a cell holds it: a whole one without a point, any other with the fewest
/// digits that tell it from its neighbours, never with an exponent. Adds what is no number as it
/// is.
///
/// An id of more digits than floating point holds, which programs write as `1.234567890123457E+18`,
/// stays as it is, too: its last digits are lost, and a column of whole numbers refuses it so.
pub(super) fn push_number(text: &[u8], column: Option<ColumnType>, into: &mut Vec<u8>) {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    // Most are whole numbers, which are as they should be.
    let is_plain = matches!(digits, [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
    let is_amount = || is_decimal(column) && text.iter().any(|byte| matches!(byte, b'e' | b'E'));
    match parse(text).filter(|_| !is_plain) {
        Some(0.0) => into.push(b'0'),
        // Writing into a vector does not fail.
        Some(number) if number.abs() < INEXACT || is_amount() => drop(write!(into, "{number}")),
        _ => into.extend_from_slice(text),
    }
}

/// Adds a number with zeros before it, so that it has `width` digits if it is whole.
pub(super) fn push_digits(text: &[u8], width: u8, column: Option<ColumnType>, into: &mut Vec<u8>) {
    let start = into.len();
    push_number(text, column, into);
    if into[start..].iter().all(u8::is_ascii_digit) {
        let missing = usize::from(width).saturating_sub(into.len() - start);
        into.splice(start..start, std::iter::repeat_n(b'0', missing));
    }
}

fn is_decimal(column: Option<ColumnType>) -> bool {
    matches!(column, Some(ColumnType::Decimal { .. }))
}

/// Returns true for a column of numbers that may have a fraction.
pub(super) fn has_fraction(column: Option<ColumnType>) -> bool {
    is_decimal(column) || column == Some(ColumnType::Double)
}

/// Adds the day and time that a number in a cell with a date's style stands for; returns true if it
/// stands for one. A column of timestamps gets day and time, one of times a time without a day; any
/// other the time only when it is not midnight. The time has a fraction where it is between two
/// seconds, and no offset, for a cell has none.
pub(super) fn push_date(text: &[u8], is_1904: bool, column: Option<ColumnType>, into: &mut Vec<u8>) -> bool {
    let Some(serial) = parse(text).filter(|serial| (0.0..1e7).contains(serial)) else {
        return false;
    };
    // A fraction below the millisecond, which Excel does not show either, is what floating point
    // makes of it.
    let millis = (serial * 1000.0 * DAY as f64).round() as i64;
    let (second, millis) = (millis / 1000, millis % 1000);
    let (day, second) = (second / DAY, second % DAY);
    let has_time = second != 0 || millis != 0;
    let civil = |day| CivilDate::from_days(day).map(CivilDate::parts);
    let date = match day {
        // A time without a day.
        0 if has_time || !is_1904 || column == Some(ColumnType::Time) => None,
        NO_DAY if !is_1904 => Some(Some((1900, 2, 29))),
        day if is_1904 => Some(civil(day - TO_1970_FROM_1904)),
        1..NO_DAY => Some(civil(day + 1 - TO_1970_FROM_1900)),
        day => Some(civil(day - TO_1970_FROM_1900)),
    };
    if let Some(date) = date {
        let Some((year, month, day)) = date else { return false };
        drop(write!(into, "{year:04}-{month:02}-{day:02}"));
        if !has_time && !is_timestamp(column) {
            return true;
        }
        into.push(b'T');
    }
    drop(write!(into, "{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60));
    if millis != 0 {
        drop(write!(into, ".{millis:03}"));
    }
    true
}

/// Adds a date that is written in ISO 8601, in the form of the column.
pub(super) fn push_iso_date(text: &[u8], column: Option<ColumnType>, into: &mut Vec<u8>) {
    let is_timestamp = is_timestamp(column);
    let (day, time) = match text.iter().position(|byte| *byte == b'T') {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    match time {
        None if is_timestamp => into.extend([day, b"T00:00:00"].concat()),
        Some(time) if !is_timestamp && is_midnight(time) => into.extend_from_slice(day),
        _ => into.extend_from_slice(text),
    }
}

fn is_timestamp(column: Option<ColumnType>) -> bool {
    matches!(column, Some(ColumnType::Timestamp { .. }))
}

fn is_midnight(time: &[u8]) -> bool {
    let time = time.strip_suffix(b"Z").unwrap_or(time);
    match time.strip_prefix(b"00:00:00") {
        Some([b'.', fraction @ ..]) => fraction.iter().all(|digit| *digit == b'0'),
        rest => rest == Some(b""),
    }
}

fn parse(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::dictionary::{Dictionary, Table};
    use domain::row::{Fault, check_csv_row};

    const WHOLE: Option<ColumnType> = Some(ColumnType::Bigint);
    const AMOUNT: Option<ColumnType> = Some(ColumnType::Decimal { precision: 38, scale: 2 });
    const MOMENT: ColumnType = ColumnType::Timestamp { digits: 0 };

    fn number(text: &str, column: Option<ColumnType>) -> String {
        let mut field = Vec::new();
        push_number(text.as_bytes(), column, &mut field);
        String::from_utf8(field).unwrap()
    }

    fn date(text: &str, is_1904: bool, column: Option<ColumnType>) -> Option<String> {
        let mut field = Vec::new();
        push_date(text.as_bytes(), is_1904, column, &mut field).then(|| String::from_utf8(field).unwrap())
    }

    #[test]
    fn writes_numbers_as_people_do() {
        for (text, expected) in [
            ("7", "7"),
            ("-7", "-7"),
            ("0", "0"),
            ("-0", "0"),
            ("007", "7"),
            ("5.0", "5"),
            ("1E+2", "100"),
            ("1.5E-3", "0.0015"),
            ("0.1", "0.1"),
            ("59.969999999999999", "59.97"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("999999999999999", "999999999999999"),
            ("-123456789012345", "-123456789012345"),
            ("9.007199254740991E+15", "9007199254740991"),
            ("", ""),
            ("-", "-"),
            ("12,5", "12,5"),
            ("INF", "INF"),
            ("nan", "nan"),
            ("x", "x"),
        ] {
            assert_eq!(number(text, WHOLE), expected, "{text}");
            assert_eq!(number(text, AMOUNT), expected, "{text}");
            assert_eq!(number(text, Some(ColumnType::Double)), expected, "{text}");
        }
    }

    #[test]
    fn changes_no_digit_of_a_number_that_floating_point_does_not_hold() {
        for text in
            ["9007199254740993", "-1234567890123456789", "12345678901234567890123", "12345678901234567.89"]
        {
            assert_eq!(number(text, WHOLE), text);
            assert_eq!(number(text, AMOUNT), text);
        }
        assert_eq!(number("1.234567890123457e+18", WHOLE), "1.234567890123457e+18");
        assert_eq!(number("9.007199254740992E+15", None), "9.007199254740992E+15");
        assert_eq!(number("1.5E+18", AMOUNT), "1500000000000000000");
    }

    #[test]
    fn shows_the_zeros_that_a_format_asks_for() {
        for (text, expected) in [
            ("7", "00007"),
            ("12345", "12345"),
            ("123456", "123456"),
            ("-7", "-7"),
            ("7.5", "7.5"),
            ("0", "00000"),
        ] {
            let mut field = b"x".to_vec();
            push_digits(text.as_bytes(), 5, None, &mut field);
            assert_eq!(String::from_utf8(field).unwrap(), format!("x{expected}"));
        }
    }

    #[test]
    fn writes_dates_in_the_form_of_their_column() {
        let (day, time) = (Some(ColumnType::Date), Some(MOMENT));
        let (of_day, micros) = (Some(ColumnType::Time), Some(ColumnType::Timestamp { digits: 6 }));
        for (text, column, expected) in [
            ("44404", day, "2021-07-27"),
            ("44404", None, "2021-07-27"),
            ("44404", time, "2021-07-27T00:00:00"),
            ("44404.66814814815", time, "2021-07-27T16:02:08"),
            ("44404.66814814815", day, "2021-07-27T16:02:08"),
            ("44404.999999999", time, "2021-07-28T00:00:00"),
            ("44404.999999999", day, "2021-07-28"),
            ("44404.000000001", day, "2021-07-27"),
            ("44404.00001", day, "2021-07-27T00:00:00.864"),
            ("44561.99999537037", time, "2021-12-31T23:59:59.600"),
            ("44404.00000002", time, "2021-07-27T00:00:00.002"),
            ("44404.000000005", time, "2021-07-27T00:00:00"),
            ("44561.99999998842", time, "2021-12-31T23:59:59.999"),
            ("44404.99999998", time, "2021-07-27T23:59:59.998"),
            ("1", day, "1900-01-01"),
            ("59", day, "1900-02-28"),
            ("60", day, "1900-02-29"),
            ("60.5", day, "1900-02-29T12:00:00"),
            ("61", day, "1900-03-01"),
            ("36526", day, "2000-01-01"),
            ("36585", day, "2000-02-29"),
            ("2958465", day, "9999-12-31"),
            ("0.5", time, "12:00:00"),
            ("0.999999", None, "23:59:59.914"),
            ("0", None, "00:00:00"),
            ("0", of_day, "00:00:00"),
            ("0.66814814815", of_day, "16:02:08"),
            ("44404.66814814815", of_day, "2021-07-27T16:02:08"),
            ("44561.99999998842", micros, "2021-12-31T23:59:59.999"),
        ] {
            assert_eq!(date(text, false, column).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(date("0", true, day).as_deref(), Some("1904-01-01"));
        assert_eq!(date("0", true, of_day).as_deref(), Some("00:00:00"));
        assert_eq!(date("0.25", true, time).as_deref(), Some("06:00:00"));
        assert_eq!(date("60", true, day).as_deref(), Some("1904-03-01"));
        assert_eq!(date("42942", true, day).as_deref(), Some("2021-07-27"));
    }

    #[test]
    fn leaves_what_is_no_day_a_number() {
        for text in ["-1", "-0.5", "2958466", "1e300", "", "x", "NaN"] {
            assert_eq!(date(text, false, None), None, "{text}");
        }
    }

    #[test]
    fn brings_iso_dates_to_the_form_of_their_column() {
        for (text, column, expected) in [
            ("2021-07-27", ColumnType::Date, "2021-07-27"),
            ("2021-07-27", MOMENT, "2021-07-27T00:00:00"),
            ("2021-07-27T00:00:00", ColumnType::Date, "2021-07-27"),
            ("2021-07-27T00:00:00.000Z", ColumnType::Date, "2021-07-27"),
            ("2021-07-27T00:00:00.001", ColumnType::Date, "2021-07-27T00:00:00.001"),
            ("2021-07-27T00:00:00+02:00", ColumnType::Date, "2021-07-27T00:00:00+02:00"),
            ("2021-07-27T16:02:08", MOMENT, "2021-07-27T16:02:08"),
            ("2021-07-27T16:02:08.000Z", MOMENT, "2021-07-27T16:02:08.000Z"),
            ("2021-07-27T16:02:08.5", MOMENT, "2021-07-27T16:02:08.5"),
            ("2021-07-27T16:02:08+02:00", MOMENT, "2021-07-27T16:02:08+02:00"),
            ("16:02:08", ColumnType::Date, "16:02:08"),
        ] {
            let mut field = Vec::new();
            push_iso_date(text.as_bytes(), Some(column), &mut field);
            assert_eq!(String::from_utf8(field).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn every_error_has_a_name_that_the_check_of_rows_refuses() {
        let dictionary = Dictionary::parse(
            "test",
            r#"[[table]]
               name = "things"
               columns = [{ name = "id", type = "bigint", key = true }, { name = "text", type = "string(99)" }]"#,
        );
        let dictionary = dictionary.unwrap();
        let table: &Table = &dictionary.tables()[0];
        let columns = domain::load::Columns::in_dictionary_order(table);
        for text in ERROR_VALUES.into_iter().chain(["#FOO!", "", "Err:502", "#n/a", "7"]) {
            let fields = [&b"1"[..], error_name(text.as_bytes()).as_bytes()];
            let mut errors = Vec::new();
            check_csv_row(table, columns.fields(), 2, |index| fields[index], &mut Vec::new(), &mut errors);
            assert!(matches!(&*errors, [error] if matches!(error.fault, Fault::ErrorValue(_))), "{text}");
            assert!(!ERROR_VALUES.contains(&text) || error_name(text.as_bytes()) == text);
        }
    }
}
