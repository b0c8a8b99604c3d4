//! SQL text that puts rows into the audit trail, in the subset that MySQL 8, MySQL 9 and MariaDB
//! 10.11 share.
//!
//! Account, action, request and the text of the row's key are the parameters `:username`,
//! `:action`, `:request` and `:key`.

use std::fmt::Write;

use super::row::of_key;
use crate::dictionary::{ColumnType, Table};
use crate::row_text::double_sql;
use crate::value::Key;

/// Returns the expression of a row as the JSON object that
/// [`write_json_row`](crate::json_row::write_json_row) writes of it. A row that breaks the
/// dictionary has one as well. No colon in it is followed by a letter, which would look like a
/// parameter.
pub fn json_row_sql(table: &Table) -> String {
    let mut sql = String::from("CONCAT(");
    let mut before = "{";
    for column in table.columns() {
        let name = column.name();
        // Writing to a String does not fail.
        let _ = write!(sql, "'{before}\"{name}\":',IFNULL(");
        let _ = match column.column_type() {
            ColumnType::SmallInt | ColumnType::Integer | ColumnType::Bigint => write!(sql, "`{name}`"),
            ColumnType::Double => write!(sql, "{}", double_sql(name)),
            ColumnType::Decimal { .. } => write!(sql, "CONCAT('\"',`{name}`,'\"')"),
            // Of a column in ASCII, which does not go with others into one text.
            ColumnType::Uuid => write!(sql, "CONCAT('\"',CONVERT(`{name}` USING utf8mb4),'\"')"),
            ColumnType::String { .. } | ColumnType::Text => {
                write!(sql, "JSON_QUOTE(CONVERT(`{name}` USING utf8mb4))")
            }
            ColumnType::Boolean => write!(sql, "IF(`{name}` IS NULL,NULL,IF(`{name}`,'true','false'))"),
            ColumnType::Date => write!(sql, "DATE_FORMAT(`{name}`,'\"%Y-%m-%d\"')"),
            ColumnType::Time => write!(sql, "TIME_FORMAT(`{name}`,'\"%H:%i:%s\"')"),
            ColumnType::Timestamp { digits: 0 } => {
                write!(sql, "DATE_FORMAT(`{name}`,'\"%Y-%m-%dT%H:%i:%sZ\"')")
            }
            ColumnType::Timestamp { digits } => {
                // The quote, the second and its point; of six digits the first ones.
                let chars = "\"2021-07-27T16:02:08.".len() + usize::from(digits);
                write!(sql, "CONCAT(LEFT(DATE_FORMAT(`{name}`,'\"%Y-%m-%dT%H:%i:%s.%f'),{chars}),'Z\"')")
            }
            ColumnType::Json => write!(sql, "CONVERT(`{name}` USING utf8mb4)"),
            // MySQL breaks lines after 76 characters.
            ColumnType::Binary { .. } => {
                write!(sql, "CONCAT('\"',REPLACE(TO_BASE64(`{name}`),CHAR(10),''),'\"')")
            }
        };
        sql.push_str(",'null'),");
        before = ",";
    }
    sql.push_str("'}')");
    sql
}

/// `INSERT` of an entry for a row as it is now, before it is replaced by the row `:after`, a JSON
/// object. The caller has locked the row.
pub fn audit_replaced(table: &Table, key: &Key) -> String {
    format!(
        "{HEAD}`before_json`,`after_json`) SELECT UTC_TIMESTAMP(3),:username,:action,:request,'{name}',:key,{row},:after \
         FROM `{name}` WHERE {key}",
        name = table.name(),
        row = json_row_sql(table),
        key = of_key(table, key)
    )
}

/// `INSERT` of an entry for a row as it is now, before it is deleted; inserts nothing if there is
/// no such row. The row is locked until the end of the transaction.
pub fn audit_deleted(table: &Table, key: &Key) -> String {
    format!(
        "{HEAD}`before_json`) SELECT UTC_TIMESTAMP(3),:username,:action,:request,'{name}',:key,{row} FROM `{name}` \
         WHERE {key} FOR UPDATE",
        name = table.name(),
        row = json_row_sql(table),
        key = of_key(table, key)
    )
}

const HEAD: &str =
    "INSERT INTO `rowgate_audit` (`at`,`username`,`action`,`request_id`,`table_name`,`row_key`,";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;
    use crate::library;
    use crate::value::{CivilDate, CivilTime, Timestamp, Value};

    #[test]
    fn writes_each_entry_from_the_row_itself() {
        let tags = library::dictionary().table("tags").unwrap();
        let row = "CONCAT('{\"id\":',IFNULL(`id`,'null'),',\"tag_name\":',\
                   IFNULL(JSON_QUOTE(CONVERT(`tag_name` USING utf8mb4)),'null'),'}')";
        assert_eq!(json_row_sql(tags), row);
        assert_eq!(
            audit_replaced(tags, &7.into()),
            format!(
                "{HEAD}`before_json`,`after_json`) SELECT UTC_TIMESTAMP(3),:username,:action,:request,'tags',:key,{row},:after \
                 FROM `tags` WHERE `id`=7"
            )
        );
        assert_eq!(
            audit_deleted(tags, &7.into()),
            format!(
                "{HEAD}`before_json`) SELECT UTC_TIMESTAMP(3),:username,:action,:request,'tags',:key,{row} FROM `tags` \
                 WHERE `id`=7 FOR UPDATE"
            )
        );
    }

    #[test]
    fn nothing_but_the_parameters_looks_like_one() {
        let text = r#"
            [[table]]
            name = "things"
            columns = [
                { name = "code", type = "string(9)", key = true },
                { name = "at", type = "timestamp(3)", key = true },
                { name = "size", type = "double" },
                { name = "from_time", type = "time" },
                { name = "moment", type = "timestamp" },
                { name = "document", type = "json" },
                { name = "bytes", type = "binary(9)" },
            ]
        "#;
        let dictionary = Dictionary::parse("test", text).unwrap();
        let things = dictionary.table("things").unwrap();
        let day = CivilDate::new(2021, 7, 27).unwrap();
        let moment = Timestamp::new(day, CivilTime::new(16, 2, 8).unwrap(), 1000, 3).unwrap();
        let key = Key::of([&Value::Text("\u{1}:a".into()), &Value::Timestamp(moment)]).unwrap();
        for sql in [audit_replaced(things, &key), audit_deleted(things, &key)] {
            let names =
                sql.split(':').skip(1).filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
            let expected = ["username", "action", "request", "key", "after"];
            assert!(
                names.into_iter().all(|rest| expected.iter().any(|name| rest.starts_with(name))),
                "{sql}"
            );
        }
    }
}
