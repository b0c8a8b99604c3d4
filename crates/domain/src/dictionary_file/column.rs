//! Reading one column of a table.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::error::DictionaryError;
use super::name::check_identifier;
use super::references::{NamedReference, WireUnknown, read_on_unknown};
use super::rules::{WireRules, read_rules};
use super::value::{WireValue, read_value};
use crate::dictionary::{Column, ColumnType, Reference};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireColumn {
    pub(super) name: String,
    #[serde(rename = "type")]
    column_type: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    description: String,
    #[serde(default = "yes")]
    required: bool,
    #[serde(default)]
    pub(super) key: bool,
    #[serde(default)]
    pub(super) unique: bool,
    #[serde(default)]
    auto_increment: bool,
    #[serde(default)]
    personal: bool,
    pub(super) references: Option<String>,
    on_unknown: Option<WireUnknown>,
    minimum: Option<WireValue>,
    maximum: Option<WireValue>,
    min_length: Option<u32>,
    pattern: Option<String>,
    values: Option<Vec<WireValue>>,
    default: Option<WireValue>,
}

fn yes() -> bool {
    true
}

/// Reads the column at `position` of a table, `is_compared` or not, and the reference that it is.
pub(super) fn read_column(
    wire: WireColumn,
    (position, start): (usize, usize),
    is_compared: bool,
    taken: &mut BTreeSet<String>,
) -> Result<(Column, Option<NamedReference>), DictionaryError> {
    for name in std::iter::once(&wire.name).chain(&wire.aliases) {
        check_identifier(name)?;
        if !taken.insert(name.clone()) {
            return Err(DictionaryError::new(format!(
                "the name {name:?} is already a column's name or alias"
            )));
        }
    }
    let column_type = read_type(&wire.column_type)?;
    if wire.key && !column_type.is_exact() {
        return Err(not_exact("a part of the primary key", column_type));
    }
    if wire.key && !wire.required {
        return Err(DictionaryError::new("a primary key must be required"));
    }
    if wire.key && wire.default.is_some() {
        return Err(DictionaryError::new("a primary key can have no default: each row has another"));
    }
    if wire.auto_increment && !(wire.key && column_type.is_whole_number()) {
        return Err(DictionaryError::new("only a primary key of whole numbers can have auto_increment"));
    }
    if wire.on_unknown.is_some() && wire.references.is_none() {
        return Err(DictionaryError::new("on_unknown is of references, and there are none"));
    }
    let on_unknown = read_on_unknown(wire.on_unknown.as_ref())?;
    let reference = wire.references.map(|table| NamedReference {
        reference: Reference { columns: vec![position], table, on_unknown },
        column: Some(wire.name.clone()),
        start,
    });
    let mut column = Column {
        name: wire.name,
        aliases: wire.aliases,
        description: wire.description,
        column_type,
        required: wire.required,
        auto_increment: wire.auto_increment,
        personal: wire.personal,
        is_compared,
        rules: None,
        default: None,
    };
    let rules = WireRules {
        minimum: wire.minimum,
        maximum: wire.maximum,
        min_length: wire.min_length,
        pattern: wire.pattern,
        values: wire.values,
    };
    column.rules = read_rules(&column, rules)?;
    if let Some(default) = &wire.default {
        column.default = Some(read_value(&column, "default", default).map_err(DictionaryError::new)?);
    }
    Ok((column, reference))
}

/// Returns the error that values of a type cannot be what they should.
pub(super) fn not_exact(role: &str, column_type: ColumnType) -> DictionaryError {
    DictionaryError::new(format!(
        "{role} cannot be {column_type}; use a whole number, decimal(p,s), string(n), date, time, timestamp or uuid, \
         which the database compares exactly"
    ))
}

fn read_type(text: &str) -> Result<ColumnType, DictionaryError> {
    let unknown = || {
        DictionaryError::new(format!(
            "unknown type {text:?}; use smallint, integer, bigint, double, decimal(p,s), string(n), text, boolean, date, \
             time, timestamp, timestamp(3), timestamp(6), uuid, json or binary(n)"
        ))
    };
    let Some((name, rest)) = text.split_once('(') else {
        return Ok(match text {
            "smallint" => ColumnType::SmallInt,
            "integer" => ColumnType::Integer,
            "bigint" => ColumnType::Bigint,
            "double" => ColumnType::Double,
            "text" => ColumnType::Text,
            "boolean" => ColumnType::Boolean,
            "date" => ColumnType::Date,
            "time" => ColumnType::Time,
            "timestamp" => ColumnType::Timestamp { digits: 0 },
            "uuid" => ColumnType::Uuid,
            "json" => ColumnType::Json,
            _ => return Err(unknown()),
        });
    };
    let arguments = rest.strip_suffix(')').ok_or_else(unknown)?;
    let length = || {
        let max: u32 = arguments.trim().parse().map_err(|_| unknown())?;
        // More than a row of MySQL holds.
        match max {
            0 => Err(DictionaryError::new(format!("{text} holds nothing; use at least {name}(1)"))),
            max if max as usize > ColumnType::MAX_TEXT_BYTES => Err(DictionaryError::new(format!(
                "{text} is more than MySQL holds in a row; use at most {name}({})",
                ColumnType::MAX_TEXT_BYTES
            ))),
            max => Ok(max),
        }
    };
    match name {
        "string" => Ok(ColumnType::String { max: length()? }),
        "binary" => Ok(ColumnType::Binary { max: length()? }),
        "timestamp" => match arguments.trim() {
            "3" => Ok(ColumnType::Timestamp { digits: 3 }),
            "6" => Ok(ColumnType::Timestamp { digits: 6 }),
            _ => Err(unknown()),
        },
        "decimal" => {
            let (precision, scale) = arguments.split_once(',').ok_or_else(unknown)?;
            let precision: u8 = precision.trim().parse().map_err(|_| unknown())?;
            let scale: u8 = scale.trim().parse().map_err(|_| unknown())?;
            // MySQL allows at most 30 digits after the point.
            if precision == 0 || precision > ColumnType::MAX_PRECISION || scale > precision.min(30) {
                return Err(DictionaryError::new(format!(
                    "decimal({precision},{scale}): the precision must be 1 to {}, the scale at most the \
                     precision and at most 30",
                    ColumnType::MAX_PRECISION
                )));
            }
            Ok(ColumnType::Decimal { precision, scale })
        }
        _ => Err(unknown()),
    }
}
