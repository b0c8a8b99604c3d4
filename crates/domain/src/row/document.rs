//! JSON documents, in the form in which MySQL prints them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::json::Name;
use super::{Fault, no_value};
use crate::dictionary::{Column, ColumnType};
use crate::members::Members;
use crate::value::{Value, push_number, write_json_double};

/// Levels of arrays and objects in a document at most: what MariaDB takes. MySQL takes 100.
/// <https://mariadb.com/kb/en/json_valid/>
pub(super) const MAX_DEPTH: usize = 31;

/// Checks the document of a JSON column. `null` is no value, as it is for every other column.
pub(crate) fn check_document<'a>(column: &Column, json: &str) -> Result<Value<'a>, Fault<'a>> {
    match canonical_document(json)? {
        document if document == "null" => no_value(column),
        document => Ok(Value::Json(Cow::Owned(document))),
    }
}

/// Returns the document as MySQL prints it, so that a table holds the same text in every database:
/// members sorted by the lengths of their names and then byte by byte, the last one of a name that
/// is repeated, a space behind each comma and colon, and no character escaped that need not be.
///
/// Whole numbers of 64 bits stay what they are; numbers with a point or an exponent are doubles.
/// <https://dev.mysql.com/doc/refman/8.4/en/json.html#json-normalization>
///
/// # Errors
/// A text that is no JSON, a number that neither of them holds, too many levels, or too many bytes.
fn canonical_document<'a>(json: &str) -> Result<String, Fault<'a>> {
    let document: &RawValue = serde_json::from_str(json).map_err(not_json)?;
    let mut text = String::with_capacity(json.len());
    write(document.get(), 0, &mut text)?;
    if text.len() > ColumnType::MAX_TEXT_BYTES {
        return Err(Fault::TooManyBytes { length: text.len(), max: ColumnType::MAX_TEXT_BYTES });
    }
    Ok(text)
}

/// Appends a value that is within `depth` arrays and objects.
fn write<'a>(json: &str, depth: usize, text: &mut String) -> Result<(), Fault<'a>> {
    match json.as_bytes() {
        [b'{' | b'[', ..] if depth == MAX_DEPTH => return Err(Fault::TooDeep),
        [b'{', ..] => {
            let Members(members) =
                serde_json::from_str::<Members<Name<'_>, &RawValue>>(json).map_err(not_json)?;
            let sorted: BTreeMap<(usize, Cow<'_, str>), &RawValue> =
                members.into_iter().map(|(Name(name), value)| ((name.len(), name), value)).collect();
            text.push('{');
            for (position, ((_, name), value)) in sorted.iter().enumerate() {
                if position > 0 {
                    text.push_str(", ");
                }
                push_string(name, text);
                text.push_str(": ");
                write(value.get(), depth + 1, text)?;
            }
            text.push('}');
        }
        [b'[', ..] => {
            let items: Vec<&RawValue> = serde_json::from_str(json).map_err(not_json)?;
            text.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    text.push_str(", ");
                }
                write(item.get(), depth + 1, text)?;
            }
            text.push(']');
        }
        [b'"', ..] => {
            let Name(string) = serde_json::from_str(json).map_err(not_json)?;
            push_string(&string, text);
        }
        [b't' | b'f' | b'n', ..] => text.push_str(json),
        _ => write_number(json, text)?,
    }
    Ok(())
}

fn write_number<'a>(json: &str, text: &mut String) -> Result<(), Fault<'a>> {
    let too_large = Fault::OutOfRange(ColumnType::Json);
    if json.contains(['.', 'e', 'E']) {
        let number: f64 = json.parse().map_err(|_| Fault::NotOfType(ColumnType::Json))?;
        if !number.is_finite() {
            return Err(too_large);
        }
        write_json_double(number, text);
    } else if let Ok(number) = json.parse::<i64>() {
        push_number(text, number);
    } else {
        push_number(text, json.parse::<u64>().map_err(|_| too_large)?);
    }
    Ok(())
}

/// Appends a string in quotes; both escape the same characters in the same way.
fn push_string(string: &str, text: &mut String) {
    // Text alone cannot fail to serialize.
    text.push_str(&serde_json::to_string(string).unwrap_or_default());
}

fn not_json<'a>(_: serde_json::Error) -> Fault<'a> {
    Fault::NotOfType(ColumnType::Json)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The texts that MySQL 9.7 prints.
    #[test]
    fn writes_documents_as_mysql_does() {
        for (json, expected) in [
            (
                r#" {"b":1,"a":2,"aa":3,"B":4,"é":5,"":6} "#,
                r#"{"": 6, "B": 4, "a": 2, "b": 1, "aa": 3, "é": 5}"#,
            ),
            (r#"{"a":1,"b":2,"a":3}"#, r#"{"a": 3, "b": 2}"#),
            (r#"[1,[2,{"a":null}],true , false]"#, r#"[1, [2, {"a": null}], true, false]"#),
            ("[ ]", "[]"),
            ("{\n}", "{}"),
            (
                r#""a\u00e9\u0001\u001f\u007f\/\b\f\n\r\t\\\"""#,
                "\"aé\\u0001\\u001f\u{7f}/\\b\\f\\n\\r\\t\\\\\\\"\"",
            ),
            (r#""\ud83d\ude00\u2028""#, "\"😀\u{2028}\""),
            (r#"{"\u0000":1,"k\n":2}"#, r#"{"\u0000": 1, "k\n": 2}"#),
            ("-0", "0"),
            ("-0.0", "-0.0"),
            ("1e0", "1.0"),
            ("1E5", "100000.0"),
            ("1.10", "1.1"),
            ("1e15", "1e15"),
            ("-1.5e-10", "-0.00000000015"),
            ("1e-400", "0.0"),
            ("2.2250738585072011e-308", "2.225073858507201e-308"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("18446744073709551615", "18446744073709551615"),
        ] {
            assert_eq!(canonical_document(json).as_deref(), Ok(expected), "{json}");
        }
    }

    #[test]
    fn refuses_what_a_database_would_change_or_refuse() {
        let wrong = Fault::NotOfType(ColumnType::Json);
        for json in
            ["", "x", "1 2", "01", "+1", ".5", "1.", "NaN", "[1,]", r#"{"a"}"#, r#""\ud800""#, "\"\t\""]
        {
            assert_eq!(canonical_document(json), Err(wrong.clone()), "{json}");
        }
        for json in ["18446744073709551616", "[-9223372036854775809]", r#"{"a":1e400}"#] {
            assert_eq!(canonical_document(json), Err(Fault::OutOfRange(ColumnType::Json)), "{json}");
        }
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(canonical_document(&nested(MAX_DEPTH)), Ok(nested(MAX_DEPTH)));
        assert_eq!(canonical_document(&nested(MAX_DEPTH + 1)), Err(Fault::TooDeep));
        let string = |length: usize| format!("\"{}\"", "a".repeat(length - 2));
        assert!(canonical_document(&string(65_535)).is_ok());
        let fault = Fault::TooManyBytes { length: 65_536, max: 65_535 };
        assert_eq!(canonical_document(&string(65_536)), Err(fault));
    }

    proptest! {
        #[test]
        fn a_canonical_document_stays_as_it_is(json in document()) {
            let text = canonical_document(&json.to_string()).unwrap();
            prop_assert_eq!(canonical_document(&text), Ok(text.clone()));
            let same: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(same, json);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = canonical_document(&text);
        }
    }

    fn document() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<u64>().prop_map(Into::into),
            ".*".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                proptest::collection::vec((".{0,3}", inner), 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }
}
