//! Reading values in a dictionary: a column's `default` and the bounds of its rules.

use serde::Deserialize;

use crate::dictionary::{Column, ColumnType};
use crate::row::{RowError, check_csv_field};
use crate::value::Value;

/// A number, a truth value, or text that says it as CSV does; anything else that TOML has is
/// recognised later, to say what would be right.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum WireValue {
    Boolean(bool),
    Number(i64),
    Text(String),
    Other(toml::Value),
}

/// Returns a value of a column that its entry gives as `key`, checked by the column's type and
/// rules like one that arrives.
///
/// # Errors
/// A description of the problem.
pub(super) fn read_value(column: &Column, key: &str, wire: &WireValue) -> Result<Value<'static>, String> {
    let is_text = column.column_type().is_text();
    let text = match wire {
        WireValue::Text(text) => text.clone(),
        WireValue::Number(number) if !is_text => number.to_string(),
        WireValue::Boolean(truth) if !is_text => truth.to_string(),
        WireValue::Other(toml::Value::Float(number)) if column.column_type() == ColumnType::Double => {
            number.to_string()
        }
        WireValue::Number(_) | WireValue::Boolean(_) => {
            return Err(format!("the {key} of a column of text must be in quotes"));
        }
        WireValue::Other(value) => {
            return Err(format!("{key} = {value}: write it in quotes, as a CSV file has it"));
        }
    };
    if text.is_empty() {
        return Err(format!("the {key} is empty, which is no value; leave it out"));
    }
    match check_csv_field(column, text.as_bytes()) {
        Ok(value) => Ok(value.into_owned()),
        Err(fault) => Err(format!("{key} {text:?}: {}", RowError::of_column(column.name(), fault))),
    }
}

#[cfg(test)]
mod tests {
    use crate::dictionary::Dictionary;
    use crate::value::{CivilDate, CivilTime, Decimal, Timestamp, Value};

    /// Returns the default of a column with these properties, or what is wrong with it.
    fn default_of(properties: &str) -> Result<Option<Value<'static>>, String> {
        let text = format!(
            "[[table]]\nname = \"things\"\ncolumns = [{{ name = \"id\", type = \"integer\", key = true }}, \
             {{ name = \"it\", {properties} }}]"
        );
        let parsed = Dictionary::parse("d.toml", &text).map_err(|error| error.problem)?;
        Ok(parsed.tables()[0].columns()[1].default().cloned())
    }

    #[test]
    fn reads_defaults_of_every_type() {
        let day = CivilDate::new(2021, 7, 27).unwrap();
        let time = CivilTime::new(16, 2, 8).unwrap();
        for (properties, expected) in [
            (r#"type = "integer", default = -7"#, Value::Integer(-7)),
            (r#"type = "integer", default = "7""#, Value::Integer(7)),
            (r#"type = "bigint", default = -9223372036854775808"#, Value::Integer(i64::MIN)),
            (
                r#"type = "decimal(5,2)", default = "1.5""#,
                Value::Decimal(Decimal { unscaled: 150, scale: 2 }),
            ),
            (r#"type = "decimal(5,2)", default = 0"#, Value::Decimal(Decimal { unscaled: 0, scale: 2 })),
            (r#"type = "string(3)", default = "añb""#, Value::Text("añb".into())),
            (r#"type = "boolean", default = false"#, Value::Boolean(false)),
            (r#"type = "date", default = "2021-07-27""#, Value::Date(day)),
            (
                r#"type = "timestamp", default = "2021-07-27T16:02:08Z""#,
                Value::Timestamp(Timestamp::of_second(day, time)),
            ),
            (r#"type = "integer", required = false, default = 0"#, Value::Integer(0)),
        ] {
            assert_eq!(default_of(properties), Ok(Some(expected)), "{properties}");
        }
        assert_eq!(default_of(r#"type = "integer""#), Ok(None));
    }

    #[test]
    fn refuses_defaults_that_no_row_may_bring() {
        for (properties, expected) in [
            (r#"type = "integer", default = 2147483648"#, "default \"2147483648\": it"),
            (r#"type = "integer", default = true"#, "default \"true\": it"),
            (r#"type = "integer", default = 1.5"#, "default = 1.5: write it in quotes"),
            (r#"type = "date", default = 2021-07-27"#, "default = 2021-07-27: write it in quotes"),
            (r#"type = "date", default = "2021-02-29""#, "default \"2021-02-29\": it"),
            (r#"type = "decimal(5,2)", default = "1.555""#, "default \"1.555\": it"),
            (r#"type = "string(3)", default = "four""#, "default \"four\": it"),
            (r#"type = "string(3)", default = 7"#, "the default of a column of text must be in quotes"),
            (r#"type = "string(3)", default = """#, "the default is empty"),
            (r#"type = "boolean", default = 2"#, "default \"2\": it"),
        ] {
            let said = default_of(properties).unwrap_err();
            assert!(said.starts_with(expected), "{properties}: {said}");
        }
        let key = "[[table]]\nname = \"things\"\n\
                   columns = [{ name = \"id\", type = \"integer\", key = true, default = 1 }]";
        assert_eq!(
            Dictionary::parse("d.toml", key).unwrap_err().problem,
            "a primary key can have no default: each row has another"
        );
    }
}
