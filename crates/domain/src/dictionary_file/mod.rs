//! Reading a dictionary from TOML, with the checks that make it safe to use.

mod default;
mod error;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::dictionary::{Dictionary, Table};
pub use error::DictionaryError;
use table::{WireTable, read_table};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireDictionary {
    #[serde(default)]
    table: Vec<WireTable>,
}

impl Dictionary {
    /// Reads a dictionary from TOML text; `file` is what errors call it.
    ///
    /// # Errors
    /// The first thing that is wrong, with the table and column where it is: TOML that does not
    /// parse, a key that is not known, a name that is no identifier or is taken, a missing or
    /// unsuitable primary key, a reference that leads nowhere or in a circle, or rows too wide for
    /// one SQL statement.
    pub fn parse(file: &str, text: &str) -> Result<Self, DictionaryError> {
        read(text).map_err(|error| DictionaryError { file: file.to_owned(), ..error })
    }
}

fn read(text: &str) -> Result<Dictionary, DictionaryError> {
    let wire: WireDictionary = toml::from_str(text)
        .map_err(|error| DictionaryError::new(error.to_string().trim_end().to_owned()))?;
    if wire.table.is_empty() {
        return Err(DictionaryError::new("there is no [[table]] block"));
    }
    let mut names = BTreeSet::new();
    let mut tables = Vec::with_capacity(wire.table.len());
    for table in wire.table {
        let name = table.name.clone();
        tables.push(read_table(table, &mut names).map_err(|error| error.in_table(&name))?);
    }
    check_references(&tables)?;
    Ok(Dictionary { tables: in_reference_order(tables)? })
}

fn check_references(tables: &[Table]) -> Result<(), DictionaryError> {
    for table in tables {
        for (index, target) in table.references() {
            let column = &table.columns[index];
            let error =
                |problem: String| DictionaryError::new(problem).in_table(&table.name).in_column(&column.name);
            let Some(referred) = tables.iter().find(|candidate| candidate.name == target) else {
                return Err(error(format!("references {target:?}, but there is no such table")));
            };
            if referred.is_hidden && !table.is_hidden {
                return Err(error(format!("references {target:?}, which is hidden and in no backup")));
            }
            if referred.key().column_type != column.column_type {
                return Err(error(format!(
                    "is {}, but the key of {target} is {}",
                    column.column_type,
                    referred.key().column_type
                )));
            }
        }
    }
    Ok(())
}

/// Puts every table after the tables that it refers to; a table may refer to itself.
fn in_reference_order(tables: Vec<Table>) -> Result<Vec<Table>, DictionaryError> {
    let mut waiting: BTreeMap<usize, Table> = tables.into_iter().enumerate().collect();
    let mut ordered: Vec<Table> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = waiting.iter().find_map(|(&position, table)| {
            let all_there = table
                .references()
                .all(|(_, target)| target == table.name || ordered.iter().any(|done| done.name == target));
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
