//! Turns named parameters into a prepared statement's text and values.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use mysql_async::Value;

use crate::error::ApiError;
use crate::request::{Field, SqlParameter};

/// A statement ready to be sent: as text if it has no values, else prepared.
#[derive(Debug)]
pub(crate) struct Bound<'a> {
    pub(crate) sql: Cow<'a, str>,
    pub(crate) values: Vec<Value>,
}

/// Replaces each parameter of `sql` by a `?` and collects the values in that order.
pub(crate) fn bind<'a>(
    sql: &'a str,
    places: &[Range<usize>],
    parameters: &[SqlParameter<'_>],
) -> Result<Bound<'a>, ApiError> {
    // Every parameter is checked, even one that the text does not use.
    let mut named = HashMap::with_capacity(parameters.len());
    for parameter in parameters {
        let name = parameter.name.as_deref().unwrap_or_default();
        named.insert(name, convert(name, parameter)?);
    }
    if places.is_empty() {
        return Ok(Bound { sql: Cow::Borrowed(sql), values: Vec::new() });
    }
    let mut text = String::with_capacity(sql.len());
    let mut values = Vec::with_capacity(places.len());
    let mut copied = 0;
    for place in places {
        let name = &sql[place.start + 1..place.end];
        let Some(bound) = named.get(name) else {
            return Err(ApiError::bad_request(format!("Cannot find parameter: {name}")));
        };
        text.push_str(&sql[copied..place.start]);
        copied = place.end;
        match bound.decimals {
            // A decimal bound as text would be compared as a double; the cast keeps every digit.
            Some(scale) => {
                let _ = write!(text, "CAST(? AS DECIMAL(65,{scale}))");
            }
            None => text.push('?'),
        }
        values.push(bound.value.clone());
    }
    text.push_str(&sql[copied..]);
    Ok(Bound { sql: Cow::Owned(text), values })
}

struct Converted {
    value: Value,
    /// Digits after the point, for a value that is hinted to be a decimal.
    decimals: Option<usize>,
}

fn convert(name: &str, parameter: &SqlParameter<'_>) -> Result<Converted, ApiError> {
    let plain = |value| Ok(Converted { value, decimals: None });
    let Some(field) = &parameter.value else {
        return Err(no_value(name));
    };
    if members(field) != 1 {
        return Err(if members(field) == 0 {
            no_value(name)
        } else {
            ApiError::bad_request(format!("Parameter \"{name}\" has more than one value set"))
        });
    }
    if let Some(text) = &field.string_value {
        return match parameter.type_hint.as_deref() {
            None => plain(Value::Bytes(text.as_bytes().to_vec())),
            Some(hint) => hinted(name, text, hint),
        };
    }
    if let Some(hint) = parameter.type_hint.as_deref()
        && field.is_null.is_none()
    {
        return Err(ApiError::bad_request(format!(
            "Parameter \"{name}\" has the type hint {hint}, which needs a stringValue"
        )));
    }
    plain(match field {
        Field { array_value: Some(_), .. } => {
            return Err(ApiError::bad_request("Array parameters are not supported."));
        }
        Field { is_null: Some(true), .. } => Value::NULL,
        Field { boolean_value: Some(value), .. } => Value::Int(i64::from(*value)),
        Field { long_value: Some(value), .. } => Value::Int(*value),
        Field { double_value: Some(value), .. } if value.0.is_finite() => Value::Double(value.0),
        Field { double_value: Some(_), .. } => {
            return Err(ApiError::bad_request(format!("Parameter \"{name}\" is not a finite number")));
        }
        Field { blob_value: Some(value), .. } => Value::Bytes(
            BASE64_STANDARD
                .decode(value.as_bytes())
                .map_err(|_| ApiError::bad_request(format!("Parameter \"{name}\" is not valid Base64")))?,
        ),
        // isNull: false says that there is a value, and gives none.
        _ => return Err(no_value(name)),
    })
}

fn members(field: &Field<'_>) -> usize {
    [
        field.is_null.is_some(),
        field.boolean_value.is_some(),
        field.long_value.is_some(),
        field.double_value.is_some(),
        field.string_value.is_some(),
        field.blob_value.is_some(),
        field.array_value.is_some(),
    ]
    .into_iter()
    .filter(|set| *set)
    .count()
}

fn no_value(name: &str) -> ApiError {
    ApiError::bad_request(format!("Parameter \"{name}\" has value with no field set"))
}

fn hinted(name: &str, text: &str, hint: &str) -> Result<Converted, ApiError> {
    let decimals = if hint == "DECIMAL" { decimal_scale(text) } else { None };
    let is_valid = match hint {
        "DECIMAL" => decimals.is_some(),
        "DATE" => is_date(text),
        "TIME" => is_time(text),
        "TIMESTAMP" => text.split_once(' ').is_some_and(|(date, time)| is_date(date) && is_time(time)),
        "JSON" => serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
        "UUID" => is_uuid(text),
        // The model has no other.
        _ => false,
    };
    if !is_valid {
        return Err(ApiError::bad_request(format!(
            "Parameter \"{name}\" cannot be parsed as {hint}: \"{text}\""
        )));
    }
    Ok(Converted { value: Value::Bytes(text.as_bytes().to_vec()), decimals })
}

