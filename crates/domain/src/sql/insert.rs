//! `INSERT`s of many rows.

use super::guard::ReferenceGuard;
use super::literal::push_value;
use super::{MAX_SQL_CHARS, Parameter};
use crate::dictionary::{Column, Table};
use crate::value::Value;

/// The longest name that MySQL gives a table, in characters.
const MAX_TABLE_NAME: usize = 64;

/// Bytes that the parameters of a statement take at most, in the JSON of a call: a quarter of what
/// a call has room for. A single row may have more.
const MAX_PARAMETER_BYTES: usize = 1 << 20;

/// Returns the head of every insert: `INSERT INTO `t` (`a`,`b`) VALUES `.
fn insert_head(table: &Table, target: &str) -> String {
    let columns: Vec<String> = table.columns().iter().map(|column| format!("`{}`", column.name())).collect();
    format!("INSERT INTO `{target}` ({}) VALUES ", columns.join(","))
}

/// Returns the end of an insert whose rows replace those with the same key.
///
/// `VALUES(column)` is deprecated since MySQL 8.0.20, but its successor, a row alias, is no SQL to
/// MariaDB: this is the one spelling that MySQL 8, MySQL 9 and MariaDB share.
pub(super) fn upsert_tail(table: &Table) -> String {
    let set = |column: &Column| format!("`{0}`=VALUES(`{0}`)", column.name());
    let others = table.columns().iter().enumerate().filter(|(index, _)| !table.key_indexes().contains(index));
    let mut sets: Vec<String> = others.map(|(_, column)| set(column)).collect();
    if sets.is_empty() {
        sets.extend(table.key_columns().next().map(set));
    }
    format!(" ON DUPLICATE KEY UPDATE {}", sets.join(","))
}

/// Returns the characters that an insert of one row takes at most, into a table of any name,
/// without a guard.
pub(crate) fn widest_insert(table: &Table) -> usize {
    let row: usize = table.columns().iter().map(|column| column.column_type().max_literal() + 1).sum();
    insert_head(table, "").len() + MAX_TABLE_NAME + row + 2 + upsert_tail(table).len()
}

/// Splits rows into multi-row INSERT statements, each at most [`MAX_SQL_CHARS`] long and with at
/// most a mebibyte of parameters, but for a row that has more by itself.
///
/// ```text
/// INSERT INTO `collections` (`id`,`collection_name`) VALUES (1,X'53616C6573'),(2,:p0)
/// ```
#[derive(Debug)]
pub struct InsertWriter<'t> {
    table: &'t Table,
    head: String,
    tail: String,
    guard: ReferenceGuard,
    text: String,
    parameters: Vec<Parameter>,
    parameter_bytes: usize,
    rows: usize,
}

/// A finished INSERT statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsertStatement {
    /// The SQL text, at most [`MAX_SQL_CHARS`] long unless its guard makes it longer.
    pub sql: String,
    /// The values that the text has no literals of.
    pub parameters: Vec<Parameter>,
    /// The number of rows that it inserts.
    pub rows: usize,
}

impl<'t> InsertWriter<'t> {
    /// Creates a writer of plain inserts into `table`.
    pub fn new(table: &'t Table) -> Self {
        Self::guarded(table, ReferenceGuard::default())
    }

    /// Creates a writer whose first statement carries `guard`. Where guard and rows do not fit one
    /// statement together, the caller does better to ask for the references beforehand.
    pub fn guarded(table: &'t Table, guard: ReferenceGuard) -> Self {
        Self {
            table,
            head: insert_head(table, table.name()),
            tail: String::new(),
            guard,
            text: String::new(),
            parameters: Vec::new(),
            parameter_bytes: 0,
            rows: 0,
        }
    }

    /// Returns the same writer for another table with the same columns: `target` is put into the
    /// SQL as it is, so it must be a safe identifier of at most 64 characters, as the names of the
    /// dictionary and of shadow tables are.
    #[must_use]
    pub fn into_table(mut self, target: &str) -> Self {
        self.head = insert_head(self.table, target);
        self
    }

    /// Returns the same writer, whose rows take the place of those with the same key; of rows with
    /// the same key the last one counts. In a table with unique columns, the caller has made sure
    /// that no row has values of another key's row: MySQL would write it over that one.
    #[must_use]
    pub fn upserting(mut self) -> Self {
        self.tail = upsert_tail(self.table);
        self
    }

    /// Adds a row, one value for each column of the table; returns the statement before it when
    /// that was full.
    pub fn push(&mut self, row: &[Value<'_>]) -> Option<InsertStatement> {
        let (start, bound) = (self.text.len(), self.parameters.len());
        if self.rows == 0 {
            // A statement is built in one allocation.
            self.text.reserve(MAX_SQL_CHARS);
            self.text.push_str(&self.head);
        } else {
            self.text.push(',');
        }
        let guard = std::mem::take(&mut self.guard);
        write_row(&mut self.text, &mut self.parameters, self.table, row, &guard);
        let added: usize = self.parameters[bound..].iter().map(Parameter::json_bytes).sum();
        self.parameter_bytes += added;
        self.rows += 1;
        let fits =
            self.text.len() + self.tail.len() <= MAX_SQL_CHARS && self.parameter_bytes <= MAX_PARAMETER_BYTES;
        if self.rows == 1 || fits {
            return None;
        }
        let mut next = String::with_capacity(MAX_SQL_CHARS);
        next.push_str(&self.head);
        let mut parameters = Vec::new();
        if self.parameters.len() == bound {
            next.push_str(&self.text[start + 1..]);
        } else {
            // Its parameters have other numbers there.
            self.parameters.truncate(bound);
            write_row(&mut next, &mut parameters, self.table, row, &guard);
        }
        self.text.truncate(start);
        self.text.push_str(&self.tail);
        let full = InsertStatement {
            sql: std::mem::replace(&mut self.text, next),
            parameters: std::mem::replace(&mut self.parameters, parameters),
            rows: self.rows - 1,
        };
        (self.rows, self.parameter_bytes) = (1, added);
        Some(full)
    }

    /// Returns the last statement, if there is a row that no statement before it holds.
    pub fn finish(mut self) -> Option<InsertStatement> {
        self.text.push_str(&self.tail);
        let Self { text: sql, parameters, rows, .. } = self;
        (rows > 0).then_some(InsertStatement { sql, parameters, rows })
    }
}

fn write_row(
    text: &mut String,
    parameters: &mut Vec<Parameter>,
    table: &Table,
    row: &[Value<'_>],
    guard: &ReferenceGuard,
) {
    let guarded = table.key_indexes().first();
    text.push('(');
    for (index, value) in row.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        if Some(&index) == guarded {
            let (before, behind) = guard.around(value);
            text.push_str(&before);
            push_value(text, value, parameters);
            text.push_str(&behind);
        } else {
            push_value(text, value, parameters);
        }
    }
    text.push(')');
}
