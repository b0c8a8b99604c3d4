//! SQL text for bulk rows.
//!
//! Literals are built here and nowhere else, and only from checked [`Value`]s: digits for numbers
//! and times, hexadecimal for text. No quote, backslash or byte of a user ever reaches SQL text, so
//! there is nothing to inject. Identifiers come from the dictionary, which admits only
//! `[a-z][a-z0-9_]*`.

mod audit;
mod row;
mod select;

use std::collections::BTreeSet;

pub use audit::{audit_deleted, audit_inserted, audit_replaced, json_row_sql};
pub use row::{delete_row, select_for_update, select_referring, select_row, update_row};
pub use select::{ColumnFilter, MAX_IDS, WantedRows, select_rows};

use crate::dictionary::{Column, Table};
use crate::value::{CivilDate, CivilTime, Value, push_number};

/// The Data API's limit for the text of one statement, in characters; ours is all ASCII, so bytes
/// too. From the `sql` member's constraint in the service's model (`SqlStatement`, max 65536).
pub const MAX_SQL_CHARS: usize = 65_536;

/// The longest name that MySQL gives a table, in characters.
const MAX_TABLE_NAME: usize = 64;

/// Returns the head of every insert: `INSERT INTO `t` (`a`,`b`) VALUES `.
fn insert_head(table: &Table, target: &str) -> String {
    let columns: Vec<String> = table.columns().iter().map(|column| format!("`{}`", column.name())).collect();
    format!("INSERT INTO `{target}` ({}) VALUES ", columns.join(","))
}

/// Returns the end of an insert whose rows replace those with the same id.
///
/// `VALUES(column)` is deprecated since MySQL 8.0.20, but its successor, a row alias, is no SQL to
/// MariaDB: this is the one spelling that MySQL 8, MySQL 9 and MariaDB share.
fn upsert_tail(table: &Table) -> String {
    let set = |column: &Column| format!("`{0}`=VALUES(`{0}`)", column.name());
    let others = table.columns().iter().enumerate().filter(|(index, _)| *index != table.key_index());
    let mut sets: Vec<String> = others.map(|(_, column)| set(column)).collect();
    if sets.is_empty() {
        sets.push(set(table.key()));
    }
    format!(" ON DUPLICATE KEY UPDATE {}", sets.join(","))
}

/// Returns the characters that an insert of one row takes at most, into a table of any name,
/// without a guard.
pub(crate) fn widest_insert(table: &Table) -> usize {
    let row: usize = table.columns().iter().map(|column| column.column_type().max_literal() + 1).sum();
    insert_head(table, "").len() + MAX_TABLE_NAME + row + 2 + upsert_tail(table).len()
}

/// The condition of an insert that every one of these references names a row: otherwise the
/// statement fails with MySQL error 1242 ([`GUARD_FAILED`]) and inserts nothing. So a batch without
/// a fault needs no query before it.
///
/// It is a factor of the first row's key: a subquery that gives the one row `1` when all references
/// are there, and a second row otherwise, which a scalar subquery must not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferenceGuard {
    text: String,
}

/// The MySQL error of a failed [`ReferenceGuard`]: `ER_SUBQUERY_NO_1_ROW`.
pub const GUARD_FAILED: u32 = 1242;

impl ReferenceGuard {
    /// Demands that every one of `ids` is a key of `table`. No ids, no demand.
    pub(crate) fn demand(&mut self, table: &Table, ids: &BTreeSet<i64>) {
        if ids.is_empty() {
            return;
        }
        let key = table.key().name();
        self.text.push_str("*(SELECT 1 UNION ALL SELECT 0 FROM (SELECT COUNT(*) AS `found` FROM `");
        self.text.push_str(table.name());
        self.text.push_str("` WHERE ");
        push_in_list(&mut self.text, key, ids);
        self.text.push_str(") AS `guard` WHERE `found`<>");
        push_number(&mut self.text, ids.len());
        self.text.push(')');
    }
}

/// `SELECT` of those of `ids` that are keys of `table`, as rows `{"id": …}`; locked against change
/// until the end of the transaction when `lock` is set.
///
/// `ids` must not be empty (an empty `IN ()` is no SQL), and small enough for [`MAX_SQL_CHARS`]:
/// 3,000 bigints fit.
pub fn select_present(table: &Table, ids: &BTreeSet<i64>, lock: bool) -> String {
    select_present_in(table, table.name(), ids, lock)
}

/// Returns the same of another table with the same columns; of `target` holds what
/// [`InsertWriter::into_table`] says.
pub fn select_present_in(table: &Table, target: &str, ids: &BTreeSet<i64>, lock: bool) -> String {
    let mut text = format!("SELECT `{}` AS `id` FROM `{target}` WHERE ", table.key().name());
    push_in_list(&mut text, table.key().name(), ids);
    if lock {
        // The one spelling that MySQL 8, MySQL 9 and MariaDB share.
        text.push_str(" LOCK IN SHARE MODE");
    }
    text
}

