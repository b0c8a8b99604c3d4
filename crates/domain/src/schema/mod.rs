//! Compares a dictionary with the tables that a database has.
//!
//! The dictionary is the source of everything about a table; the schema is what the migrations make
//! of it. They must agree. This module asks nothing: callers run [`QUERIES`] and hand the rows
//! over.

mod column;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::built_in;
use crate::dictionary::{Column, Dictionary, Table};
use column::FoundColumn;
pub(crate) use column::sql_type;

/// Rows of texts, as a database gives them.
pub type TextRows = Vec<Vec<Option<String>>>;

/// The queries whose rows describe the tables of the current database, for [`differences`].
pub const QUERIES: [&str; 4] = [
    "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, \
     NUMERIC_SCALE, DATETIME_PRECISION, IS_NULLABLE, EXTRA, COLLATION_NAME, COLUMN_DEFAULT FROM information_schema.COLUMNS \
     WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION",
    "SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS \
     WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX",
    "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES \
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME",
    "SELECT TABLE_NAME, 'foreign key', CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS \
     WHERE CONSTRAINT_SCHEMA = DATABASE() UNION ALL \
     SELECT TABLE_NAME, 'check constraint', CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS t \
     WHERE CONSTRAINT_SCHEMA = DATABASE() AND CONSTRAINT_TYPE = 'CHECK' AND EXISTS \
     (SELECT 1 FROM information_schema.CHECK_CONSTRAINTS c WHERE c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA \
     AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME AND c.CHECK_CLAUSE NOT LIKE 'json_valid(%') UNION ALL \
     SELECT EVENT_OBJECT_TABLE, 'trigger', TRIGGER_NAME FROM information_schema.TRIGGERS \
     WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY 1, 2, 3",
];

/// Something in which a dictionary and a database differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// The table.
    pub table: String,
    /// The column, if it is about one.
    pub column: Option<String>,
    /// The difference, as the end of a sentence.
    pub problem: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table)?;
        if let Some(column) = &self.column {
            write!(f, ".{column}")?;
        }
        write!(f, " {}", self.problem)
    }
}

/// An index of a table.
#[derive(Debug)]
struct FoundIndex {
    name: String,
    is_unique: bool,
    /// Its columns in order; the beginning of a column has its length behind the name.
    columns: Vec<String>,
}

/// A table of the database.
#[derive(Debug, Default)]
struct FoundTable {
    columns: Vec<FoundColumn>,
    indexes: Vec<FoundIndex>,
    engine: String,
    /// Foreign keys, check constraints and triggers: what it is, and its name.
    extras: Vec<(String, String)>,
}

/// Returns everything in which a dictionary and a database differ, in the order of the dictionary;
/// tables that the dictionary does not have come last. `rows` are the results of [`QUERIES`], in
/// their order.
pub fn differences(dictionary: &Dictionary, rows: [TextRows; 4]) -> Vec<Difference> {
    let found = read(rows);
    let mut differences = Vec::new();
    for table in dictionary.tables() {
        let mut add = |column: Option<&str>, problem: String| {
            let column = column.map(str::to_owned);
            differences.push(Difference { table: table.name().to_owned(), column, problem });
        };
        match found.get(table.name()) {
            None => add(None, "is in the dictionary, but no migration creates it".to_owned()),
            Some(of_table) => {
                compare(table, of_table, &mut add);
                compare_references(dictionary, table, &found, &mut add);
            }
        }
    }
    let is_known = |name: &str| dictionary.tables().iter().any(|table| table.name() == name);
    // Rowgate's own tables are in no dictionary, but for one.
    let unknown = found.into_keys().filter(|name| !name.starts_with(built_in::PREFIX) && !is_known(name));
    differences.extend(unknown.map(|table| Difference {
        table,
        column: None,
        problem: "is not in the dictionary".to_owned(),
    }));
    differences
}

/// Gathers the rows of the queries by table.
fn read(rows: [TextRows; 4]) -> BTreeMap<String, FoundTable> {
    let [columns, indexes, tables, extras] = rows.map(|rows| {
        rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>())
    });
    let mut found: BTreeMap<String, FoundTable> = BTreeMap::new();
    for row in tables {
        if let [name, engine] = &row[..] {
            found.insert(name.clone(), FoundTable { engine: engine.clone(), ..FoundTable::default() });
        }
    }
    for row in columns {
        if let Some((table, column)) = row.split_first()
            && let (Some(table), Some(column)) = (found.get_mut(table), FoundColumn::read(column))
        {
            table.columns.push(column);
        }
    }
    for row in indexes {
        let [table, name, non_unique, column, part] = &row[..] else { continue };
        let Some(table) = found.get_mut(table) else { continue };
        let column = if part.is_empty() { column.clone() } else { format!("{column}({part})") };
        match table.indexes.last_mut().filter(|index| index.name == *name) {
            Some(index) => index.columns.push(column),
            None => table.indexes.push(FoundIndex {
                name: name.clone(),
                is_unique: non_unique == "0",
                columns: vec![column],
            }),
        }
    }
    for row in extras {
        if let [table, what, name] = &row[..]
            && let Some(table) = found.get_mut(table)
        {
            table.extras.push((what.clone(), name.clone()));
        }
    }
    found
}

