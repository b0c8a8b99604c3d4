//! Writes the database's rows as `records` or `formattedRecords` into the body of the answer.

use std::borrow::Cow;
use std::io::Write as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use mysql_async::{Column, Value};

use super::columns::{self, Kind};
use crate::error::{ApiError, TooLarge};
use crate::limits::Limits;
use crate::wire::Row;

/// The format of numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NumberOptions {
    pub(crate) decimals_as_numbers: bool,
    pub(crate) longs_as_strings: bool,
}

/// Writes the rows of one result set, and measures them by each of the service's limits.
#[derive(Debug)]
pub(crate) struct RecordWriter<'a> {
    limits: &'a Limits,
    options: NumberOptions,
    kinds: Vec<Kind>,
    /// For `formatRecordsAs=JSON`: each column's `"label":`.
    keys: Option<Vec<Vec<u8>>>,
    out: Vec<u8>,
    rows: usize,
    /// The bytes that the database sent.
    database_bytes: usize,
    /// The bytes of the answer's body beside the rows.
    around: usize,
}

impl<'a> RecordWriter<'a> {
    /// `around` is how long the answer's body is without its rows.
    pub(crate) fn new(
        columns: &[Column],
        formatted: bool,
        options: NumberOptions,
        limits: &'a Limits,
        around: usize,
    ) -> Result<Self, ApiError> {
        let kinds = columns.iter().map(columns::kind).collect::<Result<_, _>>()?;
        let keys = if formatted { Some(keys(columns)?) } else { None };
        Ok(Self { limits, options, kinds, keys, out: vec![b'['], rows: 0, database_bytes: 0, around })
    }

    /// Adds a row, or returns the limit that it breaks.
    pub(crate) fn push(&mut self, row: Row<'_>) -> Result<(), TooLarge> {
        let before = self.out.len();
        if self.rows > 0 {
            self.out.push(b',');
        }
        self.rows += 1;
        self.out.push(if self.keys.is_some() { b'{' } else { b'[' });
        let mut row_bytes = 0;
        match row {
            Row::Text(mut fields) => {
                for index in 0..self.kinds.len() {
                    let field = fields.next_field().flatten().map_or(Source::Null, Source::Text);
                    row_bytes += self.push_field(index, field);
                }
            }
            Row::Values(values) => {
                for index in 0..self.kinds.len() {
                    let field = values.get(index).map_or(Source::Null, Source::of);
                    row_bytes += self.push_field(index, field);
                }
            }
        }
        if row_bytes > self.limits.row_bytes {
            return Err(TooLarge::Row(row_bytes, self.limits.row_bytes));
        }
        self.database_bytes += row_bytes;
        self.out.push(if self.keys.is_some() { b'}' } else { b']' });
        let limit = if self.keys.is_some() {
            // The rows become a string of the body, in which each of these gets a backslash.
            self.around += memchr::memchr2_iter(b'"', b'\\', &self.out[before..]).count();
            self.limits.formatted_bytes
        } else {
            self.limits.result_bytes
        };
        let answer_bytes = self.around + self.out.len() + 1;
        if answer_bytes > limit || self.database_bytes > self.limits.result_bytes {
            return Err(TooLarge::Result);
        }
        Ok(())
    }

    /// Writes one field; returns its length in a packet of the database.
    fn push_field(&mut self, index: usize, field: Source<'_>) -> usize {
        if index > 0 {
            self.out.push(b',');
        }
        let cell = cell(self.kinds[index], field, self.options);
        match &self.keys {
            Some(keys) => {
                self.out.extend_from_slice(&keys[index]);
                write_plain(&mut self.out, &cell);
            }
            None => write_field(&mut self.out, &cell),
        }
        field.packet_bytes()
    }

    /// Returns the JSON array of all rows.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.out.push(b']');
        self.out
    }
}

