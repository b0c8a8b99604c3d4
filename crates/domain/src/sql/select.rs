//! SQL text that selects some rows of a table, in the order of its key.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::MAX_SQL_CHARS;
use super::key_range::{push_key_order, push_key_range};
use super::keys::push_in;
use super::literal::{push_comparable, push_text};
use crate::dictionary::{ColumnType, Table};
use crate::row::{RowError, check_csv_field};
use crate::row_text::row_text_sql;
use crate::value::{Key, Value};

/// Keys that one request may name at most: as many as a page has rows.
pub const MAX_IDS: usize = 1000;

/// The escape of `%`, `_` and itself in a pattern. The statement sets it, because the backslash
/// means nothing in some modes of MySQL.
const ESCAPE: char = '|';

/// Selects rows of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum WantedRows {
    /// Every row.
    #[default]
    All,
    /// The rows in which a column has a value.
    Where(ColumnFilter),
    /// The rows with these keys, of which there is at least one.
    Keys(BTreeSet<Key>),
}

/// A value that a column must have: texts and JSON documents contain it, all others equal it.
/// Whether capitals and accents count is the collation's affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnFilter {
    column: usize,
    value: Value<'static>,
}

impl ColumnFilter {
    /// Reads `<column>:<value>`; everything behind the first colon is the value.
    ///
    /// # Errors
    /// A description of the problem, as a sentence.
    pub fn parse(table: &Table, text: &str) -> Result<Self, String> {
        let Some((name, value)) = text.split_once(':').filter(|(_, value)| !value.is_empty()) else {
            return Err("filter must be a column, a colon and a value: filter=id:7.".to_owned());
        };
        let Some(index) = table.column_index(name) else {
            return Err(format!("filter must name a column of {}: {}.", table.name(), table.column_names()));
        };
        let column = &table.columns()[index];
        if column.is_ascii() && !value.is_ascii() {
            return Err(format!("filter: {name} has no other letters than those of ASCII."));
        }
        let value = match column.column_type() {
            ColumnType::String { .. } | ColumnType::Text | ColumnType::Json => {
                Value::Text(value.to_owned().into())
            }
            _ => check_csv_field(column, value.as_bytes())
                .map_err(|fault| format!("filter: {}.", RowError::of_column(column.name(), fault)))?
                .into_owned(),
        };
        Ok(Self { column: index, value })
    }
}

/// `SELECT` of at most `limit` rows in the order of the key, after the key `after` if given: each
/// as [its text](row_text_sql) `r`, with every column treated as nullable. `None` if the wanted
/// keys do not fit a statement: as many as [`MAX_IDS`] do if they are short.
pub fn select_rows(table: &Table, wanted: &WantedRows, after: Option<&Key>, limit: u32) -> Option<String> {
    let text = row_text_sql(table, &vec![true; table.columns().len()]);
    let mut sql = format!("SELECT {text} AS `r` FROM `{}`", table.name());
    push_key_range(&mut sql, table, after, None);
    let word = if after.is_some() { " AND " } else { " WHERE " };
    match wanted {
        WantedRows::All => {}
        WantedRows::Keys(keys) => {
            sql.push_str(word);
            push_in(&mut sql, table.key_columns(), keys);
        }
        WantedRows::Where(ColumnFilter { column, value }) => {
            // Writing to a String does not fail.
            let _ = write!(sql, "{word}`{}`", table.columns()[*column].name());
            match value {
                Value::Text(text) => {
                    sql.push_str(" LIKE ");
                    push_text(&mut sql, &pattern(text));
                    let _ = write!(sql, " ESCAPE '{ESCAPE}'");
                }
                value => {
                    sql.push('=');
                    push_comparable(&mut sql, value);
                }
            }
        }
    }
    push_key_order(&mut sql, table, table.name());
    let _ = write!(sql, " LIMIT {limit}");
    (sql.len() <= MAX_SQL_CHARS).then_some(sql)
}

