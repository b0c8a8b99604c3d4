//! Runs the queries of reports, and compares their columns with those declared.

use std::collections::HashMap;

use domain::parameter::{Parameter, ParameterType, ParameterValue};
use domain::report::{ColumnType, Report};
use mysql_async::consts::ColumnType as SqlType;
use mysql_async::prelude::Queryable;
use mysql_async::{Column, Conn, Params, Value};

/// The character set of bytes that are no text.
const BINARY: u16 = 63;

/// Returns what is wrong with a report's query, which it runs with the default parameters.
pub(super) async fn problems(conn: &mut Conn, report: &Report) -> Vec<String> {
    let parameters: HashMap<Vec<u8>, Value> = report
        .parameters
        .iter()
        .map(|parameter| (parameter.name.clone().into_bytes(), bound(&value_of(parameter))))
        .collect();
    let parameters = if parameters.is_empty() { Params::Empty } else { Params::Named(parameters) };
    let result = match conn.exec_iter(report.sql.as_str(), parameters).await {
        Ok(result) => result,
        Err(error) => return vec![error.to_string()],
    };
    let columns: Vec<Column> = result.columns_ref().to_vec();
    if let Err(error) = result.drop_result().await {
        return vec![error.to_string()];
    }
    compare(report, &columns)
}

/// Returns the default of a parameter, or a value that it may have.
fn value_of(parameter: &Parameter) -> ParameterValue {
    parameter.default.clone().unwrap_or_else(|| match &parameter.parameter_type {
        ParameterType::Integer { minimum, .. } => ParameterValue::Integer(*minimum),
        ParameterType::String { .. } => ParameterValue::String("x".to_owned()),
        ParameterType::Choice { values } => {
            ParameterValue::String(values.first().cloned().unwrap_or_default())
        }
        ParameterType::Boolean => ParameterValue::Boolean(true),
        ParameterType::Date => ParameterValue::Date("2021-01-01".to_owned()),
    })
}

fn bound(value: &ParameterValue) -> Value {
    match value {
        ParameterValue::Integer(number) => Value::Int(*number),
        ParameterValue::Boolean(truth) => Value::Int((*truth).into()),
        ParameterValue::String(text) | ParameterValue::Date(text) => Value::Bytes(text.clone().into_bytes()),
    }
}

fn compare(report: &Report, columns: &[Column]) -> Vec<String> {
    let found: Vec<_> = columns.iter().map(|column| column.name_str().into_owned()).collect();
    let declared: Vec<&str> = report.columns.iter().map(|column| column.name.as_str()).collect();
    if found != declared {
        let (found, declared) = (found.join(", "), declared.join(", "));
        return vec![format!("the query has the columns {found}; declared are {declared}")];
    }
    let pairs = report.columns.iter().zip(columns);
    let wrong = pairs.filter(|(declared, found)| !is_of_type(declared.column_type, found));
    wrong
        .map(|(declared, found)| {
            let sql = format!("{:?}", found.column_type());
            let sql = sql.trim_start_matches("MYSQL_TYPE_");
            format!("column {} is declared as {}, the query has {sql}", declared.name, declared.column_type)
        })
        .collect()
}

/// Returns true if values of a column of a query can be answered as the declared type.
fn is_of_type(declared: ColumnType, found: &Column) -> bool {
    use SqlType::*;
    let sql = found.column_type();
    let is_whole = matches!(
        sql,
        MYSQL_TYPE_TINY
            | MYSQL_TYPE_SHORT
            | MYSQL_TYPE_INT24
            | MYSQL_TYPE_LONG
            | MYSQL_TYPE_LONGLONG
            | MYSQL_TYPE_YEAR
    );
    let is_exact = matches!(sql, MYSQL_TYPE_DECIMAL | MYSQL_TYPE_NEWDECIMAL);
    match declared {
        ColumnType::Integer => is_whole || is_exact && found.decimals() == 0,
        ColumnType::Decimal => is_whole || is_exact,
        ColumnType::Double => is_exact || matches!(sql, MYSQL_TYPE_FLOAT | MYSQL_TYPE_DOUBLE),
        // Comparisons are whole numbers of one digit.
        ColumnType::Boolean => is_whole || sql == MYSQL_TYPE_BIT,
        ColumnType::String => {
            let is_text = matches!(
                sql,
                MYSQL_TYPE_VARCHAR
                    | MYSQL_TYPE_VAR_STRING
                    | MYSQL_TYPE_STRING
                    | MYSQL_TYPE_ENUM
                    | MYSQL_TYPE_SET
                    | MYSQL_TYPE_TINY_BLOB
                    | MYSQL_TYPE_MEDIUM_BLOB
                    | MYSQL_TYPE_LONG_BLOB
                    | MYSQL_TYPE_BLOB
            );
            sql == MYSQL_TYPE_JSON || is_text && found.character_set() != BINARY
        }
        ColumnType::Date => matches!(sql, MYSQL_TYPE_DATE | MYSQL_TYPE_NEWDATE),
        ColumnType::Timestamp => matches!(
            sql,
            MYSQL_TYPE_DATETIME | MYSQL_TYPE_DATETIME2 | MYSQL_TYPE_TIMESTAMP | MYSQL_TYPE_TIMESTAMP2
        ),
    }
}
