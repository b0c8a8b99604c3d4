//! A row from a JSON object.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    CheckedRow, Fault, RowError, broken_checks, check_document, check_long_text, check_rules, check_text,
    is_blank, no_value, scan,
};
use crate::dictionary::{Column, ColumnType, HeaderField, Table, header_name};
use crate::json_row::value_text;
use crate::members::Members;
use crate::shortened;
use crate::value::{Key, KeyPart, Value};

/// Characters of a name that came in: what a person needs to recognize it.
pub(crate) const MAX_NAME: usize = 40;

/// Names that are reported for one row at most because they are unknown or repeated; how many more
/// there are is reported, too. It is far more than a row has by mistake, and a body of 4 MB has
/// room for half a million of them.
pub(super) const MAX_UNKNOWN_NAMES: usize = 100;

/// The fields of a row as they came.
type Fields<'a> = Members<Name<'a>, &'a RawValue>;

/// A text, such as a field's name, that borrows from the input unless it has escapes.
#[derive(Deserialize)]
pub(super) struct Name<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Checks one row of a JSON batch. Never fails: errors go to [`CheckedRow::errors`], also for a row
/// that is no object, so that the other rows of its batch are checked as usual.
pub(crate) fn check_json_row<'a>(table: &'a Table, row: &'a RawValue) -> CheckedRow<'a> {
    check(table, None, row)
}

/// Checks one row that is to have the key `key`: what it has of its own may be left out, and must
/// not be another.
pub(crate) fn check_json_row_of<'a>(table: &'a Table, key: &'a Key, row: &'a RawValue) -> CheckedRow<'a> {
    check(table, Some(key), row)
}

fn check<'a>(table: &'a Table, key: Option<&'a Key>, row: &'a RawValue) -> CheckedRow<'a> {
    let columns = table.columns();
    let Ok(Members(fields)) = serde_json::from_str::<Fields<'a>>(row.get()) else {
        return CheckedRow {
            values: vec![Value::Null; columns.len()],
            errors: vec![RowError::of_row(Fault::NotAnObject)],
        };
    };
    let mut given: Vec<Option<&RawValue>> = vec![None; columns.len()];
    let mut unknown = UnknownNames::default();
    for (Name(name), value) in fields {
        match meaning(table, &name) {
            HeaderField::Column(index) if given[index].is_none() => given[index] = Some(value),
            HeaderField::Column(index) => unknown.add(columns[index].name().into(), Fault::RepeatedColumn),
            HeaderField::LeftOut => {}
            HeaderField::Unknown => unknown.add(shortened(name, MAX_NAME), Fault::UnknownColumn),
        }
    }
    let mut checked = CheckedRow { values: Vec::with_capacity(columns.len()), errors: Vec::new() };
    for (index, (column, value)) in columns.iter().zip(given).enumerate() {
        let json = value.map_or("null", RawValue::get);
        let part = key.and_then(|key| {
            let position = table.key_indexes().iter().position(|part| *part == index)?;
            key.parts().get(position)
        });
        let value = match part {
            Some(part) => check_part(column, part, json),
            None => check_field(column, json),
        };
        match value {
            Ok(value) => checked.values.push(value),
            Err(fault) => {
                checked.values.push(Value::Null);
                checked.errors.push(RowError::of_column(column.name(), fault));
            }
        }
    }
    checked.errors.extend(broken_checks(table, &checked.values));
    checked.errors.extend(unknown.into_errors());
    checked
}

/// Returns the values of an object as texts, one for each column of the table, as a CSV file has
/// them: strings as they are, `null` and missing members as nothing, documents and all else as
/// JSON. `None` if it is not an object.
pub(crate) fn json_texts(table: &Table, json: &str) -> Option<Vec<String>> {
    let Members(fields) = serde_json::from_str::<Fields<'_>>(json).ok()?;
    let mut texts = vec![String::new(); table.columns().len()];
    for (Name(name), value) in fields {
        if let HeaderField::Column(index) = meaning(table, &name) {
            let is_document = table.columns()[index].column_type() == ColumnType::Json;
            texts[index] = match serde_json::from_str::<Name<'_>>(value.get()) {
                Ok(Name(text)) if !is_document => text.into_owned(),
                Err(_) if value.get() == "null" => String::new(),
                _ => value.get().to_owned(),
            };
        }
    }
    Some(texts)
}

