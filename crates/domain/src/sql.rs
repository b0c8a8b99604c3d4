//! SQL text for bulk rows.
//!
//! Literals are built here and nowhere else, and only from checked [`Value`]s: digits for numbers and times,
//! hexadecimal for text. No quote, backslash or byte of a user ever reaches SQL text, so there is nothing to
//! inject. Identifiers come from the dictionary, which admits only `[a-z][a-z0-9_]*`.

use std::collections::BTreeSet;

use crate::dictionary::Table;
use crate::value::{CivilDate, CivilTime, Decimal, Value};

/// The Data API's limit for the text of one statement, in characters; ours is all ASCII, so bytes too.
/// From the `sql` member's constraint in the service's model (`SqlStatement`, max 65536).
pub const MAX_SQL_CHARS: usize = 65_536;

/// The head of every insert: `INSERT INTO `t` (`a`,`b`) VALUES `.
fn insert_head(table: &Table) -> String {
    let columns: Vec<String> = table.columns().iter().map(|column| format!("`{}`", column.name())).collect();
    format!("INSERT INTO `{}` ({}) VALUES ", table.name(), columns.join(","))
}

/// The characters that an insert of one row takes at most, without a guard.
pub(crate) fn widest_insert(table: &Table) -> usize {
    let row: usize = table.columns().iter().map(|column| column.column_type().max_literal() + 1).sum();
    insert_head(table).len() + row + 2
}

/// A condition that an insert carries along: every one of these references must name a row, or the statement fails
/// with MySQL error 1242 ([`GUARD_FAILED`]) and inserts nothing. So a batch without a fault needs no question before.
///
/// It is a factor of the first row's key: a subquery that gives the one row `1` when all references are there, and a
/// second row otherwise, which a scalar subquery must not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferenceGuard {
    text: String,
}

/// The MySQL error of a failed [`ReferenceGuard`]: `ER_SUBQUERY_NO_1_ROW`.
pub const GUARD_FAILED: u32 = 1242;

impl ReferenceGuard {
    /// Demands that every one of `ids` is a key of `table`. No ids, no demand.
    pub fn demand(&mut self, table: &Table, ids: &BTreeSet<i64>) {
        if ids.is_empty() {
            return;
        }
        let key = table.key().name();
        self.text.push_str("*(SELECT 1 UNION ALL SELECT 0 FROM (SELECT COUNT(*) AS `found` FROM `");
        self.text.push_str(table.name());
        self.text.push_str("` WHERE ");
        push_in_list(&mut self.text, key, ids);
        self.text.push_str(") AS `guard` WHERE `found`<>");
        push_digits(&mut self.text, ids.len());
        self.text.push(')');
    }
}

/// `SELECT` of those of `ids` that are keys of `table`, as rows `{"id": …}`; locked against change until the end of
/// the transaction when `lock` is set.
///
/// `ids` must not be empty (an empty `IN ()` is no SQL), and small enough for [`MAX_SQL_CHARS`]: 3,000 bigints fit.
pub fn select_present(table: &Table, ids: &BTreeSet<i64>, lock: bool) -> String {
    let mut text = format!("SELECT `{}` AS `id` FROM `{}` WHERE ", table.key().name(), table.name());
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
        push_digits(text, *id);
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
    guard: ReferenceGuard,
    text: String,
    rows: usize,
}

/// A finished INSERT statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsertStatement {
    /// The SQL text, at most [`MAX_SQL_CHARS`] long unless its guard makes it longer.
    pub sql: String,
    /// How many rows it inserts.
    pub rows: usize,
}

impl<'t> InsertWriter<'t> {
    /// A writer of plain inserts into `table`.
    pub fn new(table: &'t Table) -> Self {
        Self::guarded(table, ReferenceGuard::default())
    }

    /// A writer whose first statement carries `guard`. Where guard and rows do not fit one statement together, the
    /// caller does better to ask for the references beforehand.
    pub fn guarded(table: &'t Table, guard: ReferenceGuard) -> Self {
        Self { table, head: insert_head(table), guard, text: String::new(), rows: 0 }
    }

    /// Adds a row, one value for each column of the table; gives back the statement before it when that was full.
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
        if self.rows == 1 || self.text.len() <= MAX_SQL_CHARS {
            return None;
        }
        let mut next = String::with_capacity(MAX_SQL_CHARS);
        next.push_str(&self.head);
        next.push_str(&self.text[start + 1..]);
        self.text.truncate(start);
        let full = InsertStatement { sql: std::mem::replace(&mut self.text, next), rows: self.rows - 1 };
        self.rows = 1;
        Some(full)
    }

    /// The last statement, if there is a row that no statement before it holds.
    pub fn finish(self) -> Option<InsertStatement> {
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
        Value::Integer(number) => push_digits(text, *number),
        Value::Decimal(decimal) => push_decimal(text, *decimal),
        Value::Text(characters) => push_hexadecimal(text, characters.as_bytes()),
        Value::Boolean(truth) => text.push(if *truth { '1' } else { '0' }),
        Value::Date(date) => push_digits(text, date_digits(*date)),
        Value::Timestamp(date, time) => {
            push_digits(text, date_digits(*date) * 1_000_000 + time_digits(*time));
        }
    }
}

fn date_digits(date: CivilDate) -> u64 {
    u64::from(date.year) * 10_000 + u64::from(date.month) * 100 + u64::from(date.day)
}

fn time_digits(time: CivilTime) -> u64 {
    u64::from(time.hour) * 10_000 + u64::from(time.minute) * 100 + u64::from(time.second)
}

fn push_digits(text: &mut String, number: impl itoa::Integer) {
    text.push_str(itoa::Buffer::new().format(number));
}

fn push_decimal(text: &mut String, decimal: Decimal) {
    if decimal.unscaled < 0 {
        text.push('-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(decimal.unscaled.unsigned_abs());
    let scale = usize::from(decimal.scale);
    let whole = digits.len().saturating_sub(scale);
    text.push_str(if whole == 0 { "0" } else { &digits[..whole] });
    if scale > 0 {
        text.push('.');
        text.extend(std::iter::repeat_n('0', scale.saturating_sub(digits.len())));
        text.push_str(&digits[whole..]);
    }
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
    text.push_str("X'");
    for byte in bytes {
        let [high, low] = HEXADECIMAL[usize::from(*byte)];
        text.push(char::from(high));
        text.push(char::from(low));
    }
    text.push('\'');
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;
    use crate::shipped;

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
        let dictionary = shipped::dictionary().unwrap();
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

    proptest! {
        /// Every statement fits, no row is lost or repeated, and the text has no character that could end a literal.
        #[test]
        fn splits_rows_under_the_limit(lengths in proptest::collection::vec(0_usize..=255, 1..400)) {
            let table = shipped::dictionary().unwrap().table("departments").unwrap();
            let mut writer = InsertWriter::new(table);
            let mut statements = Vec::new();
            for (id, length) in (1..).zip(&lengths) {
                let name = "\u{1F600}".repeat(*length);
                statements.extend(writer.push(&[Value::Integer(id), Value::Text(Cow::Owned(name))]));
            }
            statements.extend(writer.finish());
            prop_assert_eq!(statements.iter().map(|statement| statement.rows).sum::<usize>(), lengths.len());
            let ids: Vec<String> = statements
                .iter()
                .flat_map(|statement| statement.sql.split('(').skip(2))
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
