//! The batch of a demonstration: rows that are there, as new ones.
//!
//! Copies keep the rules of their table, whatever those are: only what has to differ does. Their
//! times lie before those of the files, so that reports show the files alone.

use std::collections::BTreeMap;

use domain::dictionary::{Column, ColumnType, Dictionary, Reference, Table};
use domain::value::Value as ColumnValue;
use serde_json::{Map, Value, json};

/// A row as JSON has it.
pub(super) type Row = Map<String, Value>;

/// Rows of the table that the batch is about.
const ROWS: u64 = 3;
const DAY: &str = "2019-07-27";
const MOMENT: &str = "2019-07-27T16:02:08Z";

/// Returns rows for the last table that new rows can be made for, after a row for each table that
/// they refer to. The last row lacks a value that is required, where the table has such a column.
/// Returns none if there is no such table.
///
/// `rows` has a row of each table that is not empty. `seconds` makes the keys new, if it is another
/// number in every run.
pub(super) fn batch(dictionary: &Dictionary, rows: &BTreeMap<&str, Row>, seconds: u64) -> Option<Value> {
    let tables: Vec<&Table> = dictionary.visible_tables().collect();
    tables.into_iter().rev().find_map(|table| {
        let mut making = Making { dictionary, rows, seconds, parents: BTreeMap::new() };
        let mut new: Vec<Row> = (0..ROWS).map(|number| making.row(table, number)).collect::<Option<_>>()?;
        if let (Some(column), Some(last)) = (droppable(table), new.last_mut()) {
            last.insert(column.name().to_owned(), Value::Null);
        }
        let mut tables: Map<String, Value> =
            making.parents.into_iter().filter_map(|(name, row)| Some((name, json!([row?])))).collect();
        tables.insert(table.name().to_owned(), json!(new));
        Some(Value::Object(tables))
    })
}

/// A batch that is being made.
struct Making<'a> {
    dictionary: &'a Dictionary,
    rows: &'a BTreeMap<&'a str, Row>,
    seconds: u64,
    /// The new row of each table that is referred to; none where there cannot be one.
    parents: BTreeMap<String, Option<Row>>,
}