fn push_in_list(text: &mut String, column: &str, ids: &BTreeSet<i64>) {
    text.push('`');
    text.push_str(column);
    text.push_str("` IN (");
    for (index, id) in ids.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_number(text, *id);
    }
    text.push(')');
}

/// Splits rows into multi-row INSERT statements, each at most [`MAX_SQL_CHARS`] long.
///
/// ```text
/// INSERT INTO `departments` (`id`,`department_name`) VALUES (1,X'53616C6573'),(2,X'4C6567616C')
/// ```
#[derive(Debug)]
pub struct InsertWriter<'t> {
    table: &'t Table,
    head: String,
    tail: String,
    guard: ReferenceGuard,
    text: String,
    rows: usize,
}

/// A finished INSERT statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsertStatement {
    /// The SQL text, at most [`MAX_SQL_CHARS`] long unless its guard makes it longer.
    pub sql: String,
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
        let head = insert_head(table, table.name());
        Self { table, head, tail: String::new(), guard, text: String::new(), rows: 0 }
    }

    /// Returns the same writer for another table with the same columns: `target` is put into the
    /// SQL as it is, so it must be a safe identifier of at most 64 characters, as the names of the
    /// dictionary and of shadow tables are.
    #[must_use]
    pub fn into_table(mut self, target: &str) -> Self {
        self.head = insert_head(self.table, target);
        self
    }

    /// Returns the same writer, whose rows take the place of those with the same id; of rows with
    /// the same id the last one counts.
    #[must_use]
    pub fn upserting(mut self) -> Self {
        self.tail = upsert_tail(self.table);
        self
    }

    /// Adds a row, one value for each column of the table; returns the statement before it when
    /// that was full.
    pub fn push(&mut self, row: &[Value<'_>]) -> Option<InsertStatement> {
        let start = self.text.len();
        if self.rows == 0 {
            // A statement is built in one allocation.
            self.text.reserve(MAX_SQL_CHARS);
            self.text.push_str(&self.head);
        } else {
            self.text.push(',');
        }
        let guard = std::mem::take(&mut self.guard);
        write_row(&mut self.text, row, self.table.key_index(), &guard.text);
        self.rows += 1;
        if self.rows == 1 || self.text.len() + self.tail.len() <= MAX_SQL_CHARS {
            return None;
        }
        let mut next = String::with_capacity(MAX_SQL_CHARS);
        next.push_str(&self.head);
        next.push_str(&self.text[start + 1..]);
        self.text.truncate(start);
        self.text.push_str(&self.tail);
        let full = InsertStatement { sql: std::mem::replace(&mut self.text, next), rows: self.rows - 1 };
        self.rows = 1;
        Some(full)
    }

    /// Returns the last statement, if there is a row that no statement before it holds.
    pub fn finish(mut self) -> Option<InsertStatement> {
        self.text.push_str(&self.tail);
        (self.rows > 0).then_some(InsertStatement { sql: self.text, rows: self.rows })
    }
}

fn write_row(text: &mut String, row: &[Value<'_>], key: usize, guard: &str) {
    text.push('(');
    for (index, value) in row.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_literal(text, value);
        if index == key {
            text.push_str(guard);
        }
    }
    text.push(')');
}

fn write_literal(text: &mut String, value: &Value<'_>) {
    match value {
        Value::Null => text.push_str("NULL"),
        Value::Integer(number) => push_number(text, *number),
        Value::Decimal(decimal) => decimal.write_to(text),
        Value::Text(characters) => push_hexadecimal(text, characters.as_bytes()),
        Value::Boolean(truth) => text.push(if *truth { '1' } else { '0' }),
        Value::Date(date) => push_number(text, date_digits(*date)),
        Value::Timestamp(date, time) => {
            push_number(text, date_digits(*date) * 1_000_000 + time_digits(*time));
        }
    }
}

fn date_digits(date: CivilDate) -> u64 {
    let (year, month, day) = date.parts();
    u64::from(year) * 10_000 + u64::from(month) * 100 + u64::from(day)
}

fn time_digits(time: CivilTime) -> u64 {
    let (hour, minute, second) = time.parts();
    u64::from(hour) * 10_000 + u64::from(minute) * 100 + u64::from(second)
}

