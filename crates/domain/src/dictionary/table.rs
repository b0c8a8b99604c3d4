//! Tables.

use super::{
    Check, Column, ColumnMatches, Expectations, FileSettings, HeaderField, LoadMode, Reference, RejectLimit,
    header_name,
};
use crate::value::{Key, Value};

/// One table of the dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) description: String,
    pub(crate) is_hidden: bool,
    pub(crate) default_mode: LoadMode,
    pub(crate) max_rejects: Option<RejectLimit>,
    pub(crate) files: FileSettings,
    pub(crate) expectations: Expectations,
    pub(crate) columns: Vec<Column>,
    pub(crate) key: Vec<usize>,
    pub(crate) unique: Vec<Vec<usize>>,
    pub(crate) references: Vec<Reference>,
    pub(crate) checks: Vec<Check>,
}

impl Table {
    /// Returns the table's name in the database; a safe SQL identifier (`[a-z][a-z0-9_]*`, at most
    /// 64 characters).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Other names accepted wherever a table name comes in; never given out.
    pub fn aliases(&self) -> &[String] {
        &self.aliases
    }

    /// One sentence for people: what a row of the table is.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Returns true if users never see the table: it is Rowgate's own, and is reached by those who
    /// know its name alone. Its name begins with `rowgate_`, and no other table refers to it.
    pub fn is_hidden(&self) -> bool {
        self.is_hidden
    }

    /// Returns the mode of files whose key names none.
    pub fn default_mode(&self) -> LoadMode {
        self.default_mode
    }

    /// Returns how many records of a file may be rejected before its load fails; `None` where the
    /// dictionary does not say.
    pub fn max_rejects(&self) -> Option<RejectLimit> {
        self.max_rejects
    }

    /// Returns the format of its files, as far as the dictionary sets it.
    pub fn files(&self) -> &FileSettings {
        &self.files
    }

    /// Returns what the lake does with rows that break the dictionary.
    pub fn expectations(&self) -> Expectations {
        self.expectations
    }

    /// Returns the names of the columns, for messages: `id, name, datetime`.
    pub(crate) fn column_names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(Column::name).collect();
        names.join(", ")
    }

    /// Returns the columns, in CSV order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Returns the positions of the key's columns among [`Table::columns`], in the key's order; at
    /// least one.
    pub fn key_indexes(&self) -> &[usize] {
        &self.key
    }

    /// Returns the key's columns, in the key's order.
    pub fn key_columns(&self) -> impl ExactSizeIterator<Item = &Column> {
        self.key.iter().map(|index| &self.columns[*index])
    }

    /// Returns the key of a row; `None` if one of the key's columns is without a value.
    pub fn key_of(&self, values: &[Value<'_>]) -> Option<Key> {
        Key::of(self.key.iter().map(|index| &values[*index]))
    }

    /// Returns the columns, by position, whose values together no two rows share; beside the key.
    /// A row without a value in one of them shares nothing.
    pub fn unique(&self) -> &[Vec<usize>] {
        &self.unique
    }

    /// Returns the comparisons that each row keeps.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// Returns the position of the column called `name`, by its own name or one of its aliases.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.answers_to(name))
    }

    /// Returns the meaning of a header's name, which is in lower case and has no white space around
    /// it.
    pub(crate) fn header_field(&self, name: &str) -> HeaderField {
        let ColumnMatches(matches) = &self.files.matches;
        match matches.get(name) {
            Some(Some(index)) => HeaderField::Column(*index),
            Some(None) => HeaderField::LeftOut,
            None => self.column_index(name).map_or(HeaderField::Unknown, HeaderField::Column),
        }
    }

    /// Returns the column that a name of a file's header means, if it means one.
    pub fn column_meant(&self, name: &str) -> Option<&Column> {
        match self.header_field(&header_name(name.as_bytes())) {
            HeaderField::Column(index) => self.columns.get(index),
            HeaderField::LeftOut | HeaderField::Unknown => None,
        }
    }

    /// Returns the same table whose files are written in another way.
    pub(crate) fn with_files(&self, files: FileSettings) -> Self {
        Self { files, ..self.clone() }
    }

    /// Returns the references to tables, in the order of their first columns.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Returns true if the table is called `name` or has it as an alias.
    pub fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }

    /// Returns the name of the table in a place that knows it by one of its names, perhaps a former
    /// one: its own name if that is known, or else the first known alias.
    pub fn known_as(&self, is_known: impl Fn(&str) -> bool) -> Option<&str> {
        let names = [&self.name].into_iter().chain(&self.aliases).map(String::as_str);
        names.into_iter().find(|name| is_known(name))
    }
}