/// Returns the number of digits after the point, if `text` is a decimal number that MySQL can hold.
fn decimal_scale(text: &str) -> Option<usize> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let valid = all_digits(whole)
        && all_digits(fraction)
        && (!whole.is_empty() || !fraction.is_empty())
        && fraction.len() <= 30
        && whole.trim_start_matches('0').len() + fraction.len() <= 65;
    valid.then_some(fraction.len())
}

/// Returns true for `YYYY-MM-DD`, a day of the calendar.
fn is_date(text: &str) -> bool {
    text.len() == 10 && shaped(text, "0000-00-00") && text.parse::<jiff::civil::Date>().is_ok()
}

/// Returns true for `HH:MM:SS[.FFF]`, up to six digits.
fn is_time(text: &str) -> bool {
    let (seconds, fraction) = match text.split_once('.') {
        Some((seconds, fraction)) => (seconds, Some(fraction)),
        None => (text, None),
    };
    let fraction_fits = fraction
        .is_none_or(|digits| (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
    let below = |range: Range<usize>, bound: u8| seconds[range].parse::<u8>().is_ok_and(|n| n < bound);
    fraction_fits && shaped(seconds, "00:00:00") && below(0..2, 24) && below(3..5, 60) && below(6..8, 60)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Returns true if `text` has a digit where `shape` has a zero, and the same byte elsewhere.
fn shaped(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(byte, form)| if form == b'0' { byte.is_ascii_digit() } else { byte == form })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::lexer;

    fn bound(sql: &str, parameters: &str) -> Result<(String, Vec<Value>), String> {
        let parameters: Vec<SqlParameter<'_>> = serde_json::from_str(parameters).unwrap();
        bind(sql, &lexer::scan(sql, true).parameters, &parameters)
            .map(|bound| (bound.sql.into_owned(), bound.values))
            .map_err(|error| error.message)
    }

    #[test]
    fn values_follow_the_places_in_the_text() {
        let (sql, values) = bound(
            "SELECT :b, ':b', :a, :b",
            r#"[{"name":"a","value":{"longValue":1}},{"name":"b","value":{"stringValue":"x"}}]"#,
        )
        .unwrap();
        assert_eq!(sql, "SELECT ?, ':b', ?, ?");
        let x = || Value::Bytes(b"x".to_vec());
        assert_eq!(values, [x(), Value::Int(1), x()]);
    }

    #[test]
    fn a_decimal_keeps_its_digits() {
        let one = |text: &str| {
            bound(
                "SELECT :d",
                &format!(r#"[{{"name":"d","typeHint":"DECIMAL","value":{{"stringValue":"{text}"}}}}]"#),
            )
        };
        assert_eq!(one("-12.340").unwrap().0, "SELECT CAST(? AS DECIMAL(65,3))");
        for wrong in ["", ".", "1e5", "abc", "1.2.3", " 1", "0x1"] {
            assert!(one(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hints_are_checked() {
        let one = |hint: &str, text: &str| {
            let json = serde_json::json!([{"name": "v", "typeHint": hint, "value": {"stringValue": text}}]);
            bound("SELECT :v", &json.to_string()).is_ok()
        };
        for (hint, right) in [
            ("DATE", "2024-02-29"),
            ("TIME", "23:59:59.999"),
            ("TIMESTAMP", "2021-07-27 16:02:08"),
            ("TIMESTAMP", "2021-07-27 16:02:08.123456"),
            ("JSON", r#"{"a":[1]}"#),
            ("UUID", "123e4567-e89b-12d3-a456-426614174000"),
        ] {
            assert!(one(hint, right), "{hint} {right}");
        }
        for (hint, wrong) in [
            ("DATE", "2021-02-30"),
            ("DATE", "21-02-03"),
            ("TIME", "24:00:00"),
            ("TIME", "1:2:3"),
            ("TIMESTAMP", "2021-07-27T16:02:08"),
            ("JSON", "{"),
            ("UUID", "123"),
            ("NUMBER", "1"),
        ] {
            assert!(!one(hint, wrong), "{hint} {wrong}");
        }
    }

    #[test]
    fn refuses_what_has_no_value() {
        let error = |json| bound("SELECT :a", json).unwrap_err();
        assert_eq!(error("[]"), "Cannot find parameter: a");
        assert_eq!(error(r#"[{"name":"a","value":{}}]"#), "Parameter \"a\" has value with no field set");
        assert_eq!(
            error(r#"[{"name":"a","value":{"arrayValue":{"longValues":[1]}}}]"#),
            "Array parameters are not supported."
        );
        assert!(
            error(r#"[{"name":"a","value":{"longValue":1,"stringValue":"1"}}]"#).contains("more than one")
        );
        assert!(error(r#"[{"name":"a","value":{"blobValue":"*"}}]"#).contains("Base64"));
    }
}