/// Both hexadecimal digits of every byte, so that text is copied two characters at a time.
static HEXADECIMAL: [[u8; 2]; 256] = {
    let mut pairs = [[0; 2]; 256];
    let digits = b"0123456789ABCDEF";
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

fn push_hexadecimal(text: &mut String, bytes: &[u8]) {
    const AT_ONCE: usize = 32;
    text.push_str("X'");
    for bytes in bytes.chunks(AT_ONCE) {
        let mut digits = [[0; 2]; AT_ONCE];
        for (pair, byte) in digits.iter_mut().zip(bytes) {
            *pair = HEXADECIMAL[usize::from(*byte)];
        }
        // Digits are always UTF-8; to see that once for all of them costs less than to add them one
        // by one.
        text.push_str(std::str::from_utf8(digits[..bytes.len()].as_flattened()).unwrap_or_default());
    }
    text.push('\'');
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;
    use crate::hr;
    use crate::value::Decimal;

    fn literal(value: &Value<'_>) -> String {
        let mut text = String::new();
        write_literal(&mut text, value);
        text
    }

    #[test]
    fn writes_every_type_as_digits_or_hexadecimal() {
        let day = CivilDate::new(2021, 7, 27).unwrap();
        assert_eq!(literal(&Value::Null), "NULL");
        assert_eq!(literal(&Value::Integer(i64::MIN)), "-9223372036854775808");
        assert_eq!(literal(&Value::Text(Cow::Borrowed("a'\\\0é"))), "X'61275C00C3A9'");
        assert_eq!(literal(&Value::Boolean(true)), "1");
        assert_eq!(literal(&Value::Date(day)), "20210727");
        assert_eq!(literal(&Value::Timestamp(day, CivilTime::new(6, 2, 8).unwrap())), "20210727060208");
        for (unscaled, scale, expected) in [
            (0, 0, "0"),
            (0, 2, "0.00"),
            (-5, 2, "-0.05"),
            (12345, 2, "123.45"),
            (7, 1, "0.7"),
            (-70, 0, "-70"),
        ] {
            assert_eq!(literal(&Value::Decimal(Decimal { unscaled, scale })), expected);
        }
    }

    #[test]
    fn guards_the_first_row_only() {
        let dictionary = hr::dictionary();
        let employees = dictionary.table("employees").unwrap();
        let mut guard = ReferenceGuard::default();
        guard.demand(dictionary.table("departments").unwrap(), &BTreeSet::from([3, 5]));
        guard.demand(dictionary.table("jobs").unwrap(), &BTreeSet::new());
        let mut writer = InsertWriter::guarded(employees, guard);
        let row =
            |id| vec![Value::Integer(id), Value::Null, Value::Null, Value::Integer(3), Value::Integer(5)];
        assert_eq!(writer.push(&row(1)), None);
        assert_eq!(writer.push(&row(2)), None);
        assert_eq!(
            writer.finish().unwrap().sql,
            "INSERT INTO `employees` (`id`,`name`,`datetime`,`department_id`,`job_id`) VALUES \
             (1*(SELECT 1 UNION ALL SELECT 0 FROM (SELECT COUNT(*) AS `found` FROM `departments` \
             WHERE `id` IN (3,5)) AS `guard` WHERE `found`<>2),NULL,NULL,3,5),(2,NULL,NULL,3,5)"
        );
    }

    #[test]
    fn writes_into_a_shadow_and_over_rows_that_are_there() {
        let dictionary = hr::dictionary();
        let departments = dictionary.table("departments").unwrap();
        let mut writer = InsertWriter::new(departments).into_table("rowgate_new_7").upserting();
        assert_eq!(writer.push(&[Value::Integer(1), Value::Null]), None);
        assert_eq!(writer.push(&[Value::Integer(1), Value::Boolean(true)]), None);
        assert_eq!(
            writer.finish().unwrap().sql,
            "INSERT INTO `rowgate_new_7` (`id`,`department_name`) VALUES (1,NULL),(1,1) \
             ON DUPLICATE KEY UPDATE `department_name`=VALUES(`department_name`)"
        );
        assert_eq!(InsertWriter::new(departments).upserting().finish(), None);
        assert_eq!(
            select_present_in(departments, "rowgate_new_7", &BTreeSet::from([1, 2]), true),
            "SELECT `id` AS `id` FROM `rowgate_new_7` WHERE `id` IN (1,2) LOCK IN SHARE MODE"
        );
    }

    proptest! {
        /// Every statement fits, no row is lost or repeated, and the text has no character that
        /// could end a literal.
        #[test]
        fn splits_rows_under_the_limit(
            lengths in proptest::collection::vec(0_usize..=255, 1..400),
            upserting in any::<bool>(),
        ) {
            let table = hr::dictionary().table("departments").unwrap();
            let mut writer = InsertWriter::new(table);
            let tail = if upserting { upsert_tail(table) } else { String::new() };
            if upserting {
                writer = writer.upserting();
            }
            let mut statements = Vec::new();
            for (id, length) in (1..).zip(&lengths) {
                let name = "\u{1F600}".repeat(*length);
                statements.extend(writer.push(&[Value::Integer(id), Value::Text(Cow::Owned(name))]));
            }
            statements.extend(writer.finish());
            prop_assert_eq!(statements.iter().map(|statement| statement.rows).sum::<usize>(), lengths.len());
            let ids: Vec<String> = statements
                .iter()
                .flat_map(|statement| statement.sql.strip_suffix(&tail).unwrap_or_default().split('(').skip(2))
                .map(|row| row.split(',').next().unwrap_or_default().to_owned())
                .collect();
            prop_assert_eq!(ids, (1..=lengths.len()).map(|id| id.to_string()).collect::<Vec<_>>());
            for statement in statements {
                prop_assert!(statement.sql.len() <= MAX_SQL_CHARS);
                prop_assert_eq!(statement.sql.matches('\'').count(), statement.rows * 2);
                prop_assert!(statement.sql.is_ascii());
            }
        }
    }
}
