//! Ranges of keys, in the order that the database has them.
//!
//! The condition of a key of several columns is written so that both MySQL and MariaDB turn it into
//! ranges of the primary key's index: `(a>1 OR (a=1 AND b>2))`. A comparison of rows,
//! `(a,b)>(1,2)`, makes them read the whole index, and `a>=1 AND (a>1 OR b>2)` every row of `a=1`.

use super::literal::push_comparable;
use crate::dictionary::{Column, Table};
use crate::value::{Key, KeyPart};

/// Appends the condition of the rows behind the key `after` and not behind `through`, with ` WHERE`
/// before it; nothing if there is no bound. The keys have a part for each column of the table's
/// key.
pub(crate) fn push_key_range(sql: &mut String, table: &Table, after: Option<&Key>, through: Option<&Key>) {
    let names: Vec<&str> = table.key_columns().map(Column::name).collect();
    let mut word = " WHERE ";
    for (bound, (inside, at_end)) in [(after, (">", ">")), (through, ("<", "<="))] {
        let Some(bound) = bound else { continue };
        sql.push_str(word);
        push_side(sql, &names, bound.parts(), inside, at_end);
        word = " AND ";
    }
}

/// Appends the condition of one bound: the last column is compared with `at_end`, all before it
/// with `inside`.
fn push_side(sql: &mut String, names: &[&str], parts: &[KeyPart], inside: &str, at_end: &str) {
    match (names, parts) {
        ([name, later @ ..], [part, behind @ ..]) if !later.is_empty() => {
            sql.push('(');
            push_comparison(sql, name, inside, part);
            sql.push_str(" OR (");
            push_comparison(sql, name, "=", part);
            sql.push_str(" AND ");
            push_side(sql, later, behind, inside, at_end);
            sql.push_str("))");
        }
        ([name], [part, ..]) => push_comparison(sql, name, at_end, part),
        // Keys have as many parts as columns.
        _ => sql.push_str("TRUE"),
    }
}

fn push_comparison(sql: &mut String, name: &str, operator: &str, part: &KeyPart) {
    sql.push('`');
    sql.push_str(name);
    sql.push('`');
    sql.push_str(operator);
    push_comparable(sql, &part.value());
}

/// Appends the order of the keys of `target`, a table with the columns of `table`:
/// `` ORDER BY `t`.`a`,`t`.`b` ``. Without the table's name, a column that is called as one of the
/// statement's results would not be meant.
pub(crate) fn push_key_order(sql: &mut String, table: &Table, target: &str) {
    let mut word = " ORDER BY ";
    for column in table.key_columns() {
        for part in [word, "`", target, "`.`", column.name(), "`"] {
            sql.push_str(part);
        }
        word = ",";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;
    use crate::key_text::parse_key;

    fn range(columns: &str, after: Option<&str>, through: Option<&str>) -> String {
        let text = format!("[[table]]\nname = \"t\"\ncolumns = [{columns}]");
        let dictionary = Dictionary::parse("test", &text).unwrap();
        let table = dictionary.table("t").unwrap();
        let key = |text: &str| parse_key(table, text).unwrap();
        let mut sql = String::new();
        push_key_range(&mut sql, table, after.map(key).as_ref(), through.map(key).as_ref());
        sql
    }

    #[test]
    fn bounds_keys_of_one_column() {
        let integer = r#"{ name = "id", type = "integer", key = true }"#;
        assert_eq!(range(integer, None, None), "");
        assert_eq!(range(integer, Some("-5"), Some("7")), " WHERE `id`>-5 AND `id`<=7");
        assert_eq!(range(integer, None, Some("7")), " WHERE `id`<=7");
        let text = r#"{ name = "code", type = "string(9)", key = true }"#;
        assert_eq!(range(text, Some("%C5%81'"), None), " WHERE `code`>_utf8mb4 X'C58127'");
    }

    #[test]
    fn bounds_keys_of_several_columns_part_by_part() {
        let columns = r#"
            { name = "day", type = "date", key = true },
            { name = "at", type = "timestamp(3)", key = true },
            { name = "it", type = "uuid", key = true }"#;
        let uuid = "1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a";
        let key = format!("2021-07-27,2021-07-27T16%3A02%3A08.120Z,{uuid}");
        let digits: String = uuid.bytes().map(|byte| format!("{byte:02X}")).collect();
        let (day, at) = ("20210727", "TIMESTAMP'20210727160208.120'");
        assert_eq!(
            range(columns, Some(&key), Some(&key)),
            format!(
                " WHERE (`day`>{day} OR (`day`={day} AND (`at`>{at} OR (`at`={at} AND `it`>_utf8mb4 X'{digits}')))) \
                 AND (`day`<{day} OR (`day`={day} AND (`at`<{at} OR (`at`={at} AND `it`<=_utf8mb4 X'{digits}'))))"
            )
        );
    }
}
