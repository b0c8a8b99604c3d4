//! Reading a dictionary from TOML, with the checks that make it safe to use.

mod column;
mod error;
mod name;
mod references;
mod rules;
mod table;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use crate::dictionary::{Dictionary, Table};
pub use error::DictionaryError;
use references::{in_reference_order, resolve_references};
use table::{Origin, WireTable, read_table};

/// Rowgate's own tables, which every dictionary has: hidden ones.
const BUILT_IN: &str = include_str!("../../built_in/dictionary.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireDictionary {
    #[serde(default)]
    table: Vec<Spanned<WireTable>>,
}

impl Dictionary {
    /// Reads a dictionary from TOML text, and adds Rowgate's own tables; `file` is what errors call
    /// it.
    ///
    /// # Errors
    /// The first thing that is wrong, with the line, table and column where it is: TOML that does
    /// not parse, a key that is not known, a name that is no identifier or is taken, a missing or
    /// unsuitable primary key, a rule that no value can keep, a reference that leads nowhere or in
    /// a circle, or rows too wide for one SQL statement.
    pub fn parse(file: &str, text: &str) -> Result<Self, DictionaryError> {
        let read = || {
            let mut tables = read_tables(text, Origin::Folder)?;
            tables.extend(read_tables(BUILT_IN, Origin::BuiltIn)?);
            Ok(Self { tables: in_reference_order(tables)? })
        };
        read().map_err(|error: DictionaryError| DictionaryError { file: file.to_owned(), ..error })
    }
}

fn read_tables(text: &str, origin: Origin) -> Result<Vec<Table>, DictionaryError> {
    let wire: WireDictionary = toml::from_str(text).map_err(|error| {
        let problem = DictionaryError::new(error.message().trim_end());
        match error.span() {
            Some(span) => problem.at(text, span.start),
            None => problem,
        }
    })?;
    if wire.table.is_empty() {
        return Err(DictionaryError::new("there is no [[table]] block"));
    }
    let mut names = BTreeSet::new();
    let mut tables = Vec::with_capacity(wire.table.len());
    let mut references = Vec::with_capacity(wire.table.len());
    for wire in wire.table {
        let start = wire.span().start;
        let wire = wire.into_inner();
        let name = wire.name.clone();
        let (table, named) = read_table(wire, text, origin, &mut names)
            .map_err(|error| error.in_table(&name).at(text, start))?;
        tables.push(table);
        references.push((start, named));
    }
    resolve_references(&mut tables, references, text)?;
    Ok(tables)
}
