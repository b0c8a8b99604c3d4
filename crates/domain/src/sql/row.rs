//! SQL text for one row, known by its key.

use std::fmt::Write;

use super::write_literal;
use crate::dictionary::Table;
use crate::row_text::row_text_sql;
use crate::value::Value;

/// `SELECT` of a row as [its text](row_text_sql) `r`, with every column treated as nullable: the
/// dictionary does not know what the database's columns take.
pub fn select_row(table: &Table, id: i64) -> String {
    let text = row_text_sql(table, &vec![true; table.columns().len()]);
    format!("SELECT {text} AS `r` FROM `{}` WHERE `{}`={id}", table.name(), table.key().name())
}

/// `SELECT` of the key of a row as it is now, which locks it against changes by others until the
/// end of the transaction.
pub fn select_for_update(table: &Table, id: i64) -> String {
    let (name, key) = (table.name(), table.key().name());
    format!("SELECT `{key}` AS `id` FROM `{name}` WHERE `{key}`={id} FOR UPDATE")
}

/// `UPDATE` of all columns but the key to these values, one for each column; `None` for a table
/// that has no others.
pub fn update_row(table: &Table, values: &[Value<'_>]) -> Option<String> {
    let key = table.key_index();
    let mut text = format!("UPDATE `{}`", table.name());
    let mut word = " SET ";
    for (_, (column, value)) in
        table.columns().iter().zip(values).enumerate().filter(|(index, _)| *index != key)
    {
        // Writing to a String does not fail.
        let _ = write!(text, "{word}`{}`=", column.name());
        write_literal(&mut text, value);
        word = ",";
    }
    if word != "," {
        return None;
    }
    let _ = write!(text, " WHERE `{}`=", table.key().name());
    write_literal(&mut text, values.get(key)?);
    Some(text)
}

/// `DELETE` of a row.
pub fn delete_row(table: &Table, id: i64) -> String {
    format!("DELETE FROM `{}` WHERE `{}`={id}", table.name(), table.key().name())
}

/// `SELECT` of one row, as `{"found": 1}`, whose reference in this column names `id`. Until the end
/// of the transaction an existing row stays, and none can be added otherwise: at REPEATABLE READ,
/// InnoDB locks the rows that it reads, and the gap where they would be.
pub fn select_referring(table: &Table, column: usize, id: i64) -> Option<String> {
    let column = table.columns().get(column)?.name();
    // The one spelling that MySQL 8, MySQL 9 and MariaDB share.
    Some(format!(
        "SELECT 1 AS `found` FROM `{}` WHERE `{column}`={id} LIMIT 1 LOCK IN SHARE MODE",
        table.name()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;
    use crate::hr;
    use crate::sql::MAX_SQL_CHARS;
    use crate::value::{CivilDate, CivilTime};

    #[test]
    fn writes_each_statement_for_one_row() {
        let employees = hr::dictionary().table("employees").unwrap();
        let day = CivilDate::new(2021, 7, 27).unwrap();
        let values = [
            Value::Integer(-7),
            Value::Text("Ada".into()),
            Value::Timestamp(day, CivilTime::new(16, 2, 8).unwrap()),
            Value::Integer(3),
            Value::Null,
        ];
        assert_eq!(
            update_row(employees, &values).unwrap(),
            "UPDATE `employees` SET `name`=X'416461',`datetime`=20210727160208,`department_id`=3,`job_id`=NULL WHERE `id`=-7"
        );
        assert_eq!(
            select_for_update(employees, 7),
            "SELECT `id` AS `id` FROM `employees` WHERE `id`=7 FOR UPDATE"
        );
        assert_eq!(delete_row(employees, -7), "DELETE FROM `employees` WHERE `id`=-7");
        assert_eq!(
            select_referring(employees, 4, 7).unwrap(),
            "SELECT 1 AS `found` FROM `employees` WHERE `job_id`=7 LIMIT 1 LOCK IN SHARE MODE"
        );
        assert!(select_row(employees, 7).ends_with(" AS `r` FROM `employees` WHERE `id`=7"));
    }

    #[test]
    fn a_table_of_its_key_alone_has_nothing_to_update() {
        let text =
            "[[table]]\nname = \"keys\"\ncolumns = [{ name = \"id\", type = \"integer\", key = true }]";
        let dictionary = Dictionary::parse("test", text).unwrap();
        assert_eq!(update_row(dictionary.table("keys").unwrap(), &[Value::Integer(1)]), None);
    }

    /// The dictionary refuses rows whose insert would be too long; an update names each column as
    /// well, and no more.
    #[test]
    fn the_widest_row_that_can_be_inserted_can_be_updated() {
        let dictionary_of = |max: u32| {
            let text = format!(
                "[[table]]\nname = \"wide\"\ncolumns = [{{ name = \"id\", type = \"bigint\", key = true }}, \
                 {{ name = \"text\", type = \"string({max})\" }}]"
            );
            Dictionary::parse("test", &text)
        };
        let widest = (1..=8192).rev().find_map(|max| Some((max, dictionary_of(max).ok()?)));
        let (max, dictionary) = widest.unwrap();
        let text = "😀".repeat(max as usize).into();
        let sql =
            update_row(dictionary.table("wide").unwrap(), &[Value::Integer(i64::MIN), Value::Text(text)]);
        assert!(sql.unwrap().len() <= MAX_SQL_CHARS);
    }
}