/// Returns the meaning of a field's name; as in headers, white space around it and its case do not
/// count.
fn meaning(table: &Table, name: &str) -> HeaderField {
    match table.header_field(name) {
        HeaderField::Unknown => table.header_field(&header_name(name.as_bytes())),
        known => known,
    }
}

/// Names that are unknown or repeated, in the order in which they came. One that comes a hundred
/// times is one mistake.
#[derive(Default)]
struct UnknownNames<'a> {
    names: HashSet<Cow<'a, str>>,
    /// The errors of the first [`MAX_UNKNOWN_NAMES`] of them.
    errors: Vec<RowError<'a>>,
}

impl<'a> UnknownNames<'a> {
    fn add(&mut self, name: Cow<'a, str>, fault: Fault<'a>) {
        if self.names.insert(name.clone()) && self.errors.len() < MAX_UNKNOWN_NAMES {
            self.errors.push(RowError::of_column(name, fault));
        }
    }

    fn into_errors(self) -> impl Iterator<Item = RowError<'a>> {
        let more = self.names.len() - self.errors.len();
        let rest = (more > 0).then(|| RowError::of_row(Fault::MoreUnknownNames(more)));
        self.errors.into_iter().chain(rest)
    }
}

/// Checks a column of a key from its JSON text; none is `part`.
fn check_part<'a>(column: &'a Column, part: &'a KeyPart, json: &'a str) -> Result<Value<'a>, Fault<'a>> {
    let wanted = part.value();
    match json {
        "null" => check_rules(column, wanted),
        json if check_field(column, json)? == wanted => Ok(wanted),
        _ => Err(Fault::OtherId(value_text(&wanted).unwrap_or_default())),
    }
}

/// Checks one field from its JSON text, so that numbers are read digit by digit.
fn check_field<'a>(column: &'a Column, json: &'a str) -> Result<Value<'a>, Fault<'a>> {
    check_rules(column, read_field(column, json)?)
}

/// Returns the value of one field, of its column's type.
fn read_field<'a>(column: &Column, json: &'a str) -> Result<Value<'a>, Fault<'a>> {
    let column_type = column.column_type();
    if json == "null" {
        return no_value(column);
    }
    let wrong = Fault::NotOfType(column_type);
    let text = || match json.starts_with('"').then(|| serde_json::from_str::<Name<'a>>(json)) {
        Some(Ok(Name(text))) => Ok(text),
        _ => Err(Fault::NotOfType(column_type)),
    };
    match column_type {
        ColumnType::SmallInt | ColumnType::Integer | ColumnType::Bigint => {
            scan::whole_number(column, json.as_bytes())
        }
        ColumnType::Double => scan::double(json.as_bytes()),
        // A text is accepted too: most JSON writers cannot write a decimal number exactly.
        ColumnType::Decimal { precision, scale } if json.starts_with('"') => {
            scan::decimal(precision, scale, text()?.as_bytes())
        }
        ColumnType::Decimal { precision, scale } => scan::decimal(precision, scale, json.as_bytes()),
        ColumnType::Boolean => match json {
            "true" => Ok(Value::Boolean(true)),
            "false" => Ok(Value::Boolean(false)),
            _ => Err(wrong),
        },
        ColumnType::String { max } => check_text(column, max, text()?),
        ColumnType::Text => check_long_text(column, text()?),
        ColumnType::Json => check_document(column, json),
        ColumnType::Date
        | ColumnType::Time
        | ColumnType::Timestamp { .. }
        | ColumnType::Uuid
        | ColumnType::Binary { .. } => {
            let text = text()?;
            let bytes = text.as_bytes();
            match column_type {
                _ if is_blank(&text) => no_value(column),
                ColumnType::Date => scan::date(bytes),
                ColumnType::Time => scan::time(bytes),
                ColumnType::Timestamp { digits } => scan::timestamp(digits, bytes),
                ColumnType::Binary { max } => scan::binary(max, bytes),
                _ => scan::uuid(bytes),
            }
        }
    }
}