/// Returns the pattern of a text anywhere in another one.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(character);
    }
    pattern + "%"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dictionary::Dictionary;
    use crate::library;
    use crate::value::CivilDate;

    fn documents() -> &'static Table {
        library::dictionary().table("documents").unwrap()
    }

    /// Returns the part of the statement after the table's name.
    fn condition(wanted: &WantedRows, after: Option<i64>) -> String {
        let sql = select_rows(documents(), wanted, after.map(Key::from).as_ref(), 3).unwrap();
        sql.split_once(" FROM `documents`").unwrap().1.to_owned()
    }

    fn filter(text: &str) -> WantedRows {
        WantedRows::Where(ColumnFilter::parse(documents(), text).unwrap())
    }

    #[test]
    fn selects_all_rows_those_with_keys_and_those_with_a_value() {
        assert_eq!(condition(&WantedRows::All, None), " ORDER BY `documents`.`id` LIMIT 3");
        assert_eq!(condition(&WantedRows::All, Some(-7)), " WHERE `id`>-7 ORDER BY `documents`.`id` LIMIT 3");
        let ids = WantedRows::Keys([7, -2].map(Key::from).into());
        assert_eq!(condition(&ids, None), " WHERE `id` IN (-2,7) ORDER BY `documents`.`id` LIMIT 3");
        assert_eq!(
            condition(&filter("collection_id:5"), Some(9)),
            " WHERE `id`>9 AND `collection_id`=5 ORDER BY `documents`.`id` LIMIT 3"
        );
        assert_eq!(
            condition(&filter("datetime:2021-07-27T16:02:08Z"), None),
            " WHERE `datetime`=20210727160208 ORDER BY `documents`.`id` LIMIT 3"
        );
        // %|%|_||'%
        assert_eq!(
            condition(&filter("name:%_|'"), None),
            " WHERE `name` LIKE _utf8mb4 X'257C257C5F7C7C2725' ESCAPE '|' ORDER BY `documents`.`id` LIMIT 3"
        );
        assert_eq!(condition(&filter("name:a:b"), None), condition(&filter("name:a:b"), None));
    }

    #[test]
    fn says_what_a_filter_must_be() {
        let wrong = |text: &str| ColumnFilter::parse(documents(), text).unwrap_err();
        for text in ["", "name", "name:", ":", "id"] {
            assert_eq!(wrong(text), "filter must be a column, a colon and a value: filter=id:7.", "{text}");
        }
        assert_eq!(
            wrong("salary:7"),
            "filter must name a column of documents: id, name, datetime, collection_id, tag_id."
        );
        assert_eq!(wrong(":7"), wrong("salary:7"));
        assert_eq!(wrong("id:x"), "filter: id must be a whole number.");
        assert!(wrong("id:2147483648").starts_with("filter: id must be"), "{}", wrong("id:2147483648"));
        assert!(wrong("datetime:yesterday").starts_with("filter: datetime"));
    }

    #[test]
    fn as_many_keys_as_may_be_named_fit_if_they_are_short() {
        let text = r#"
            [[table]]
            name = "numbers"
            columns = [{ name = "id", type = "bigint", key = true }]
            [[table]]
            name = "texts"
            columns = [
                { name = "code", type = "string(768)", key = true },
                { name = "day", type = "date", key = true },
            ]
        "#;
        let dictionary = Dictionary::parse("test", text).unwrap();
        let keys = (0..MAX_IDS).map(|id| Key::from(i64::MIN + i64::try_from(id).unwrap())).collect();
        let numbers = dictionary.table("numbers").unwrap();
        assert!(select_rows(numbers, &WantedRows::Keys(keys), Some(&i64::MIN.into()), 1000).is_some());
        let texts = dictionary.table("texts").unwrap();
        let day = Value::Date(CivilDate::new(2021, 7, 27).unwrap());
        let key = |number: usize| Key::of([&Value::Text(format!("{number:0>768}").into()), &day]).unwrap();
        let wanted = |count: usize| WantedRows::Keys((0..count).map(key).collect());
        assert!(select_rows(texts, &wanted(MAX_IDS), None, 1000).is_none());
        let sql = select_rows(texts, &wanted(2), Some(&key(7)), 9).unwrap();
        let (head, rest) = sql.split_once(" WHERE ").unwrap();
        assert!(head.ends_with(" FROM `texts`"));
        assert!(rest.starts_with("(`code`>_utf8mb4 X'3030"));
        assert!(rest.contains(" AND (`code`,`day`) IN ((_utf8mb4 X'3030"));
        assert!(rest.ends_with(",20210727)) ORDER BY `texts`.`code`,`texts`.`day` LIMIT 9"));
    }

    proptest! {
        /// No byte of a value reaches the text but as hexadecimal digits.
        #[test]
        fn no_byte_of_a_value_reaches_the_text(value in "\\PC{1,60}") {
            let sql = condition(&filter(&format!("name:{value}")), None);
            let rest = sql.strip_prefix(" WHERE `name` LIKE _utf8mb4 X'").unwrap();
            let (digits, rest) = rest.split_once('\'').unwrap();
            prop_assert!(digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
            prop_assert_eq!(rest, " ESCAPE '|' ORDER BY `documents`.`id` LIMIT 3");
        }

        /// Whatever a filter of another column is, it is refused or a literal of digits.
        #[test]
        fn other_columns_take_literals_alone(value in "[-0-9:TZ. ']{1,24}", column in 0_usize..3) {
            let column = ["id", "datetime", "collection_id"][column];
            if let Ok(filter) = ColumnFilter::parse(documents(), &format!("{column}:{value}")) {
                let sql = condition(&WantedRows::Where(filter), None);
                let literal = sql.strip_prefix(&format!(" WHERE `{column}`=")).unwrap();
                let literal = literal.strip_suffix(" ORDER BY `documents`.`id` LIMIT 3").unwrap();
                prop_assert!(literal.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit()), "{}", literal);
            }
        }
    }
}