impl Making<'_> {
    /// Returns a copy of the table's row with a new key, or none if there can be no new key. The
    /// rows of a table are numbered from 0.
    fn row(&mut self, table: &Table, number: u64) -> Option<Row> {
        let mut row = self.rows.get(table.name())?.clone();
        let columns = table.columns();
        for column in columns {
            age(column, &mut row);
        }
        let refers: Vec<usize> = table.references().iter().flat_map(Reference::columns).copied().collect();
        let new = self.new_references(table);
        let is_inherited = table.key_indexes().iter().any(|column| new.contains_key(column));
        row.extend(new.into_iter().map(|(column, value)| (columns[column].name().to_owned(), value)));
        let mut renew_one = |set: &[usize], is_inherited| {
            let mut own = set.iter().filter(|column| !refers.contains(column));
            own.any(|column| self.renew(&columns[*column], number, is_inherited, &mut row))
        };
        let is_new = renew_one(table.key_indexes(), is_inherited) || (is_inherited && number == 0);
        if !is_new {
            return None;
        }
        for set in table.unique() {
            // If it cannot be, the service rejects the row and says so.
            renew_one(set, false);
        }
        Some(row)
    }

    /// Returns the values, by column, that lead to new rows of the tables that a table refers to.
    fn new_references(&mut self, table: &Table) -> BTreeMap<usize, Value> {
        let keys = table.references().iter().map(|reference| {
            // A row of the same table is not made for it.
            let is_other = reference.table() != table.name();
            (reference.columns(), is_other.then(|| self.parent_key(reference.table())).flatten())
        });
        let keys: Vec<(&[usize], Option<Vec<Value>>)> = keys.collect();
        let kept: Vec<usize> =
            keys.iter().filter(|(_, key)| key.is_none()).flat_map(|(columns, _)| *columns).copied().collect();
        keys.into_iter()
            // References may share columns.
            .filter(|(columns, _)| !columns.iter().any(|column| kept.contains(column)))
            .flat_map(|(columns, key)| columns.iter().copied().zip(key.into_iter().flatten()))
            .collect()
    }

    /// Returns the key of the new row of a table, which is made if it is missing.
    fn parent_key(&mut self, name: &str) -> Option<Vec<Value>> {
        let table = self.dictionary.table(name)?;
        if !self.parents.contains_key(name) {
            let row = self.row(table, 0);
            self.parents.insert(name.to_owned(), row);
        }
        let row = self.parents.get(name)?.as_ref()?;
        table.key_columns().map(|column| row.get(column.name()).cloned()).collect()
    }

    /// Gives the column a value that no row has; returns false if none is known that keeps its
    /// rules. The rows of a new parent count from 1.
    fn renew(&self, column: &Column, number: u64, is_inherited: bool, row: &mut Row) -> bool {
        // A block of four numbers a second from 1,000,000,000 on, which wraps around after years:
        // far from ids that people choose by hand, and below the largest INT.
        let id = 1_000_000_000 + (self.seconds * 4) % 1_000_000_000 + number;
        let whole = |number: u64| {
            let value = i64::try_from(number).map(ColumnValue::Integer);
            value.is_ok_and(|value| keeps_rules(column, &value)).then(|| json!(number))
        };
        let new = match column.column_type() {
            ColumnType::SmallInt | ColumnType::Integer | ColumnType::Bigint if is_inherited => {
                whole(number + 1)
            }
            ColumnType::Integer | ColumnType::Bigint => whole(id),
            ColumnType::String { max } => {
                let old = row.get(column.name()).and_then(Value::as_str).unwrap_or_default();
                let texts = [format!("demo-{id}-{old}"), format!("demo-{id}"), id.to_string()];
                let fits = |text: &String| {
                    text.chars().count() <= max as usize
                        && keeps_rules(column, &ColumnValue::Text(text.as_str().into()))
                };
                texts.into_iter().find(fits).map(Value::String)
            }
            ColumnType::Uuid => Some(json!(format!("00000000-0000-4000-8000-{id:012x}"))),
            _ => None,
        };
        let is_new = new.is_some();
        row.extend(new.map(|value| (column.name().to_owned(), value)));
        is_new
    }
}

/// Returns the first column that is required beside the key and the references.
fn droppable(table: &Table) -> Option<&Column> {
    let refers = |index| table.references().iter().any(|reference| reference.columns().contains(&index));
    table.columns().iter().enumerate().find_map(|(index, column)| {
        (column.required() && !table.key_indexes().contains(&index) && !refers(index)).then_some(column)
    })
}

/// Puts a day or moment before those of the files, if the row has one and the rules allow it.
fn age(column: &Column, row: &mut Row) {
    let text = match column.column_type() {
        ColumnType::Date => DAY,
        ColumnType::Timestamp { .. } => MOMENT,
        _ => return,
    };
    let is_ruled = column.rules().is_some();
    if let Some(value) = row.get_mut(column.name()).filter(|value| !value.is_null() && !is_ruled) {
        *value = json!(text);
    }
}