fn compare(table: &Table, found: &FoundTable, add: &mut impl FnMut(Option<&str>, String)) {
    let in_schema: Vec<&str> = found.columns.iter().map(|column| column.name.as_str()).collect();
    let in_dictionary: Vec<&str> = table.columns().iter().map(Column::name).collect();
    if in_schema != in_dictionary {
        let (in_schema, in_dictionary) = (in_schema.join(", "), in_dictionary.join(", "));
        return add(None, format!("has the columns {in_schema}; in the dictionary {in_dictionary}"));
    }
    for (column, found) in table.columns().iter().zip(&found.columns) {
        for problem in found.differences(column) {
            add(Some(column.name()), problem);
        }
    }
    if found.engine != "InnoDB" {
        add(None, format!("has the engine {}; only InnoDB has transactions", found.engine));
    }
    compare_indexes(table, &found.indexes, add);
    // A table that is swapped in has neither foreign keys nor triggers, and what a check constraint
    // refuses is no row's fault to the functions: the rules of the dictionary name the row.
    for (what, name) in &found.extras {
        add(None, format!("has a {what}, {name}"));
    }
}

/// Compares the collations of texts that refer to a key with those of the key: the database
/// compares no text in ASCII with one that is not.
fn compare_references(
    dictionary: &Dictionary,
    table: &Table,
    found: &BTreeMap<String, FoundTable>,
    add: &mut impl FnMut(Option<&str>, String),
) {
    let collation = |table: &Table, name: &str| {
        let columns = found.get(table.name()).map(|table| &table.columns)?;
        columns.iter().find(|column| column.name == name).map(|column| column.collation.as_str())
    };
    for reference in table.references() {
        let Some(referred) = dictionary.table(reference.table()) else { continue };
        for (index, key) in reference.columns().iter().zip(referred.key_columns()) {
            let name = table.columns()[*index].name();
            if let (Some(own), Some(other)) = (collation(table, name), collation(referred, key.name()))
                && own != other
            {
                let to = format!("{}.{}", referred.name(), key.name());
                add(Some(name), format!("has the collation {own}; {to}, to which it refers, has {other}"));
            }
        }
    }
}

fn compare_indexes(table: &Table, indexes: &[FoundIndex], add: &mut impl FnMut(Option<&str>, String)) {
    let names = |columns: &[usize]| -> Vec<&str> {
        columns.iter().map(|index| table.columns()[*index].name()).collect()
    };
    let is_primary = |index: &&FoundIndex| index.name == "PRIMARY";
    let key = names(table.key_indexes());
    let primary = indexes.iter().find(is_primary).map(|index| index.columns.as_slice()).unwrap_or_default();
    if primary != key {
        let found = if primary.is_empty() { "none".to_owned() } else { primary.join(", ") };
        add(None, format!("has the primary key {found}; in the dictionary {}", key.join(", ")));
    }
    // The order of the columns makes no difference to what is unique, nor to finding a key.
    let set = |columns: &[&str]| -> BTreeSet<String> {
        columns.iter().map(|column| (*column).to_owned()).collect()
    };
    let of = |index: &FoundIndex, count: usize| -> BTreeSet<String> {
        index.columns.iter().take(count).cloned().collect()
    };
    let unique: Vec<BTreeSet<String>> = table.unique().iter().map(|columns| set(&names(columns))).collect();
    for index in indexes.iter().filter(|index| index.is_unique && !is_primary(index)) {
        if !unique.contains(&of(index, usize::MAX)) {
            let columns = index.columns.join(", ");
            add(
                None,
                format!("has the unique key {} ({columns}), which is not in the dictionary", index.name),
            );
        }
    }
    for columns in table.unique().iter().map(|columns| names(columns)) {
        let mut others = indexes.iter().filter(|index| index.is_unique && !is_primary(index));
        if !others.any(|index| of(index, usize::MAX) == set(&columns)) {
            let of_columns = columns.join(", ");
            add(
                Some(columns[0]),
                format!("is unique in the dictionary, but has no UNIQUE KEY ({of_columns})"),
            );
        }
    }
    for reference in table.references() {
        let columns = names(reference.columns());
        if !indexes.iter().any(|index| of(index, columns.len()) == set(&columns)) {
            let of_columns = columns.join(", ");
            add(Some(columns[0]), format!("is a reference without an index that begins with ({of_columns})"));
        }
    }
}
