//! Reading one table of a dictionary.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::column::{WireColumn, not_exact, read_column};
use super::error::DictionaryError;
use super::name::check_identifier;
use super::references::{NamedReference, WireReference, read_on_unknown};
use super::rules::{WireChecks, read_check};
use crate::built_in;
use crate::dictionary::{
    Column, LoadMode, Reference, RejectLimit, RejectLimitError, Table, WireExpectations, WireFiles,
    read_expectations, read_files, read_matches,
};
use crate::sql;

/// Who defines a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Rowgate itself: its name begins with `rowgate_`.
    BuiltIn,
    /// A folder of tables.
    Folder,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireTable {
    pub(super) name: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    description: String,
    default_mode: Option<Spanned<String>>,
    max_rejects: Option<Spanned<WireLimit>>,
    files: Option<Spanned<WireFiles>>,
    expectations: Option<Spanned<WireExpectations>>,
    #[serde(default)]
    unique: Vec<Spanned<Vec<String>>>,
    #[serde(default)]
    references: Vec<Spanned<WireReference>>,
    check: Option<Spanned<WireChecks>>,
    columns: Vec<Spanned<WireColumn>>,
}

/// `100` or `"5%"`; anything else that TOML has is recognised later, to say what would be right.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireLimit {
    Count(u64),
    Text(String),
    Other(toml::Value),
}

/// Reads a table whose names are none of `names`, and adds them. Returns it without its references,
/// which may name tables that come later.
pub(super) fn read_table(
    wire: WireTable,
    text: &str,
    origin: Origin,
    names: &mut BTreeSet<String>,
) -> Result<(Table, Vec<NamedReference>), DictionaryError> {
    take_names(&wire, origin, names)?;
    let entry = Entry { text };
    let default_mode = entry.read(wire.default_mode.as_ref(), |name| read_mode(name))?;
    let max_rejects = entry.read(wire.max_rejects.as_ref(), read_limit)?;
    let in_files = |problem: String| DictionaryError::new(format!("files: {problem}"));
    let files = entry.read(wire.files.as_ref(), |files| read_files(files).map_err(in_files))?;
    let expectations = entry.read(wire.expectations.as_ref(), |expectations| {
        read_expectations(expectations)
            .map_err(|problem| DictionaryError::new(format!("expectations: {problem}")))
    })?;
    let referring = wire.references.iter().flat_map(|reference| &reference.as_ref().columns);
    let unique = wire.unique.iter().flat_map(Spanned::get_ref);
    let compared: BTreeSet<&str> = unique.chain(referring).map(String::as_str).collect();
    let Columns { columns, key, mut unique, mut references } = read_columns(wire.columns, &compared, text)?;
    for names in &wire.unique {
        unique.extend(entry.read(Some(names), |names| read_unique(&columns, names))?);
    }
    unique.sort();
    if let Some(names) = unique.iter().find(|positions| key.iter().all(|part| positions.contains(part))) {
        return Err(DictionaryError::new(format!(
            "unique: {} holds the key, which is unique by itself",
            list(&columns, names)
        )));
    }
    if let Some(twice) = unique.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(DictionaryError::new(format!("unique: {} is there twice", list(&columns, &twice[0]))));
    }
    for wire in &wire.references {
        let read = entry.read(Some(wire), |WireReference { columns: names, table, on_unknown }| {
            let columns = positions(&columns, names, "references")?;
            Ok(Reference { columns, table: table.clone(), on_unknown: read_on_unknown(on_unknown.as_ref())? })
        })?;
        let start = wire.span().start;
        references.extend(read.map(|reference| NamedReference { reference, column: None, start }));
    }
    let checks = entry.read(wire.check.as_ref(), |checks| {
        checks.texts().iter().map(|check| read_check(&columns, check)).collect()
    })?;
    let mut table = Table {
        name: wire.name,
        aliases: wire.aliases,
        description: wire.description,
        is_hidden: origin == Origin::BuiltIn,
        default_mode: default_mode.unwrap_or(LoadMode::Append),
        max_rejects,
        files: files.unwrap_or_default(),
        expectations: expectations.unwrap_or_default(),
        columns,
        key,
        unique,
        references: Vec::new(),
        checks: checks.unwrap_or_default(),
    };
    let matches = entry.read(wire.files.as_ref(), |files| read_matches(files, &table).map_err(in_files))?;
    table.files.matches = matches.unwrap_or_default();
    let widest = sql::widest_insert(&table);
    if widest > sql::MAX_SQL_CHARS {
        return Err(DictionaryError::new(format!(
            "a row can take {widest} characters of SQL, the Data API allows {}; give the table fewer columns of long \
             text",
            sql::MAX_SQL_CHARS
        )));
    }
    Ok((table, references))
}

/// Reads the entries of a table, in this text.
struct Entry<'a> {
    text: &'a str,
}

impl Entry<'_> {
    /// Reads an entry if it is there. A mistake in it is where it begins.
    fn read<W, T>(
        &self,
        entry: Option<&Spanned<W>>,
        read: impl FnOnce(&W) -> Result<T, DictionaryError>,
    ) -> Result<Option<T>, DictionaryError> {
        let read_one = |entry: &Spanned<W>| {
            read(entry.as_ref()).map_err(|error| error.at(self.text, entry.span().start))
        };
        entry.map(read_one).transpose()
    }
}

