//! SQL text that puts rows into the audit trail, in the subset that MySQL 8, MySQL 9 and MariaDB
//! 10.11 share.
//!
//! Account, action and request are the parameters `:username`, `:action` and `:request`.

use std::fmt::Write;

use super::MAX_SQL_CHARS;
use crate::dictionary::{ColumnType, Table};

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
            ColumnType::Integer | ColumnType::Bigint => write!(sql, "`{name}`"),
            ColumnType::Decimal { .. } => write!(sql, "CONCAT('\"',`{name}`,'\"')"),
            ColumnType::String { .. } => write!(sql, "JSON_QUOTE(CONVERT(`{name}` USING utf8mb4))"),
            ColumnType::Boolean => write!(sql, "IF(`{name}` IS NULL,NULL,IF(`{name}`,'true','false'))"),
            ColumnType::Date => write!(sql, "DATE_FORMAT(`{name}`,'\"%Y-%m-%d\"')"),
            ColumnType::Timestamp => write!(sql, "DATE_FORMAT(`{name}`,'\"%Y-%m-%dT%H:%i:%sZ\"')"),
        };
        sql.push_str(",'null'),");
        before = ",";
    }
    sql.push_str("'}')");
    sql
}

/// `INSERT`s of an entry for each of these rows, as they are now and with nothing before; each at
/// most [`MAX_SQL_CHARS`] long.
pub fn audit_inserted(table: &Table, ids: &[i64]) -> Vec<String> {
    let (name, key) = (table.name(), table.key().name());
    let head = format!(
        "{}`after_json`) SELECT UTC_TIMESTAMP(3),:username,:action,:request,'{name}',`{key}`,{} FROM `{name}` WHERE `{key}` IN (",
        HEAD,
        json_row_sql(table)
    );
    let tail = format!(") ORDER BY `{key}`");
    let room = MAX_SQL_CHARS.saturating_sub(head.len() + tail.len());
    ids.chunks((room / (i64::MIN.to_string().len() + 1)).max(1))
        .map(|ids| {
            let mut sql = head.clone();
            for (index, id) in ids.iter().enumerate() {
                let comma = if index > 0 { "," } else { "" };
                let _ = write!(sql, "{comma}{id}");
            }
            sql + &tail
        })
        .collect()
}

/// `INSERT` of an entry for a row as it is now, before it is replaced by the row `:after`, a JSON
/// object. The caller has locked the row.
pub fn audit_replaced(table: &Table, id: i64) -> String {
    let (name, key) = (table.name(), table.key().name());
    format!(
        "{}`before_json`,`after_json`) SELECT UTC_TIMESTAMP(3),:username,:action,:request,'{name}',`{key}`,{},:after \
         FROM `{name}` WHERE `{key}`={id}",
        HEAD,
        json_row_sql(table)
    )
}

/// `INSERT` of an entry for a row as it is now, before it is deleted; inserts nothing if there is
/// no such row. The row is locked until the end of the transaction.
pub fn audit_deleted(table: &Table, id: i64) -> String {
    let (name, key) = (table.name(), table.key().name());
    format!(
        "{}`before_json`) SELECT UTC_TIMESTAMP(3),:username,:action,:request,'{name}',`{key}`,{} FROM `{name}` \
         WHERE `{key}`={id} FOR UPDATE",
        HEAD,
        json_row_sql(table)
    )
}

const HEAD: &str =
    "INSERT INTO `rowgate_audit` (`at`,`username`,`action`,`request_id`,`table_name`,`row_key`,";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hr;

    #[test]
    fn writes_each_entry_from_the_row_itself() {
        let jobs = hr::dictionary().table("jobs").unwrap();
        let row = "CONCAT('{\"id\":',IFNULL(`id`,'null'),',\"job_name\":',\
                   IFNULL(JSON_QUOTE(CONVERT(`job_name` USING utf8mb4)),'null'),'}')";
        assert_eq!(json_row_sql(jobs), row);
        assert_eq!(
            audit_inserted(jobs, &[3, -1]),
            [format!(
                "{HEAD}`after_json`) SELECT UTC_TIMESTAMP(3),:username,:action,:request,'jobs',`id`,{row} FROM `jobs` \
                 WHERE `id` IN (3,-1) ORDER BY `id`"
            )]
        );
        assert_eq!(
            audit_replaced(jobs, 7),
            format!(
                "{HEAD}`before_json`,`after_json`) SELECT UTC_TIMESTAMP(3),:username,:action,:request,'jobs',`id`,{row},:after \
                 FROM `jobs` WHERE `id`=7"
            )
        );
        assert_eq!(
            audit_deleted(jobs, 7),
            format!(
                "{HEAD}`before_json`) SELECT UTC_TIMESTAMP(3),:username,:action,:request,'jobs',`id`,{row} FROM `jobs` \
                 WHERE `id`=7 FOR UPDATE"
            )
        );
    }

    #[test]
    fn many_rows_take_few_statements_each_under_the_limit() {
        let employees = hr::dictionary().table("employees").unwrap();
        assert_eq!(audit_inserted(employees, &[]), Vec::<String>::new());
        let batch: Vec<i64> = (0..1000).map(|id| i64::MIN + id).collect();
        assert_eq!(audit_inserted(employees, &batch).len(), 1);
        let many: Vec<i64> = (0..10_000).map(|id| i64::MIN + id).collect();
        let statements = audit_inserted(employees, &many);
        assert!(statements.iter().all(|sql| sql.len() <= MAX_SQL_CHARS));
        let ids: usize = statements.iter().map(|sql| sql.matches("-9223372036854").count()).sum();
        assert_eq!(ids, many.len());
    }

    #[test]
    fn nothing_but_the_parameters_looks_like_one() {
        let employees = hr::dictionary().table("employees").unwrap();
        for sql in [audit_replaced(employees, 7), audit_deleted(employees, 7)] {
            let names =
                sql.split(':').skip(1).filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
            let expected = ["username", "action", "request", "after"];
            assert!(
                names.into_iter().all(|rest| expected.iter().any(|name| rest.starts_with(name))),
                "{sql}"
            );
        }
    }
}
