//! What a cell becomes as a field of a record: what people who look at the sheet would type.

use std::io::Write;

use domain::dictionary::ColumnType;

const DAY: i64 = 24 * 60 * 60;

/// The 29th of February 1900, which did not exist. Excel counts it all the same.
const NO_DAY: i64 = 60;
/// Days to 1970 from day 0, as it is counted from day 61 on.
const TO_1970_FROM_1900: i64 = 25_569;
/// The same where days are counted from 1904.
const TO_1970_FROM_1904: i64 = 24_107;

/// Adds a number as it stands in a cell: a whole one without a point, any other with the fewest digits that tell it
/// from its neighbours, never with an exponent. What is no number is added as it is.
pub(super) fn push_number(text: &[u8], into: &mut Vec<u8>) {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    // Most are short whole numbers, which are as they should be. Floating point has 15 digits that are certain.
    let is_plain =
        matches!(digits, [b'1'..=b'9', rest @ ..] if rest.len() < 15 && rest.iter().all(u8::is_ascii_digit));
    match parse(text).filter(|_| !is_plain) {
        Some(0.0) => into.push(b'0'),
        // Writing into a vector does not fail.
        Some(number) => drop(write!(into, "{number}")),
        None => into.extend_from_slice(text),
    }
}

/// Adds the day and time that a number in a cell with a date's style stands for, to the second; says whether it stands
/// for one. A column of timestamps gets day and time; any other the time only when it is not midnight.
pub(super) fn push_date(text: &[u8], is_1904: bool, column: Option<ColumnType>, into: &mut Vec<u8>) -> bool {
    let Some(serial) = parse(text).filter(|serial| (0.0..1e7).contains(serial)) else {
        return false;
    };
    let seconds = (serial * DAY as f64).round() as i64;
    let (day, second) = (seconds / DAY, seconds % DAY);
    let day = match day {
        day if is_1904 => day - TO_1970_FROM_1904,
        // A time without a day.
        0 | NO_DAY => return false,
        1..NO_DAY => day + 1 - TO_1970_FROM_1900,
        _ => day - TO_1970_FROM_1900,
    };
    let (year, month, day) = civil(day);
    if year > 9999 {
        return false;
    }
    drop(write!(into, "{year:04}-{month:02}-{day:02}"));
    if second != 0 || column == Some(ColumnType::Timestamp) {
        drop(write!(into, "T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60));
    }
    true
}

/// Adds a date that is written in ISO 8601, in the form of the column.
pub(super) fn push_iso_date(text: &[u8], column: Option<ColumnType>, into: &mut Vec<u8>) {
    let is_timestamp = column == Some(ColumnType::Timestamp);
    let (day, time) = match text.iter().position(|byte| *byte == b'T') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &b""[..]),
    };
    let time = time.strip_suffix(b"Z").unwrap_or(time);
    let time = match time.split_at_checked(8) {
        Some((time, [b'.', fraction @ ..])) if fraction.iter().all(|digit| *digit == b'0') => time,
        _ => time,
    };
    let is_midnight = matches!(time, b"" | b"00:00:00");
    into.extend_from_slice(day);
    if is_timestamp || !is_midnight {
        into.push(b'T');
        into.extend_from_slice(if is_midnight { b"00:00:00" } else { time });
        into.push(b'Z');
    }
}

fn parse(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Year, month and day of a day counted from 1970: `civil_from_days` of
/// <https://howardhinnant.github.io/date_algorithms.html>.
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> String {
        let mut field = Vec::new();
        push_number(text.as_bytes(), &mut field);
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
            ("1E3", "1000"),
            ("1.5E-3", "0.0015"),
            ("0.1", "0.1"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("999999999999999", "999999999999999"),
            ("-123456789012345", "-123456789012345"),
            ("1.2345678901234567E+19", "12345678901234567000"),
            ("", ""),
            ("-", "-"),
            ("INF", "INF"),
            ("nan", "nan"),
            ("x", "x"),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn writes_dates_in_the_form_of_their_column() {
        let (day, moment) = (Some(ColumnType::Date), Some(ColumnType::Timestamp));
        for (text, column, expected) in [
            ("44404", day, "2021-07-27"),
            ("44404", None, "2021-07-27"),
            ("44404", moment, "2021-07-27T00:00:00Z"),
            ("44404.66814814815", moment, "2021-07-27T16:02:08Z"),
            ("44404.66814814815", day, "2021-07-27T16:02:08Z"),
            ("44404.999999", moment, "2021-07-28T00:00:00Z"),
            ("44404.99999", moment, "2021-07-27T23:59:59Z"),
            ("1", day, "1900-01-01"),
            ("59", day, "1900-02-28"),
            ("61", day, "1900-03-01"),
            ("36526", day, "2000-01-01"),
            ("36585", day, "2000-02-29"),
            ("2958465", day, "9999-12-31"),
        ] {
            assert_eq!(date(text, false, column).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(date("0", true, day).as_deref(), Some("1904-01-01"));
        assert_eq!(date("42942", true, day).as_deref(), Some("2021-07-27"));
    }

    #[test]
    fn leaves_what_is_no_day_a_number() {
        for text in ["0", "0.5", "60", "60.5", "-1", "2958466", "1e300", "", "x", "NaN"] {
            assert_eq!(date(text, false, None), None, "{text}");
        }
    }

    #[test]
    fn brings_iso_dates_to_the_form_of_their_column() {
        for (text, column, expected) in [
            ("2021-07-27", ColumnType::Date, "2021-07-27"),
            ("2021-07-27", ColumnType::Timestamp, "2021-07-27T00:00:00Z"),
            ("2021-07-27T00:00:00", ColumnType::Date, "2021-07-27"),
            ("2021-07-27T16:02:08", ColumnType::Timestamp, "2021-07-27T16:02:08Z"),
            ("2021-07-27T16:02:08.000Z", ColumnType::Timestamp, "2021-07-27T16:02:08Z"),
            ("2021-07-27T16:02:08.5", ColumnType::Timestamp, "2021-07-27T16:02:08.5Z"),
            ("16:02:08", ColumnType::Date, "16:02:08"),
        ] {
            let mut field = Vec::new();
            push_iso_date(text.as_bytes(), Some(column), &mut field);
            assert_eq!(String::from_utf8(field).unwrap(), expected, "{text}");
        }
    }
}