fn keeps_rules(column: &Column, value: &ColumnValue<'_>) -> bool {
    column.rules().is_none_or(|rules| rules.broken_by(value).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DICTIONARY: &str = r#"
[[table]]
name = "readers"
description = "Readers."
columns = [
    { name = "id", type = "integer", key = true, description = "The key." },
    { name = "email", type = "string(60)", unique = true, pattern = "^[^@]+@[^@]+$", description = "The address." },
]

[[table]]
name = "books"
description = "Books."
columns = [
    { name = "isbn", type = "string(40)", key = true, description = "The key." },
    { name = "title", type = "string(80)", description = "The title." },
]

[[table]]
name = "copies"
description = "Copies of a book."
columns = [
    { name = "isbn", type = "string(40)", key = true, references = "books", description = "The book." },
    { name = "copy", type = "smallint", key = true, description = "Counts them." },
]

[[table]]
name = "loans"
description = "Loans."
references = [{ columns = ["isbn", "copy"], table = "copies" }]
columns = [
    { name = "reader_id", type = "integer", key = true, references = "readers", description = "Who." },
    { name = "number", type = "smallint", key = true, description = "Counts the reader's loans." },
    { name = "isbn", type = "string(40)", references = "books", description = "Which book." },
    { name = "copy", type = "smallint", description = "Which copy of it." },
    { name = "lent_at", type = "timestamp", description = "When." },
    { name = "back_on", type = "date", required = false, description = "Until when." },
]

[[table]]
name = "reminders"
description = "Reminders of loans: a day has one at most."
columns = [
    { name = "day", type = "date", key = true, description = "When." },
    { name = "text", type = "string(80)", description = "The words." },
]
"#;

    fn dictionary() -> Dictionary {
        Dictionary::parse("dictionary.toml", DICTIONARY).unwrap()
    }

    fn row(value: Value) -> Row {
        match value {
            Value::Object(row) => row,
            other => panic!("{other} is no row"),
        }
    }

    fn rows() -> BTreeMap<&'static str, Row> {
        BTreeMap::from([
            ("readers", row(json!({"id": 1, "email": "ann@example.com"}))),
            ("books", row(json!({"isbn": "978-1", "title": "Rust"}))),
            ("copies", row(json!({"isbn": "978-1", "copy": 4}))),
            ("loans", loan(&json!(1), 7, "978-1", 4, &json!("2021-01-01T00:00:00Z"))),
            ("reminders", row(json!({"day": "2021-01-02", "text": "Please."}))),
        ])
    }

    fn loan(reader: &Value, number: u64, isbn: &str, copy: u64, lent_at: &Value) -> Row {
        row(json!({
            "reader_id": reader, "number": number, "isbn": isbn, "copy": copy, "lent_at": lent_at, "back_on": null
        }))
    }

    #[test]
    fn new_rows_refer_to_new_rows_and_the_last_one_lacks_a_value() {
        let (id, isbn) = (json!(1_000_000_040), "demo-1000000040-978-1");
        let lent = |number, lent_at| loan(&id, number, isbn, 1, lent_at);
        let expected = json!({
            "readers": [{"id": id, "email": "demo-1000000040-ann@example.com"}],
            "books": [{"isbn": isbn, "title": "Rust"}],
            "copies": [{"isbn": isbn, "copy": 1}],
            "loans": [lent(1, &json!(MOMENT)), lent(2, &json!(MOMENT)), lent(3, &Value::Null)],
        });
        assert_eq!(batch(&dictionary(), &rows(), 10), Some(expected));
    }

    #[test]
    fn a_row_whose_parent_cannot_be_made_keeps_all_that_it_refers_to() {
        let mut rows = rows();
        rows.remove("copies");
        let batch = batch(&dictionary(), &rows, 10).unwrap();
        let expected = loan(&json!(1_000_000_040), 1, "978-1", 4, &json!(MOMENT));
        assert_eq!(batch["loans"][0], Value::Object(expected));
        assert!(batch.get("copies").is_none());
    }

    #[test]
    fn tables_without_rows_or_with_keys_that_cannot_be_made_are_passed_over() {
        let mut rows = rows();
        rows.remove("loans");
        // Its key is no more than what it refers to and a small number.
        rows.remove("copies");
        let found = batch(&dictionary(), &rows, 10).unwrap();
        assert_eq!(found.as_object().unwrap().keys().collect::<Vec<_>>(), ["books"]);
        rows.retain(|table, _| *table == "reminders");
        assert_eq!(batch(&dictionary(), &rows, 10), None);
    }

    #[test]
    fn ids_are_new_each_second_and_fit_an_int() {
        let id =
            |seconds| batch(&dictionary(), &rows(), seconds).unwrap()["readers"][0]["id"].as_u64().unwrap();
        assert!(id(1_800_000_000) < id(1_800_000_001) || id(1_800_000_001) < 1_000_000_004);
        for seconds in [0, 1_800_000_000, 249_999_999, u64::from(u32::MAX)] {
            assert!(id(seconds) <= 2_147_483_647);
        }
    }
}