fn read_mode(name: &str) -> Result<LoadMode, DictionaryError> {
    LoadMode::from_name(name).ok_or_else(|| {
        DictionaryError::new(format!("unknown default_mode {name:?}; use append, upsert or replace"))
    })
}

/// Adds the names of a table to `names`, unless one is there or is none for such a table.
fn take_names(wire: &WireTable, origin: Origin, names: &mut BTreeSet<String>) -> Result<(), DictionaryError> {
    for name in std::iter::once(&wire.name).chain(&wire.aliases) {
        check_identifier(name)?;
        if origin == Origin::Folder && name.starts_with(built_in::PREFIX) {
            return Err(DictionaryError::new(format!(
                "names that begin with {} are Rowgate's own; choose another than {name:?}",
                built_in::PREFIX
            )));
        }
        if !names.insert(name.clone()) {
            return Err(DictionaryError::new(format!(
                "the name {name:?} is already a table's name or alias"
            )));
        }
    }
    Ok(())
}

/// The columns of a table, and what their entries say of the table.
struct Columns {
    columns: Vec<Column>,
    key: Vec<usize>,
    unique: Vec<Vec<usize>>,
    references: Vec<NamedReference>,
}

/// Reads the columns of a table; `compared` are the names of those that are unique together, or
/// refer to a key together.
fn read_columns(
    wire: Vec<Spanned<WireColumn>>,
    compared: &BTreeSet<&str>,
    text: &str,
) -> Result<Columns, DictionaryError> {
    let mut taken = BTreeSet::new();
    let mut read = Columns {
        columns: Vec::with_capacity(wire.len()),
        key: Vec::new(),
        unique: Vec::new(),
        references: Vec::new(),
    };
    for (index, column) in wire.into_iter().enumerate() {
        let start = column.span().start;
        let column = column.into_inner();
        let name = column.name.clone();
        if column.key {
            read.key.push(index);
        }
        let is_unique = column.unique;
        let is_compared =
            column.key || is_unique || column.references.is_some() || compared.contains(name.as_str());
        let (column, reference) = read_column(column, (index, start), is_compared, &mut taken)
            .and_then(|(column, reference)| {
                if is_unique && !column.column_type.is_exact() {
                    return Err(not_exact("a unique column", column.column_type));
                }
                Ok((column, reference))
            })
            .map_err(|error| error.in_column(&name).at(text, start))?;
        if is_unique {
            read.unique.push(vec![index]);
        }
        read.columns.push(column);
        read.references.extend(reference);
    }
    if read.key.is_empty() {
        return Err(DictionaryError::new(
            "no column has `key = true`; a table needs a primary key: without one, a row that arrives twice could not be \
             told from two rows",
        ));
    }
    if let [_, _, ..] = read.key[..]
        && let Some(column) = read.columns.iter().find(|column| column.auto_increment)
    {
        let problem = "only a primary key of one column can have auto_increment";
        return Err(DictionaryError::new(problem).in_column(&column.name));
    }
    Ok(read)
}

/// Returns the positions of columns that an entry of the table names, each once.
fn positions(columns: &[Column], names: &[String], entry: &str) -> Result<Vec<usize>, DictionaryError> {
    let mut positions = Vec::with_capacity(names.len());
    for name in names {
        match columns.iter().position(|column| column.name == *name) {
            Some(index) if !positions.contains(&index) => positions.push(index),
            Some(_) => return Err(DictionaryError::new(format!("{entry}: {name:?} is named twice"))),
            None => return Err(DictionaryError::new(format!("{entry}: there is no column {name:?}"))),
        }
    }
    if positions.is_empty() {
        return Err(DictionaryError::new(format!("{entry}: an entry names no column")));
    }
    Ok(positions)
}

/// Returns the names of the columns at these positions: `a, b`.
fn list(columns: &[Column], positions: &[usize]) -> String {
    let names: Vec<&str> = positions.iter().map(|index| columns[*index].name.as_str()).collect();
    names.join(", ")
}

/// Returns the positions of columns that are unique together, in ascending order.
fn read_unique(columns: &[Column], names: &[String]) -> Result<Vec<usize>, DictionaryError> {
    let mut positions = positions(columns, names, "unique")?;
    positions.sort_unstable();
    match positions.iter().map(|index| &columns[*index]).find(|column| !column.column_type.is_exact()) {
        Some(inexact) => Err(not_exact("unique columns", inexact.column_type).in_column(&inexact.name)),
        None => Ok(positions),
    }
}

fn read_limit(wire: &WireLimit) -> Result<RejectLimit, DictionaryError> {
    let (text, limit) = match wire {
        WireLimit::Count(count) => return Ok(RejectLimit::Count(*count)),
        WireLimit::Text(text) => (format!("{text:?}"), RejectLimit::parse(text)),
        WireLimit::Other(value) => (value.to_string(), Err(RejectLimitError)),
    };
    limit.map_err(|error| DictionaryError::new(format!("max_rejects {text}: {error}")))
}
