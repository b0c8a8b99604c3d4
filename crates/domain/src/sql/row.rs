//! SQL text for one row, known by its key.

use super::Parameter;
use super::keys::push_equal;
use super::literal::push_value;
use crate::dictionary::{Reference, Table};
use crate::row_text::row_text_sql;
use crate::value::{Key, Value};

/// `SELECT` of a row as [its text](row_text_sql) `r`, with every column treated as nullable: the
/// dictionary does not know what the database's columns take.
pub fn select_row(table: &Table, key: &Key) -> String {
    let text = row_text_sql(table, &vec![true; table.columns().len()]);
    format!("SELECT {text} AS `r` FROM `{}` WHERE {}", table.name(), of_key(table, key))
}

/// `SELECT` of a row as it is now, as `{"found": 1}`, which locks it against changes by others
/// until the end of the transaction.
pub fn select_for_update(table: &Table, key: &Key) -> String {
    format!("SELECT 1 AS `found` FROM `{}` WHERE {} FOR UPDATE", table.name(), of_key(table, key))
}

/// `UPDATE` of all columns but the key's to these values, one for each column, and its parameters;
/// `None` for a table that has no others.
pub fn update_row(table: &Table, values: &[Value<'_>]) -> Option<(String, Vec<Parameter>)> {
    let mut text = format!("UPDATE `{}`", table.name());
    let mut parameters = Vec::new();
    let mut word = " SET `";
    for (index, (column, value)) in table.columns().iter().zip(values).enumerate() {
        if table.key_indexes().contains(&index) {
            continue;
        }
        text.push_str(word);
        word = ",`";
        text.push_str(column.name());
        text.push_str("`=");
        push_value(&mut text, value, &mut parameters);
    }
    if word != ",`" {
        return None;
    }
    text.push_str(" WHERE ");
    text.push_str(&of_key(table, &table.key_of(values)?));
    Some((text, parameters))
}

/// `DELETE` of a row.
pub fn delete_row(table: &Table, key: &Key) -> String {
    format!("DELETE FROM `{}` WHERE {}", table.name(), of_key(table, key))
}

/// `SELECT` of one row of `table`, as `{"found": 1}`, whose `reference` names `key`. Until the end
/// of the transaction an existing row stays, and none can be added otherwise: at REPEATABLE READ,
/// InnoDB locks the rows that it reads, and the gap where they would be.
pub fn select_referring(table: &Table, reference: &Reference, key: &Key) -> String {
    let columns = reference.columns().iter().map(|index| &table.columns()[*index]);
    let mut text = format!("SELECT 1 AS `found` FROM `{}` WHERE ", table.name());
    push_equal(&mut text, columns, key);
    // The one spelling that MySQL 8, MySQL 9 and MariaDB share.
    text + " LIMIT 1 LOCK IN SHARE MODE"
}

/// Returns the condition of a key.
pub(super) fn of_key(table: &Table, key: &Key) -> String {
    let mut text = String::new();
    push_equal(&mut text, table.key_columns(), key);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;
    use crate::library;
    use crate::sql::MAX_SQL_CHARS;
    use crate::value::{CivilDate, CivilTime, Timestamp};

    #[test]
    fn writes_each_statement_for_one_row() {
        let documents = library::dictionary().table("documents").unwrap();
        let day = CivilDate::new(2021, 7, 27).unwrap();
        let values = [
            Value::Integer(-7),
            Value::Text("Ada".into()),
            Value::Timestamp(Timestamp::of_second(day, CivilTime::new(16, 2, 8).unwrap())),
            Value::Integer(3),
            Value::Null,
        ];
        assert_eq!(
            update_row(documents, &values).unwrap(),
            (
                "UPDATE `documents` SET `name`=X'416461',`datetime`=20210727160208,`collection_id`=3,`tag_id`=NULL WHERE `id`=-7"
                    .to_owned(),
                Vec::new()
            )
        );
        let key = Key::from(7);
        assert_eq!(
            select_for_update(documents, &key),
            "SELECT 1 AS `found` FROM `documents` WHERE `id`=7 FOR UPDATE"
        );
        assert_eq!(delete_row(documents, &Key::from(-7)), "DELETE FROM `documents` WHERE `id`=-7");
        assert_eq!(
            select_referring(documents, &documents.references()[1], &key),
            "SELECT 1 AS `found` FROM `documents` WHERE `tag_id`=7 LIMIT 1 LOCK IN SHARE MODE"
        );
        assert!(select_row(documents, &key).ends_with(" AS `r` FROM `documents` WHERE `id`=7"));
    }

    #[test]
    fn knows_a_row_by_every_column_of_its_key() {
        let text = r#"
            [[table]]
            name = "keys"
            columns = [
                { name = "code", type = "string(9)", key = true },
                { name = "note", type = "text", required = false },
                { name = "number", type = "integer", key = true },
            ]
            [[table]]
            name = "others"
            columns = [
                { name = "id", type = "integer", key = true },
                { name = "n", type = "integer" },
                { name = "c", type = "string(9)" },
            ]
            references = [{ columns = ["c", "n"], table = "keys" }]
        "#;
        let dictionary = Dictionary::parse("test", text).unwrap();
        let table = dictionary.table("keys").unwrap();
        let long = "n".repeat(3000);
        let values = [Value::Text("a".into()), Value::Text(long.as_str().into()), Value::Integer(7)];
        assert_eq!(
            update_row(table, &values).unwrap(),
            (
                "UPDATE `keys` SET `note`=:p0 WHERE `code`=_utf8mb4 X'61' AND `number`=7".to_owned(),
                vec![Parameter::Text(long.clone())]
            )
        );
        let others = dictionary.table("others").unwrap();
        assert_eq!(
            select_referring(others, &others.references()[0], &table.key_of(&values).unwrap()),
            "SELECT 1 AS `found` FROM `others` WHERE `c`=_utf8mb4 X'61' AND `n`=7 LIMIT 1 LOCK IN SHARE MODE"
        );
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
        let dictionary_of = |columns: usize| {
            let texts: String = (0..columns)
                .map(|number| format!(", {{ name = \"t{number}\", type = \"string(512)\" }}"))
                .collect();
            let text = format!(
                "[[table]]\nname = \"wide\"\ncolumns = [{{ name = \"id\", type = \"bigint\", key = true }}{texts}]"
            );
            Dictionary::parse("test", &text)
        };
        let widest = (1..=100).rev().find_map(|columns| Some((columns, dictionary_of(columns).ok()?)));
        let (columns, dictionary) = widest.unwrap();
        let text = "😀".repeat(512);
        let mut values = vec![Value::Integer(i64::MIN)];
        values.extend((0..columns).map(|_| Value::Text(text.as_str().into())));
        let (sql, parameters) = update_row(dictionary.table("wide").unwrap(), &values).unwrap();
        assert!((MAX_SQL_CHARS / 2..=MAX_SQL_CHARS).contains(&sql.len()));
        assert_eq!(parameters, []);
    }
}