fn keys(columns: &[Column]) -> Result<Vec<Vec<u8>>, ApiError> {
    let mut keys: Vec<Vec<u8>> = Vec::with_capacity(columns.len());
    for column in columns {
        let mut key = Vec::new();
        write_string(&mut key, &column.name_str());
        key.push(b':');
        if keys.contains(&key) {
            return Err(ApiError::bad_request(format!(
                "The result contains the duplicate column name \"{}\"; give it an alias to format records as JSON.",
                column.name_str()
            )));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// A value as the database sent it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Source<'a> {
    Null,
    /// Text or bytes: all that the text protocol has.
    Text(&'a [u8]),
    /// A number or a time of the binary protocol.
    Binary(&'a Value),
}

impl<'a> Source<'a> {
    fn of(value: &'a Value) -> Self {
        match value {
            Value::NULL => Self::Null,
            Value::Bytes(bytes) => Self::Text(bytes),
            other => Self::Binary(other),
        }
    }

    /// Returns the length of a field in a packet of the database, its length prefix included.
    fn packet_bytes(self) -> usize {
        let text = |length: usize| {
            length
                + match length {
                    0..=250 => 1,
                    251..=0xffff => 3,
                    0x1_0000..=0xff_ffff => 4,
                    _ => 9,
                }
        };
        match self {
            Self::Null => 1,
            Self::Text(bytes) => text(bytes.len()),
            Self::Binary(value) => match value {
                Value::NULL => 1,
                Value::Bytes(bytes) => text(bytes.len()),
                Value::Float(_) => 4,
                Value::Int(_) | Value::UInt(_) | Value::Double(_) => 8,
                Value::Date(..) => 12,
                Value::Time(..) => 13,
            },
        }
    }
}

/// A value as clients see it.
#[derive(Debug, PartialEq)]
enum Cell<'a> {
    Null,
    Boolean(bool),
    Long(i64),
    Double(f64),
    Text(Cow<'a, str>),
    Blob(&'a [u8]),
}

fn cell(kind: Kind, value: Source<'_>, options: NumberOptions) -> Cell<'_> {
    if value == Source::Null {
        return Cell::Null;
    }
    match kind {
        Kind::Boolean => Cell::Boolean(match value {
            // BIT(1) is one byte; TINYINT(1) comes as digits by the text protocol.
            Source::Text(bytes) => bytes.iter().any(|byte| !matches!(byte, 0 | b'0')),
            Source::Binary(Value::Int(number)) => *number != 0,
            _ => value != Source::Binary(&Value::UInt(0)),
        }),
        Kind::Long => match long(value) {
            Some(number) if !options.longs_as_strings => Cell::Long(number),
            // Beyond a signed 64-bit number (BIGINT UNSIGNED): its digits.
            _ => Cell::Text(text(value, 0)),
        },
        Kind::Float | Kind::Double => Cell::Double(match value {
            Source::Binary(Value::Float(number)) => number.to_string().parse().unwrap_or(f64::from(*number)),
            Source::Binary(Value::Double(number)) => *number,
            other => text(other, 0).parse().unwrap_or(f64::NAN),
        }),
        Kind::Decimal { scale } if options.decimals_as_numbers => {
            let digits = text(value, 0);
            match digits.parse() {
                Ok(number) if scale == 0 => Cell::Long(number),
                _ => digits.parse().map_or(Cell::Text(digits), Cell::Double),
            }
        }
        Kind::Decimal { .. } | Kind::Text => Cell::Text(text(value, 0)),
        Kind::Date => Cell::Text(match value {
            Source::Binary(Value::Date(year, month, day, ..)) => {
                format!("{year:04}-{month:02}-{day:02}").into()
            }
            other => text(other, 0),
        }),
        Kind::Temporal { digits } => Cell::Text(text(value, digits)),
        Kind::Blob => match value {
            Source::Text(bytes) => Cell::Blob(bytes),
            other => Cell::Text(text(other, 0)),
        },
    }
}

fn long(value: Source<'_>) -> Option<i64> {
    match value {
        Source::Binary(Value::Int(number)) => Some(*number),
        Source::Binary(Value::UInt(number)) => i64::try_from(*number).ok(),
        Source::Text(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
        _ => None,
    }
}

/// Returns a value as the text protocol writes it; `digits` is the precision of fractional seconds.
fn text(value: Source<'_>, digits: u8) -> Cow<'_, str> {
    let fraction = |micros: u32| {
        let digits = usize::from(digits.min(6));
        if digits == 0 { String::new() } else { format!(".{}", &format!("{micros:06}")[..digits]) }
    };
    let value = match value {
        Source::Null => return Cow::Borrowed(""),
        Source::Text(bytes) => return String::from_utf8_lossy(bytes),
        Source::Binary(value) => value,
    };
    match value {
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes),
        Value::NULL => Cow::Borrowed(""),
        Value::Int(number) => number.to_string().into(),
        Value::UInt(number) => number.to_string().into(),
        Value::Float(number) => number.to_string().into(),
        Value::Double(number) => number.to_string().into(),
        Value::Date(year, month, day, hour, minute, second, micros) => {
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{}", fraction(*micros))
                .into()
        }
        Value::Time(negative, days, hours, minutes, seconds, micros) => format!(
            "{}{:02}:{minutes:02}:{seconds:02}{}",
            if *negative { "-" } else { "" },
            days * 24 + u32::from(*hours),
            fraction(*micros)
        )
        .into(),
    }
}

fn write_field(out: &mut Vec<u8>, cell: &Cell<'_>) {
    let member: &[u8] = match cell {
        Cell::Null => return out.extend_from_slice(b"{\"isNull\":true}"),
        Cell::Boolean(_) => b"{\"booleanValue\":",
        Cell::Long(_) => b"{\"longValue\":",
        Cell::Double(_) => b"{\"doubleValue\":",
        Cell::Text(_) => b"{\"stringValue\":",
        Cell::Blob(_) => b"{\"blobValue\":",
    };
    out.extend_from_slice(member);
    write_plain(out, cell);
    out.push(b'}');
}

fn write_plain(out: &mut Vec<u8>, cell: &Cell<'_>) {
    match cell {
        Cell::Null => out.extend_from_slice(b"null"),
        Cell::Boolean(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        Cell::Long(value) => {
            let _ = write!(out, "{value}");
        }
        Cell::Double(value) => {
            let _ = serde_json::to_writer(out, value);
        }
        Cell::Text(value) => write_string(out, value),
        Cell::Blob(bytes) => {
            out.push(b'"');
            out.extend_from_slice(BASE64_STANDARD.encode(bytes).as_bytes());
            out.push(b'"');
        }
    }
}

/// Writes a JSON string. Writing to a vector cannot fail.
pub(crate) fn write_string(out: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: Kind, value: &Value, options: NumberOptions) -> String {
        let mut out = Vec::new();
        write_field(&mut out, &cell(kind, Source::of(value), options));
        String::from_utf8(out).unwrap()
    }

    fn plain(kind: Kind, value: &Value) -> String {
        field(kind, value, NumberOptions::default())
    }

    fn bytes(text: &str) -> Value {
        Value::Bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn both_protocols_give_the_same_fields() {
        let same = |kind, text: &str, binary| {
            let expected = plain(kind, &bytes(text));
            assert_eq!(plain(kind, &binary), expected);
            expected
        };
        assert_eq!(same(Kind::Boolean, "1", Value::Int(1)), r#"{"booleanValue":true}"#);
        assert_eq!(same(Kind::Boolean, "0", Value::Int(0)), r#"{"booleanValue":false}"#);
        assert_eq!(same(Kind::Long, "-5", Value::Int(-5)), r#"{"longValue":-5}"#);
        assert_eq!(
            same(Kind::Long, "18446744073709551615", Value::UInt(u64::MAX)),
            r#"{"stringValue":"18446744073709551615"}"#
        );
        assert_eq!(same(Kind::Float, "1.1", Value::Float(1.1)), r#"{"doubleValue":1.1}"#);
        assert_eq!(same(Kind::Double, "1e300", Value::Double(1e300)), r#"{"doubleValue":1e+300}"#);
        assert_eq!(
            same(
                Kind::Temporal { digits: 3 },
                "2021-07-27 16:02:08.120",
                Value::Date(2021, 7, 27, 16, 2, 8, 120_000)
            ),
            r#"{"stringValue":"2021-07-27 16:02:08.120"}"#
        );
        assert_eq!(
            same(Kind::Date, "2021-07-27", Value::Date(2021, 7, 27, 0, 0, 0, 0)),
            r#"{"stringValue":"2021-07-27"}"#
        );
        assert_eq!(
            same(Kind::Temporal { digits: 0 }, "-26:03:04", Value::Time(true, 1, 2, 3, 4, 0)),
            r#"{"stringValue":"-26:03:04"}"#
        );
    }

    #[test]
    fn zerofill_and_blobs_are_valid_json() {
        assert_eq!(plain(Kind::Long, &bytes("00042")), r#"{"longValue":42}"#);
        assert_eq!(plain(Kind::Blob, &Value::Bytes(vec![0, 255])), r#"{"blobValue":"AP8="}"#);
        assert_eq!(plain(Kind::Text, &bytes("\"\u{1}")), r#"{"stringValue":"\"\u0001"}"#);
        assert_eq!(plain(Kind::Text, &Value::NULL), r#"{"isNull":true}"#);
    }

    #[test]
    fn options_turn_numbers() {
        let numbers = NumberOptions { decimals_as_numbers: true, longs_as_strings: true };
        assert_eq!(field(Kind::Long, &bytes("7"), numbers), r#"{"stringValue":"7"}"#);
        assert_eq!(field(Kind::Decimal { scale: 2 }, &bytes("1.50"), numbers), r#"{"doubleValue":1.5}"#);
        assert_eq!(field(Kind::Decimal { scale: 0 }, &bytes("15"), numbers), r#"{"longValue":15}"#);
        assert_eq!(plain(Kind::Decimal { scale: 2 }, &bytes("1.50")), r#"{"stringValue":"1.50"}"#);
    }
}
