//! Rows as the HTTP API gives them out.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use uuid::Uuid;

use crate::dictionary::{Column, Table};
use crate::row_text::{RowTextError, parse_row_text};
use crate::value::{Key, Value, push_number};

/// Writes a row as a JSON object: a member for each column, by its own name and in the dictionary's
/// order.
///
/// The check of rows of a [batch](crate::batch) reads it back to the same values: whole numbers and
/// doubles are numbers, decimals are strings with every digit of their scale (most readers of JSON
/// would make floats of numbers), `"2021-07-27"`, `"16:02:08"`, `"2021-07-27T16:02:08.123Z"`, UUIDs
/// in lower case, bytes in base64, documents as they are, `true`, `null`.
pub fn write_json_row(table: &Table, values: &[Value<'_>], into: &mut String) {
    let mut before = '{';
    for (column, value) in table.columns().iter().zip(values) {
        into.push(before);
        before = ',';
        // Names of columns have nothing to escape.
        let _ = write!(into, "\"{}\":", column.name());
        write_json_value(value, into);
    }
    into.push('}');
}

/// A row as a JSON object, and its key, from its text where every column may be NULL, as the
/// database gives it.
///
/// # Errors
/// As [`parse_row_text`]; also where a column of the key is NULL. Such a row was written past
/// Rowgate.
pub fn json_of_row_text(table: &Table, text: &str) -> Result<(String, Key), RowTextError> {
    let nullable = vec![true; table.columns().len()];
    let mut values = Vec::with_capacity(nullable.len());
    parse_row_text(table, &nullable, text, &mut values)?;
    let key = table.key_of(&values).ok_or_else(|| RowTextError {
        column: table.key_columns().next().map_or("", Column::name).to_owned(),
        problem: "the key is NULL",
    })?;
    let mut json = String::with_capacity(2 * text.len());
    write_json_row(table, &values, &mut json);
    Ok((json, key))
}

/// Returns the text of a value as a file has it: as in JSON, without quotes around it; `None` for
/// no value.
pub fn value_text(value: &Value<'_>) -> Option<String> {
    if matches!(value, Value::Null) {
        return None;
    }
    let mut text = String::new();
    write_plain(value, &mut text);
    Some(text)
}

/// Appends a value as JSON.
pub fn write_json_value(value: &Value<'_>, into: &mut String) {
    match value {
        Value::Null => into.push_str("null"),
        Value::Integer(_) | Value::Double(_) | Value::Boolean(_) | Value::Json(_) => write_plain(value, into),
        // Text alone cannot fail to serialize.
        Value::Text(text) => into.push_str(&serde_json::to_string(text).unwrap_or_default()),
        Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::Timestamp(_)
        | Value::Uuid(_)
        | Value::Binary(_) => {
            into.push('"');
            write_plain(value, into);
            into.push('"');
        }
    }
}

/// Appends a value without quotes around it; nothing for no value.
fn write_plain(value: &Value<'_>, into: &mut String) {
    match value {
        Value::Null => {}
        Value::Integer(number) => push_number(into, *number),
        Value::Double(number) => number.write_to(into),
        Value::Decimal(decimal) => decimal.write_to(into),
        Value::Text(text) | Value::Json(text) => into.push_str(text),
        Value::Boolean(truth) => into.push_str(if *truth { "true" } else { "false" }),
        Value::Date(date) => date.write_to(into),
        Value::Time(time) => time.write_to(into),
        Value::Timestamp(moment) => {
            moment.write_to('T', into);
            into.push('Z');
        }
        Value::Uuid(uuid) => into.push_str(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer())),
        Value::Binary(bytes) => BASE64_STANDARD.encode_string(bytes, into),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::dictionary::Dictionary;
    use crate::row::check_json_row;
    use crate::row_text::write_row_text;

    fn every_type() -> Dictionary {
        let text = r#"
            [[table]]
            name = "things"
            columns = [
                { name = "id", type = "bigint", key = true },
                { name = "small", type = "integer", required = false },
                { name = "price", type = "decimal(5,2)", required = false },
                { name = "name", type = "string(20)", required = false },
                { name = "on_sale", type = "boolean", required = false },
                { name = "day", type = "date", required = false },
                { name = "moment", type = "timestamp", required = false },
                { name = "tiny", type = "smallint", required = false },
                { name = "weight", type = "double", required = false },
                { name = "notes", type = "text", required = false },
                { name = "opens", type = "time", required = false },
                { name = "millis", type = "timestamp(3)", required = false },
                { name = "micros", type = "timestamp(6)", required = false },
                { name = "part", type = "uuid", required = false },
                { name = "more", type = "json", required = false },
                { name = "bytes", type = "binary(5)", required = false },
            ]
        "#;
        Dictionary::parse("test", text).unwrap()
    }

    #[test]
    fn a_row_is_read_from_its_text_with_its_key() {
        let dictionary = every_type();
        let table = dictionary.table("things").unwrap();
        let text = |values: &[Value<'_>]| {
            let mut text = String::new();
            write_row_text(values, &mut text);
            text
        };
        let mut json = String::new();
        let mut values = vec![Value::Null; table.columns().len()];
        values[0] = Value::Integer(7);
        values[3] = Value::Text("a \"b\"".into());
        write_json_row(table, &values, &mut json);
        assert_eq!(json_of_row_text(table, &text(&values)), Ok((json, Key::from(7))));
        values[0] = Value::Null;
        let error = json_of_row_text(table, &text(&values)).unwrap_err();
        assert_eq!(error.to_string(), "column id: the key is NULL");
        assert!(json_of_row_text(table, "7").is_err());
    }

    #[test]
    fn writes_what_it_reads_in_the_dictionarys_order() {
        let dictionary = every_type();
        let table = dictionary.table("things").unwrap();
        let nulls = r#""tiny":null,"weight":null,"notes":null,"opens":null,"millis":null,"micros":null,"part":null,"more":null,"bytes":null}"#;
        let values = r#""tiny":-32768,"weight":-0.05,"notes":" a\n","opens":"00:00:59","millis":"2021-07-27T06:02:08.120Z","micros":"2021-07-27T06:02:08.000007Z","part":"1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a","more":{"b": [1, 2.0], "aa": null},"bytes":"AP8="}"#;
        for row in [
            r#"{"id":-9223372036854775808,"small":-7,"price":"-0.05","name":"a\"\\\n\u0000é😀","on_sale":false,"day":"1000-01-01","moment":"9999-12-31T23:59:59Z","#,
            r#"{"id":1,"small":null,"price":null,"name":null,"on_sale":null,"day":null,"moment":null,"#,
            r#"{"id":2,"small":0,"price":"100.00","name":"n","on_sale":true,"day":"2024-02-29","moment":"2021-07-27T06:02:08Z","#,
        ] {
            for rest in [nulls, values] {
                let row = format!("{row}{rest}");
                let raw: &RawValue = serde_json::from_str(&row).unwrap();
                let checked = check_json_row(table, raw);
                assert_eq!(checked.errors, []);
                let mut written = String::new();
                write_json_row(table, &checked.values, &mut written);
                assert_eq!(written, row);
            }
        }
    }
}
