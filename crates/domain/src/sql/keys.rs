//! SQL text that finds rows by their keys, or by values that are unique.

use super::MAX_SQL_CHARS;
use super::literal::push_comparable;
use crate::dictionary::{Column, Table};
use crate::row_text::{RowTextError, columns_text_sql, parse_columns_text};
use crate::value::Key;

/// Characters of the values in one list: room for what is around them, which are the names of
/// columns and tables.
const MAX_LIST_CHARS: usize = MAX_SQL_CHARS / 2;

/// `SELECT`s of those of `keys` that are keys of rows in `target`, a table with the columns of
/// `table`: as rows `{"k": …}`, for [`read_key`]. They are locked against change until the end of
/// the transaction if `lock` is set. No statement for no keys.
///
/// `target` is put into the SQL as it is: of it holds what [`InsertWriter::into_table`] says.
///
/// [`InsertWriter::into_table`]: super::InsertWriter::into_table
pub fn select_present<'k>(
    table: &Table,
    target: &str,
    keys: impl IntoIterator<Item = &'k Key>,
    lock: bool,
) -> Vec<String> {
    let head = format!("SELECT {} AS `k` FROM `{target}` WHERE ", columns_text_sql(table.key_columns()));
    lists(&head, || table.key_columns(), keys, lock)
}

/// `SELECT`s of the rows in `target` whose values in `columns` (positions of unique columns) are
/// one of `values`: as rows `{"k": …, "u": …}`, their key and those values, for [`read_key`] and
/// [`read_columns`]. Otherwise as [`select_present`].
pub fn select_holders<'k>(
    table: &Table,
    target: &str,
    columns: &[usize],
    values: impl IntoIterator<Item = &'k Key>,
    lock: bool,
) -> Vec<String> {
    let unique = || columns.iter().map(|index| &table.columns()[*index]);
    let head = format!(
        "SELECT {} AS `k`,{} AS `u` FROM `{target}` WHERE ",
        columns_text_sql(table.key_columns()),
        columns_text_sql(unique())
    );
    lists(&head, unique, values, lock)
}

/// Reads a key from what [`select_present`] and [`select_holders`] give out as `k`.
///
/// # Errors
/// The column at which the text makes no sense: the row was written past Rowgate.
pub fn read_key(table: &Table, text: &str) -> Result<Key, RowTextError> {
    read_columns(table, table.key_indexes(), text)
}

/// Reads the values of some columns from what [`select_holders`] gives out as `u`.
///
/// # Errors
/// As [`read_key`].
pub fn read_columns(table: &Table, columns: &[usize], text: &str) -> Result<Key, RowTextError> {
    let mut values = Vec::with_capacity(columns.len());
    let of = || columns.iter().map(|index| &table.columns()[*index]);
    parse_columns_text(of(), text, &mut values)?;
    Key::of(&values).ok_or_else(|| RowTextError {
        column: of().next().map(|column| column.name().to_owned()).unwrap_or_default(),
        problem: "it is no value of a key",
    })
}

/// Returns one statement for each list of keys that fits one.
fn lists<'k, 'c, C: ExactSizeIterator<Item = &'c Column>>(
    head: &str,
    columns: impl Fn() -> C,
    keys: impl IntoIterator<Item = &'k Key>,
    lock: bool,
) -> Vec<String> {
    let mut statements = Vec::new();
    let mut list = List::new(columns());
    let mut keys = keys.into_iter().peekable();
    while let Some(key) = keys.next() {
        list.push(key);
        if list.text.len() < MAX_LIST_CHARS && keys.peek().is_some() {
            continue;
        }
        let mut sql = head.to_owned() + &list.finish();
        if lock {
            // The one spelling that MySQL 8, MySQL 9 and MariaDB share.
            sql.push_str(" LOCK IN SHARE MODE");
        }
        statements.push(sql);
        list = List::new(columns());
    }
    statements
}

/// Appends the condition that columns have the values of one of `keys`, at least one: a form in
/// which MySQL and MariaDB look each of them up in an index of the columns.
pub(super) fn push_in<'k, 'c>(
    sql: &mut String,
    columns: impl ExactSizeIterator<Item = &'c Column>,
    keys: impl IntoIterator<Item = &'k Key>,
) {
    let mut list = List::new(columns);
    for key in keys {
        list.push(key);
    }
    sql.push_str(&list.finish());
}

/// Appends the condition that columns have the values of `key`.
pub(super) fn push_equal<'c>(sql: &mut String, columns: impl Iterator<Item = &'c Column>, key: &Key) {
    let mut word = "`";
    for (column, part) in columns.zip(key.parts()) {
        sql.push_str(word);
        word = " AND `";
        sql.push_str(column.name());
        sql.push_str("`=");
        push_comparable(sql, &part.value());
    }
}

/// `` `a` IN (1,2) `` or `` (`a`,`b`) IN ((1,2),(3,4)) ``, as it is written.
struct List {
    text: String,
    is_first: bool,
}

impl List {
    fn new<'c>(columns: impl ExactSizeIterator<Item = &'c Column>) -> Self {
        let is_single = columns.len() == 1;
        let names: Vec<String> = columns.map(|column| format!("`{}`", column.name())).collect();
        let names = names.join(",");
        let text = if is_single { format!("{names} IN (") } else { format!("({names}) IN (") };
        Self { text, is_first: true }
    }

    fn push(&mut self, key: &Key) {
        if !std::mem::take(&mut self.is_first) {
            self.text.push(',');
        }
        match key.parts() {
            [part] => push_comparable(&mut self.text, &part.value()),
            parts => {
                let mut before = '(';
                for part in parts {
                    self.text.push(before);
                    before = ',';
                    push_comparable(&mut self.text, &part.value());
                }
                self.text.push(')');
            }
        }
    }

    fn finish(mut self) -> String {
        self.text.push(')');
        self.text
    }
}
