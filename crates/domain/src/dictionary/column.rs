//! Columns.

use super::{ColumnType, Rules};
use crate::value::Value;

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) description: String,
    pub(crate) column_type: ColumnType,
    pub(crate) required: bool,
    pub(crate) auto_increment: bool,
    pub(crate) personal: bool,
    pub(crate) is_compared: bool,
    pub(crate) rules: Option<Box<Rules>>,
    pub(crate) default: Option<Value<'static>>,
}

impl Column {
    /// Returns the column's name in the database, in JSON and in CSV headers; a safe SQL
    /// identifier.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Other names accepted wherever a column name comes in; never given out.
    pub fn aliases(&self) -> &[String] {
        &self.aliases
    }

    /// One sentence for people: what the value means.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Returns the type of its values.
    pub fn column_type(&self) -> ColumnType {
        self.column_type
    }

    /// Returns true if a row must have a value. An empty CSV field, an empty string and JSON `null`
    /// do not count.
    pub fn required(&self) -> bool {
        self.required
    }

    /// Returns true if the database numbers rows itself. Such a column cannot hold 0: MySQL
    /// replaces it with a new number.
    pub fn auto_increment(&self) -> bool {
        self.auto_increment
    }

    /// Returns true if values are personal data: logs never show them, and the lake masks them or
    /// leaves them out.
    pub fn personal(&self) -> bool {
        self.personal
    }

    /// Returns true if the column is part of the key, of unique columns or of a reference: the
    /// database compares its values. Its collation takes texts for equal that differ in spaces at
    /// their ends (PAD SPACE), so such texts, and control characters, which it would sort before
    /// that space, are refused.
    pub fn is_compared(&self) -> bool {
        self.is_compared
    }

    /// Returns true if its rules let texts of ASCII through alone, so that the database may keep
    /// them as such. It compares no other text with them.
    pub fn is_ascii(&self) -> bool {
        self.rules().is_some_and(Rules::are_ascii)
    }

    /// Returns the rules that its values keep beside their type, if there are any.
    pub fn rules(&self) -> Option<&Rules> {
        self.rules.as_deref()
    }

    /// Returns the value of the column for rows of Avro files that have no field for it, because
    /// they are older than the column. It counts as a value that arrived. Rows that arrive as JSON
    /// or CSV never get it.
    pub fn default(&self) -> Option<&Value<'static>> {
        self.default.as_ref()
    }

    /// Returns true if the column is called `name` or has it as an alias.
    pub fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }
}
