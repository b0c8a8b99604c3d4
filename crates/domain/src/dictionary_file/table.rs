//! Reading one table of a dictionary, and its columns.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::default::{WireDefault, read_default};
use super::error::DictionaryError;
use crate::dictionary::{
    Column, ColumnType, LoadMode, MAX_IDENTIFIER, RejectLimit, RejectLimitError, Table, WireExpectations,
    WireFiles, is_identifier, read_expectations, read_files,
};
use crate::sql;

/// Rowgate's own tables begin with this.
const RESERVED_PREFIX: &str = "rowgate_";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireTable {
    pub(super) name: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    hidden: bool,
    default_mode: Option<String>,
    max_rejects: Option<WireLimit>,
    files: Option<WireFiles>,
    expectations: Option<WireExpectations>,
    columns: Vec<WireColumn>,
}

/// `100` or `"5%"`; anything else that TOML has is recognised later, to say what would be right.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireLimit {
    Count(u64),
    Text(String),
    Other(toml::Value),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireColumn {
    name: String,
    #[serde(rename = "type")]
    column_type: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    description: String,
    #[serde(default = "yes")]
    required: bool,
    #[serde(default)]
    key: bool,
    #[serde(default)]
    auto_increment: bool,
    #[serde(default)]
    personal: bool,
    references: Option<String>,
    default: Option<WireDefault>,
}

fn yes() -> bool {
    true
}

/// Reads a table whose names are none of `names`, and adds them.
pub(super) fn read_table(wire: WireTable, names: &mut BTreeSet<String>) -> Result<Table, DictionaryError> {
    take_names(&wire, names)?;
    let default_mode = match wire.default_mode.as_deref() {
        None => LoadMode::Append,
        Some(name) => LoadMode::from_name(name).ok_or_else(|| {
            DictionaryError::new(format!("unknown default_mode {name:?}; use append, upsert or replace"))
        })?,
    };
    let max_rejects = wire.max_rejects.map(read_limit).transpose()?;
    let files = wire.files.as_ref().map(read_files).transpose();
    let files =
        files.map_err(|problem| DictionaryError::new(format!("files: {problem}")))?.unwrap_or_default();
    let expectations = wire.expectations.as_ref().map(read_expectations).transpose();
    let expectations =
        expectations.map_err(|problem| DictionaryError::new(format!("expectations: {problem}")))?;
    let (columns, key) = read_columns(wire.columns)?;
    let table = Table {
        name: wire.name,
        aliases: wire.aliases,
        description: wire.description,
        is_hidden: wire.hidden,
        default_mode,
        max_rejects,
        files,
        expectations: expectations.unwrap_or_default(),
        columns,
        key,
    };
    let widest = sql::widest_insert(&table);
    if widest > sql::MAX_SQL_CHARS {
        return Err(DictionaryError::new(format!(
            "a row can take {widest} characters of SQL, the Data API allows {}; shorten its string columns \
             (each character counts 8)",
            sql::MAX_SQL_CHARS
        )));
    }
    Ok(table)
}

/// Adds the names of a table to `names`, unless one is there or is none for such a table.
fn take_names(wire: &WireTable, names: &mut BTreeSet<String>) -> Result<(), DictionaryError> {
    for name in std::iter::once(&wire.name).chain(&wire.aliases) {
        check_identifier(name)?;
        match (name.starts_with(RESERVED_PREFIX), wire.hidden) {
            (true, false) => {
                return Err(DictionaryError::new(format!(
                    "names that begin with {RESERVED_PREFIX} are Rowgate's own; choose another than {name:?}"
                )));
            }
            (false, true) => {
                return Err(DictionaryError::new(format!(
                    "names of hidden tables begin with {RESERVED_PREFIX}; choose another than {name:?}"
                )));
            }
            _ => {}
        }
        if !names.insert(name.clone()) {
            return Err(DictionaryError::new(format!(
                "the name {name:?} is already a table's name or alias"
            )));
        }
    }
    Ok(())
}

