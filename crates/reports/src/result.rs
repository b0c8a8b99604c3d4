//! The rows of a report: the query, and values of the declared types.

use std::fmt;

use aurora::{Database, Error, Statement, Value as Bound};
use domain::parameter::ParameterValue;
use domain::report::{Column, ColumnType, Report};
use indexmap::IndexMap;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Runs a report. Its rows stay JSON text until each is written, so that a large result is not in
/// memory in two forms.
///
/// # Errors
/// As [`Database::query`].
pub(crate) async fn fetch(
    database: &Database,
    report: &'static Report,
    parameters: &IndexMap<&str, ParameterValue>,
) -> Result<Vec<Box<RawValue>>, Error> {
    let mut statement = Statement::new(report.sql.as_str());
    for (name, value) in parameters {
        let bound = match value {
            ParameterValue::Integer(number) => Bound::Long(*number),
            ParameterValue::String(text) => Bound::Text(text.clone()),
            ParameterValue::Boolean(value) => Bound::Bool(*value),
            ParameterValue::Date(day) => Bound::Date(day.clone()),
        };
        statement = statement.bind((*name).to_owned(), bound);
    }
    database.query(statement).await
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    /// A number in JSON's form.
    Number(String),
    Boolean(bool),
    /// Text from the users' data.
    Text(String),
    /// A date or a time, in our own form.
    Temporal(String),
}

/// A row that differs from the report's declaration: a mistake in the report's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowError {
    Columns { declared: Vec<String>, found: Vec<String> },
    Type { column: String, declared: ColumnType },
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Columns { declared, found } => {
                write!(f, "the report declares the columns {declared:?}, the query gives {found:?}")
            }
            Self::Type { column, declared } => {
                write!(f, "the report declares {column} as {declared}, the query gives something else")
            }
        }
    }
}

/// Reads the values of a row, in the order of the columns.
///
/// # Errors
/// The difference from the declaration.
pub(crate) fn cells(columns: &[Column], row: &RawValue) -> Result<Vec<Cell>, RowError> {
    // The database's rows are objects; anything else would have no columns.
    let row: Map<String, Value> = serde_json::from_str(row.get()).unwrap_or_default();
    if !row.keys().eq(columns.iter().map(|column| &*column.name)) {
        return Err(RowError::Columns {
            declared: columns.iter().map(|column| column.name.clone()).collect(),
            found: row.keys().cloned().collect(),
        });
    }
    row.into_iter()
        .zip(columns)
        .map(|((_, value), column)| {
            cell(column.column_type, value)
                .ok_or_else(|| RowError::Type { column: column.name.clone(), declared: column.column_type })
        })
        .collect()
}

/// Reads a value. The Data API returns decimals and numbers beyond 64 bits as text, TINYINT(1) as a
/// boolean and times without a zone.
fn cell(column_type: ColumnType, value: Value) -> Option<Cell> {
    Some(match (column_type, value) {
        (_, Value::Null) => Cell::Null,
        (ColumnType::Integer, Value::Number(number)) if !number.is_f64() => Cell::Number(number.to_string()),
        (ColumnType::Integer, Value::Bool(value)) => Cell::Number(u8::from(value).to_string()),
        (ColumnType::Integer, Value::String(text)) if is_number(&text, false) => Cell::Number(text),
        (ColumnType::Decimal | ColumnType::Double, Value::Number(number)) => Cell::Number(number.to_string()),
        (ColumnType::Decimal | ColumnType::Double, Value::String(text)) if is_number(&text, true) => {
            Cell::Number(text)
        }
        (ColumnType::Boolean, Value::Bool(value)) => Cell::Boolean(value),
        (ColumnType::Boolean, Value::Number(number)) if matches!(number.as_u64(), Some(0 | 1)) => {
            Cell::Boolean(number.as_u64() == Some(1))
        }
        (ColumnType::String, Value::String(text)) => Cell::Text(text),
        (ColumnType::Date, Value::String(text)) if text.len() == "2021-07-27".len() => Cell::Temporal(text),
        (ColumnType::Timestamp, Value::String(text)) => {
            let (day, time) = text.split_once(' ')?;
            Cell::Temporal(format!("{day}T{time}Z"))
        }
        _ => return None,
    })
}

/// Returns true if a text is a number in JSON's form: no zero before other digits, no lone point.
fn is_number(text: &str, with_fraction: bool) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(|fraction| with_fraction && digits(fraction))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_each_type_from_every_form_the_data_api_gives() {
        let number = |text: &str| Some(Cell::Number(text.to_owned()));
        assert_eq!(cell(ColumnType::Integer, json!(-7)), number("-7"));
        assert_eq!(cell(ColumnType::Integer, json!("18446744073709551616")), number("18446744073709551616"));
        assert_eq!(cell(ColumnType::Integer, json!(true)), number("1"));
        assert_eq!(cell(ColumnType::Decimal, json!("-12.50")), number("-12.50"));
        assert_eq!(cell(ColumnType::Double, json!(1.5)), number("1.5"));
        assert_eq!(cell(ColumnType::Boolean, json!(1)), Some(Cell::Boolean(true)));
        assert_eq!(cell(ColumnType::String, json!(null)), Some(Cell::Null));
        assert_eq!(
            cell(ColumnType::Timestamp, json!("2021-07-27 16:02:08")),
            Some(Cell::Temporal("2021-07-27T16:02:08Z".to_owned()))
        );
    }

    #[test]
    fn refuses_what_is_not_as_declared() {
        for (column_type, value) in [
            (ColumnType::Integer, json!(1.5)),
            (ColumnType::Integer, json!("1.5")),
            (ColumnType::Integer, json!("007")),
            (ColumnType::Decimal, json!("1.")),
            (ColumnType::Decimal, json!("1e5")),
            (ColumnType::Boolean, json!(2)),
            (ColumnType::String, json!(5)),
            (ColumnType::Date, json!("2021-07-27 16:02:08")),
            (ColumnType::Timestamp, json!("2021-07-27")),
        ] {
            assert_eq!(cell(column_type, value.clone()), None, "{column_type} {value}");
        }
    }
}
