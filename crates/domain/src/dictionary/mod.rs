//! The data dictionary: which tables there are, which columns they have, and what a value must look
//! like.
//!
//! A [`Dictionary`] is only made by [`Dictionary::parse`], which refuses anything that could not
//! work later: the rest of the code relies on names being safe SQL identifiers, on references that
//! lead somewhere and on every row fitting into one SQL statement.

mod expectations;
mod files;
mod name;
mod reject_limit;

use std::fmt;

pub use expectations::{Expectations, Severity};
pub(crate) use expectations::{WireExpectations, read_expectations};
pub(crate) use files::{ColumnMatches, WireFiles, is_delimiter, read_files};
pub use files::{FileSettings, HeaderRule, QuoteEscape};
pub(crate) use name::{MAX_IDENTIFIER, header_name, is_identifier, is_zero_width};
pub use reject_limit::{RejectLimit, RejectLimitError};

use crate::named::named_enum;
use crate::shortened;
use crate::value::Value;

/// Every table that Rowgate knows, in reference order: a table comes after the tables that it
/// refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dictionary {
    pub(crate) tables: Vec<Table>,
}

impl Dictionary {
    /// Returns the tables, hidden ones too, each after the tables that it refers to.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Returns the tables that users know of, each after the tables that it refers to: what every
    /// list is made of, and what is meant by all tables.
    pub fn visible_tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| !table.is_hidden())
    }

    /// Returns the table called `name`, by its own name or one of its aliases.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.answers_to(name))
    }

    /// Returns the tables of these names, in the order of the names.
    ///
    /// # Errors
    /// [`UnknownTable`] for the first name that no table answers to.
    pub fn tables_named(&self, names: &[String]) -> Result<Vec<&Table>, UnknownTable> {
        let unknown = |name: &String| UnknownTable {
            name: shortened(name, MAX_IDENTIFIER).into_owned(),
            known: self.table_names(),
        };
        names.iter().map(|name| self.table(name).ok_or_else(|| unknown(name))).collect()
    }

    /// Returns the names of the visible tables, for messages: `departments, jobs, employees`.
    pub fn table_names(&self) -> String {
        let names: Vec<&str> = self.visible_tables().map(Table::name).collect();
        names.join(", ")
    }
}

/// A name that no table answers to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no table {name:?}; there are {known}")]
pub struct UnknownTable {
    /// The name, or its beginning: it may be as long as a request.
    name: String,
    /// The names of the visible tables.
    known: String,
}

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
    pub(crate) key: usize,
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
    /// know its name alone. Its name begins with `rowgate_`, and no table refers to it.
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

    /// Returns the position of the primary key among [`Table::columns`]; always an integer or
    /// bigint column.
    pub fn key_index(&self) -> usize {
        self.key
    }

    /// Returns the primary key column.
    pub fn key(&self) -> &Column {
        &self.columns[self.key]
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

    /// Returns the columns that refer to other tables: the column's position and the referred
    /// table's name.
    pub fn references(&self) -> impl Iterator<Item = (usize, &str)> {
        self.columns
            .iter()
            .enumerate()
            .filter_map(|(index, column)| column.references.as_deref().map(|table| (index, table)))
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

/// The meaning of a field in a file's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderField {
    /// The column at this position of the table.
    Column(usize),
    /// No column: its values are left out.
    LeftOut,
    /// An unknown name.
    Unknown,
}

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
    pub(crate) references: Option<String>,
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

    /// Returns the table whose primary key this column names, if it is a reference.
    pub fn references(&self) -> Option<&str> {
        self.references.as_deref()
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

/// The type of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// A whole number of 32 bits, as MySQL's `INT`.
    Integer,
    /// A whole number of 64 bits, as MySQL's `BIGINT`.
    Bigint,
    /// An exact decimal number with at most `precision` digits, `scale` of them after the point.
    Decimal {
        /// Digits in all, 1 to [`ColumnType::MAX_PRECISION`].
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// Text of at most `max` characters (Unicode scalar values, as MySQL counts a `VARCHAR`).
    String {
        /// Characters at most.
        max: u32,
    },
    /// True or false.
    Boolean,
    /// A day, `2021-07-27`, from year 1000 to 9999 (the range of MySQL's `DATE`).
    Date,
    /// A second in UTC, `2021-07-27T16:02:08Z`, from year 1000 to 9999 (the range of MySQL's
    /// `DATETIME`).
    Timestamp,
}

impl ColumnType {
    /// The most digits a decimal can have here: what fits a 128-bit integer. MySQL itself allows
    /// 65.
    pub const MAX_PRECISION: u8 = 38;

    /// Returns the least and the greatest number of a column of whole numbers.
    pub fn integer_bounds(self) -> (i64, i64) {
        match self {
            Self::Integer => (i32::MIN.into(), i32::MAX.into()),
            _ => (i64::MIN, i64::MAX),
        }
    }

    /// Returns the most characters that a literal of this type takes in SQL text.
    pub(crate) fn max_literal(self) -> usize {
        match self {
            Self::Integer => 11,
            Self::Bigint => 20,
            // A sign, a point and a leading zero beside the digits.
            Self::Decimal { precision, .. } => usize::from(precision) + 3,
            // X'…' around two digits for each of at most four bytes a character.
            Self::String { max } => 3 + 8 * max as usize,
            Self::Boolean => 1,
            Self::Date => 8,
            Self::Timestamp => 14,
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer => f.write_str("integer"),
            Self::Bigint => f.write_str("bigint"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::String { max } => write!(f, "string({max})"),
            Self::Boolean => f.write_str("boolean"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
        }
    }
}

named_enum! {
    /// The mode of a load: what it does with rows whose id is already taken.
    pub enum LoadMode {
        /// Such a row is rejected.
        Append = "append",
        /// Such a row replaces the one in the table.
        Upsert = "upsert",
        /// The file's rows replace the whole table.
        Replace = "replace",
    }
}
