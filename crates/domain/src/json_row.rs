//! Rows as the HTTP API gives them out.

use std::fmt::Write;

use crate::dictionary::Table;
use crate::row_text::{RowTextError, parse_row_text};
use crate::value::{Value, push_number};

/// Writes a row as a JSON object: a member for each column, by its own name and in the dictionary's
/// order.
///
/// The check of rows of a [batch](crate::batch) reads it back to the same values: whole numbers are
/// numbers, decimals are strings with every digit of their scale (most readers of JSON would
/// make floats of numbers), `"2021-07-27"`, `"2021-07-27T16:02:08Z"`, `true`, `null`.
pub fn write_json_row(table: &Table, values: &[Value<'_>], into: &mut String) {
    let mut before = '{';
    for (column, value) in table.columns().iter().zip(values) {
        into.push(before);
        before = ',';
        // Names of columns have nothing to escape.
        let _ = write!(into, "\"{}\":", column.name());
        write_value(value, into);
    }
    into.push('}');
}

/// A row as a JSON object, and its key, from its text where every column may be NULL, as the
/// database gives it.
///
/// # Errors
/// As [`parse_row_text`]; also where the key is NULL. Such a row was written past Rowgate.
pub fn json_of_row_text(table: &Table, text: &str) -> Result<(String, i64), RowTextError> {
    let nullable = vec![true; table.columns().len()];
    let mut values = Vec::with_capacity(nullable.len());
    parse_row_text(table, &nullable, text, &mut values)?;
    let key = values
        .get(table.key_index())
        .and_then(Value::as_integer)
        .ok_or_else(|| RowTextError { column: table.key().name().to_owned(), problem: "the key is NULL" })?;
    let mut json = String::with_capacity(2 * text.len());
    write_json_row(table, &values, &mut json);
    Ok((json, key))
}

/// Returns the text of a value as a file has it: as in JSON, without quotes around it; `None` for
/// no value.
pub fn value_text(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Text(text) => Some(text.clone().into_owned()),
        value => {
            let mut text = String::new();
            write_value(value, &mut text);
            Some(text.trim_matches('"').to_owned())
        }
    }
}

fn write_value(value: &Value<'_>, into: &mut String) {
    match value {
        Value::Null => into.push_str("null"),
        Value::Integer(number) => push_number(into, *number),
        Value::Boolean(truth) => into.push_str(if *truth { "true" } else { "false" }),
        // Text alone cannot fail to serialize.
        Value::Text(text) => into.push_str(&serde_json::to_string(text).unwrap_or_default()),
        Value::Decimal(_) | Value::Date(_) | Value::Timestamp(..) => {
            into.push('"');
            match value {
                Value::Decimal(decimal) => decimal.write_to(into),
                Value::Date(date) => date.write_to(into),
                Value::Timestamp(date, time) => {
                    date.write_to(into);
                    into.push('T');
                    time.write_to(into);
                    into.push('Z');
                }
                _ => {}
            }
            into.push('"');
        }
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
        assert_eq!(json_of_row_text(table, &text(&values)), Ok((json, 7)));
        values[0] = Value::Null;
        let error = json_of_row_text(table, &text(&values)).unwrap_err();
        assert_eq!(error.to_string(), "column id: the key is NULL");
        assert!(json_of_row_text(table, "7").is_err());
    }

    #[test]
    fn writes_what_it_reads_in_the_dictionarys_order() {
        let dictionary = every_type();
        let table = dictionary.table("things").unwrap();
        for row in [
            r#"{"id":-9223372036854775808,"small":-7,"price":"-0.05","name":"a\"\\\n\u0000é😀","on_sale":false,"day":"1000-01-01","moment":"9999-12-31T23:59:59Z"}"#,
            r#"{"id":1,"small":null,"price":null,"name":null,"on_sale":null,"day":null,"moment":null}"#,
            r#"{"id":2,"small":0,"price":"100.00","name":"n","on_sale":true,"day":"2024-02-29","moment":"2021-07-27T06:02:08Z"}"#,
        ] {
            let raw: &RawValue = serde_json::from_str(row).unwrap();
            let checked = check_json_row(table, raw);
            assert_eq!(checked.errors, []);
            let mut written = String::new();
            write_json_row(table, &checked.values, &mut written);
            assert_eq!(written, row);
        }
    }
}