/// Reads the columns of a table, and the position of its key among them.
fn read_columns(wire: Vec<WireColumn>) -> Result<(Vec<Column>, usize), DictionaryError> {
    let mut taken = BTreeSet::new();
    let keys: Vec<usize> =
        wire.iter().enumerate().filter_map(|(index, column)| column.key.then_some(index)).collect();
    let columns = wire.into_iter().map(|column| {
        let name = column.name.clone();
        read_column(column, &mut taken).map_err(|error| error.in_column(&name))
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    match keys[..] {
        [key] => Ok((columns, key)),
        _ => Err(DictionaryError::new(format!(
            "exactly one column must have `key = true`; {} have it",
            if keys.is_empty() { "none".to_owned() } else { keys.len().to_string() }
        ))),
    }
}

fn read_limit(wire: WireLimit) -> Result<RejectLimit, DictionaryError> {
    let (text, limit) = match wire {
        WireLimit::Count(count) => return Ok(RejectLimit::Count(count)),
        WireLimit::Text(text) => (format!("{text:?}"), RejectLimit::parse(&text)),
        WireLimit::Other(value) => (value.to_string(), Err(RejectLimitError)),
    };
    limit.map_err(|error| DictionaryError::new(format!("max_rejects {text}: {error}")))
}

fn read_column(wire: WireColumn, taken: &mut BTreeSet<String>) -> Result<Column, DictionaryError> {
    for name in std::iter::once(&wire.name).chain(&wire.aliases) {
        check_identifier(name)?;
        if !taken.insert(name.clone()) {
            return Err(DictionaryError::new(format!(
                "the name {name:?} is already a column's name or alias"
            )));
        }
    }
    let column_type = read_type(&wire.column_type)?;
    let is_whole_number = matches!(column_type, ColumnType::Integer | ColumnType::Bigint);
    // Keyset paging, comparing ids and range checks are exact for integers; for text they would
    // depend on collations.
    if wire.key && !is_whole_number {
        return Err(DictionaryError::new(format!(
            "a primary key must be integer or bigint, not {column_type}"
        )));
    }
    if wire.key && !wire.required {
        return Err(DictionaryError::new("a primary key must be required"));
    }
    if wire.auto_increment && !wire.key {
        return Err(DictionaryError::new("only the primary key can have auto_increment"));
    }
    if wire.references.is_some() && !is_whole_number {
        return Err(DictionaryError::new(format!(
            "a reference must be integer or bigint, not {column_type}"
        )));
    }
    if wire.key && wire.default.is_some() {
        return Err(DictionaryError::new("a primary key can have no default: each row has another"));
    }
    let mut column = Column {
        name: wire.name,
        aliases: wire.aliases,
        description: wire.description,
        column_type,
        required: wire.required,
        auto_increment: wire.auto_increment,
        personal: wire.personal,
        references: wire.references,
        default: None,
    };
    if let Some(default) = &wire.default {
        column.default = Some(read_default(&column, default).map_err(DictionaryError::new)?);
    }
    Ok(column)
}

fn check_identifier(name: &str) -> Result<(), DictionaryError> {
    if is_identifier(name) {
        Ok(())
    } else {
        Err(DictionaryError::new(format!(
            "{name:?} is no name: use a-z, 0-9 and _, a letter first, at most {MAX_IDENTIFIER} characters"
        )))
    }
}

fn read_type(text: &str) -> Result<ColumnType, DictionaryError> {
    let unknown = || {
        DictionaryError::new(format!(
            "unknown type {text:?}; use integer, bigint, decimal(p,s), string(n), boolean, date or timestamp"
        ))
    };
    match text {
        "integer" => return Ok(ColumnType::Integer),
        "bigint" => return Ok(ColumnType::Bigint),
        "boolean" => return Ok(ColumnType::Boolean),
        "date" => return Ok(ColumnType::Date),
        "timestamp" => return Ok(ColumnType::Timestamp),
        _ => {}
    }
    let (name, rest) = text.split_once('(').ok_or_else(unknown)?;
    let arguments = rest.strip_suffix(')').ok_or_else(unknown)?;
    match name {
        "string" => {
            let max: u32 = arguments.trim().parse().map_err(|_| unknown())?;
            if max == 0 {
                return Err(DictionaryError::new("string(0) holds nothing; use at least string(1)"));
            }
            Ok(ColumnType::String { max })
        }
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
