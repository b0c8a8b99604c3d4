//! References between tables: that they lead somewhere, and the order that follows from them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::DictionaryError;
use crate::dictionary::{ColumnType, OnUnknown, Reference, Table, Unknown};

/// An entry of a table's `references`: columns that name a row of a table by its key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireReference {
    pub(super) columns: Vec<String>,
    pub(super) table: String,
    pub(super) on_unknown: Option<WireUnknown>,
}

/// `"reject"` for every way in, or `{ api = "reject", files = "accept" }`; anything else that TOML
/// has is recognised later, to say what would be right.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum WireUnknown {
    All(String),
    Each(WireUnknowns),
    Other(toml::Value),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireUnknowns {
    api: Option<String>,
    files: Option<String>,
}

/// A reference whose table has not been looked up yet, and where it stands in the text.
pub(super) struct NamedReference {
    pub(super) reference: Reference,
    /// The column whose entry has it; none for an entry of the table.
    pub(super) column: Option<String>,
    pub(super) start: usize,
}

/// Reads what becomes of rows whose reference names no row.
pub(super) fn read_on_unknown(wire: Option<&WireUnknown>) -> Result<OnUnknown, DictionaryError> {
    let read = |name: &String| {
        Unknown::from_name(name)
            .ok_or_else(|| DictionaryError::new(format!("unknown on_unknown {name:?}; use reject or accept")))
    };
    let usual = OnUnknown::default();
    match wire {
        None => Ok(usual),
        Some(WireUnknown::All(name)) => {
            let all = read(name)?;
            Ok(OnUnknown { api: all, files: all })
        }
        Some(WireUnknown::Each(WireUnknowns { api, files })) => Ok(OnUnknown {
            api: api.as_ref().map_or(Ok(usual.api), read)?,
            files: files.as_ref().map_or(Ok(usual.files), read)?,
        }),
        Some(WireUnknown::Other(value)) => Err(DictionaryError::new(format!(
            "on_unknown = {value}: use \"reject\", \"accept\" or {{ api = \"reject\", files = \"accept\" }}"
        ))),
    }
}

/// Holds the references of each table against the tables that they name, and puts them in.
pub(super) fn resolve_references(
    tables: &mut [Table],
    references: Vec<(usize, Vec<NamedReference>)>,
    text: &str,
) -> Result<(), DictionaryError> {
    let mut resolved = Vec::with_capacity(tables.len());
    for (table, (block, named)) in tables.iter().zip(references) {
        let mut of_table = Vec::with_capacity(named.len());
        for NamedReference { reference, column, start } in named {
            check_reference(tables, table, &reference).map_err(|error| {
                let error = error.in_table(&table.name).at(text, start);
                match &column {
                    Some(column) => error.in_column(column),
                    None => error,
                }
            })?;
            of_table.push(reference);
        }
        of_table.sort_by_key(|reference| reference.columns.clone());
        if let Some(twice) = of_table.windows(2).find(|pair| pair[0].columns == pair[1].columns) {
            let names: Vec<&str> =
                twice[0].columns.iter().map(|index| table.columns[*index].name.as_str()).collect();
            let problem =
                format!("{} refers to {} and to {}", names.join(", "), twice[0].table, twice[1].table);
            return Err(DictionaryError::new(problem).in_table(&table.name).at(text, block));
        }
        resolved.push(of_table);
    }
    for (table, references) in tables.iter_mut().zip(resolved) {
        table.references = references;
    }
    Ok(())
}

fn check_reference(tables: &[Table], table: &Table, reference: &Reference) -> Result<(), DictionaryError> {
    let target = &reference.table;
    let Some(referred) = tables.iter().find(|candidate| candidate.name == *target) else {
        return Err(DictionaryError::new(format!("references {target:?}, but there is no such table")));
    };
    if referred.key.len() != reference.columns.len() {
        return Err(DictionaryError::new(format!(
            "references {target:?} by {} columns, but its key has {}; a table's references = \
             [{{ columns = […], table = {target:?} }}] names a key of several columns",
            reference.columns.len(),
            referred.key.len()
        )));
    }
    for (index, key) in reference.columns.iter().zip(referred.key_columns()) {
        let column = &table.columns[*index];
        if !is_same_type(column.column_type, key.column_type) {
            return Err(DictionaryError::new(format!(
                "{} is {}, but the key of {target} is {}",
                column.name, column.column_type, key.column_type
            )));
        }
    }
    Ok(())
}

/// Returns true if values of one type can be those of the other; how long a text may be does not
/// count.
fn is_same_type(one: ColumnType, other: ColumnType) -> bool {
    let is_string = |column_type| matches!(column_type, ColumnType::String { .. });
    one == other || (is_string(one) && is_string(other))
}

/// Puts every table after the tables that it refers to; a table may refer to itself.
pub(super) fn in_reference_order(tables: Vec<Table>) -> Result<Vec<Table>, DictionaryError> {
    let mut waiting: BTreeMap<usize, Table> = tables.into_iter().enumerate().collect();
    let mut ordered: Vec<Table> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = waiting.iter().find_map(|(&position, table)| {
            let all_there = table.references.iter().all(|reference| {
                reference.table == table.name || ordered.iter().any(|done| done.name == reference.table)
            });
            all_there.then_some(position)
        });
        match ready.and_then(|position| waiting.remove(&position)) {
            Some(table) => ordered.push(table),
            None => {
                let names: Vec<&str> = waiting.values().map(|table| table.name.as_str()).collect();
                return Err(DictionaryError::new(format!(
                    "the tables {} refer to each other in a circle",
                    names.join(", ")
                )));
            }
        }
    }
    Ok(ordered)
}
