//! The SQL that makes row texts, in the subset that MySQL 8, MySQL 9 and MariaDB 10.11 share.
//!
//! Identifiers come from the dictionary, or are names of shadow tables that Rowgate made; numbers
//! are digits.

use std::fmt::Write;

use crate::dictionary::{Column, ColumnType, Table};

/// The text for NULL. No other field begins with a letter: text begins with its length.
const NULL: &str = "'N'";

/// Returns the expression of a row's text: all fields in the order of the dictionary with commas
/// between them.
///
/// A field is as MySQL prints it: `-7`, `0.05`, `2021-07-27`, `2021-07-27 16:02:08`, `1` for true;
/// text has the number of its characters before it (`5:Łoś,2`), so it may hold any character; NULL
/// is `N`. `nullable` says for each column if the **database's** column takes NULL (a column beyond
/// its end counts as one that does not): an unexpected NULL would make the whole text NULL.
///
/// It has the character set of its text columns, or else the connection's: the service returns
/// UTF-8 either way.
pub fn row_text_sql(table: &Table, nullable: &[bool]) -> String {
    let is_text = |column: &&Column| matches!(column.column_type(), ColumnType::String { .. });
    // A single text needs no conversion to a common character set, which saves a fifth of the time.
    let texts = table.columns().iter().filter(is_text).count();
    fields_sql(table, nullable, if texts > 1 { Text::Utf8 } else { Text::AsItIs })
}

/// In which character set text columns go into a row's text.
#[derive(Clone, Copy)]
enum Text {
    AsItIs,
    Utf8,
}

fn fields_sql(table: &Table, nullable: &[bool], text: Text) -> String {
    let mut sql = String::from("CONCAT(");
    for (index, column) in table.columns().iter().enumerate() {
        if index > 0 {
            sql.push_str(",',',");
        }
        sql.push_str(&field_sql(column, nullable.get(index).is_some_and(|nullable| *nullable), text));
    }
    sql.push(')');
    sql
}

/// Returns the expression of one field of a row's text.
fn field_sql(column: &Column, nullable: bool, text: Text) -> String {
    let name = column.name();
    let field = match (column.column_type(), text) {
        // Characters, not bytes: the column may have another character set than the connection.
        (ColumnType::String { .. }, Text::AsItIs) => format!("CONCAT(CHAR_LENGTH(`{name}`),':',`{name}`)"),
        (ColumnType::String { .. }, Text::Utf8) => {
            format!("CONCAT(CHAR_LENGTH(`{name}`),':',CONVERT(`{name}` USING utf8mb4))")
        }
        _ => format!("`{name}`"),
    };
    if nullable { format!("IFNULL({field},{NULL})") } else { field }
}

/// Returns the next page of a table in the order of its key: at most `limit` rows behind the key
/// `after`, each as one column `r`.
///
/// `target` is the table's name or that of a table with the same columns; it is put into the SQL as
/// it is, so it must be a safe identifier, as the names of the dictionary and of shadow tables are.
///
/// If the rows' texts are too much for one answer, it returns as many empty texts in place of them;
/// no row's text is empty. So nothing fails, which would end a snapshot.
///
/// The page is too much if the [`text bytes`](text_bytes_sql) of all rows together are more than
/// `page_bytes`, or those of one row more than `row_bytes`. They are added up before the first row
/// is read, in one pass over the text columns.
pub fn page_within_sql(
    target: &str,
    table: &Table,
    nullable: &[bool],
    after: Option<i64>,
    limit: u32,
    (page_bytes, row_bytes): (usize, usize),
) -> String {
    let text = row_text_sql(table, nullable);
    let key = table.key().name();
    let rows = format!("`{target}`{} ORDER BY `{key}` LIMIT {limit}", range_sql(key, after, None));
    let bytes = text_bytes_sql(table, nullable);
    format!(
        "SELECT IF((SELECT COALESCE(SUM(`b`)<={page_bytes} AND MAX(`b`)<={row_bytes},1) FROM (SELECT {bytes} AS `b` FROM {rows}) AS `p`),{text},'') \
         AS `r` FROM {rows}"
    )
}

/// Returns the bytes that the text columns of a row take in UTF-8. JSON escapes (of quotes,
/// backslashes, control characters) are not counted: the caller leaves room for them.
fn text_bytes_sql(table: &Table, nullable: &[bool]) -> String {
    let mut sql = String::from("0");
    for (index, column) in table.columns().iter().enumerate() {
        if matches!(column.column_type(), ColumnType::String { .. }) {
            let name = column.name();
            let bytes = format!("LENGTH(`{name}`)");
            let is_nullable = nullable.get(index).is_some_and(|nullable| *nullable);
            sql.push_str(&if is_nullable { format!("+IFNULL({bytes},0)") } else { format!("+{bytes}") });
        }
    }
    sql
}

/// Returns the most bytes of a row's text without the content of its text columns.
pub fn fixed_width(table: &Table) -> usize {
    let width = |column_type| match column_type {
        ColumnType::Integer => "-2147483648".len(),
        ColumnType::Bigint => "-9223372036854775808".len(),
        ColumnType::Decimal { precision, .. } => usize::from(precision) + "-0.".len(),
        ColumnType::Boolean => "-128".len(),
        ColumnType::Date => "2021-07-27".len(),
        ColumnType::Timestamp => "2021-07-27 16:02:08".len(),
        // A database may hold longer ones than the dictionary allows.
        ColumnType::String { .. } => "65535:".len(),
    };
    table.columns().iter().map(|column| width(column.column_type()) + ",".len()).sum()
}

/// Returns the [`ContentSum`](super::ContentSum) of the rows behind the key `after` and not behind
/// `through`: one row `rows`, `sum`, whole numbers that
/// [`ContentSum::from_sql`](super::ContentSum::from_sql) reads. Of `target` holds what
/// [`page_within_sql`] says.
pub fn sum_sql(
    target: &str,
    table: &Table,
    nullable: &[bool],
    after: Option<i64>,
    through: Option<i64>,
) -> String {
    // Digests are of bytes, so these must be of one character set.
    let text = fields_sql(table, nullable, Text::Utf8);
    let range = range_sql(table.key().name(), after, through);
    let number = format!("CAST(CONV(LEFT(SHA2({text},256),16),16,10) AS UNSIGNED)");
    format!(
        "SELECT CAST(COUNT(*) AS CHAR) AS `rows`,CAST(COALESCE(SUM({number}),0) AS CHAR) AS `sum` FROM `{target}`{range}"
    )
}

fn range_sql(key: &str, after: Option<i64>, through: Option<i64>) -> String {
    let mut sql = String::new();
    let mut word = " WHERE";
    for (bound, sign) in [(after, ">"), (through, "<=")] {
        let Some(bound) = bound else { continue };
        // Writing to a String does not fail.
        let _ = write!(sql, "{word} `{key}`{sign}{bound}");
        word = " AND";
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hr;

    #[test]
    fn writes_the_sql_of_pages_and_sums() {
        let employees = hr::dictionary().table("employees").unwrap();
        let nullable = [false, false, false, true, true];
        let of_name = |name| {
            format!(
                "CONCAT(`id`,',',CONCAT(CHAR_LENGTH(`name`),':',{name}),',',`datetime`,',',\
                 IFNULL(`department_id`,'N'),',',IFNULL(`job_id`,'N'))"
            )
        };
        let (text, converted) = (of_name("`name`"), of_name("CONVERT(`name` USING utf8mb4)"));
        assert_eq!(row_text_sql(employees, &nullable), text);
        assert_eq!(
            sum_sql("employees", employees, &nullable, Some(-5), Some(7)),
            format!(
                "SELECT CAST(COUNT(*) AS CHAR) AS `rows`,\
                 CAST(COALESCE(SUM(CAST(CONV(LEFT(SHA2({converted},256),16),16,10) AS UNSIGNED)),0) AS CHAR) AS `sum` \
                 FROM `employees` WHERE `id`>-5 AND `id`<=7"
            )
        );
        assert!(sum_sql("employees", employees, &nullable, None, Some(7)).ends_with("WHERE `id`<=7"));
        assert_eq!(
            page_within_sql("employees", employees, &nullable, Some(-5), 1000, (70_000, 60_000)),
            format!(
                "SELECT IF((SELECT COALESCE(SUM(`b`)<=70000 AND MAX(`b`)<=60000,1) \
                 FROM (SELECT 0+LENGTH(`name`) AS `b` \
                 FROM `employees` WHERE `id`>-5 ORDER BY `id` LIMIT 1000) AS `p`),{text},'') \
                 AS `r` FROM `employees` WHERE `id`>-5 ORDER BY `id` LIMIT 1000"
            )
        );
    }

    #[test]
    fn knows_how_wide_a_row_is_without_its_texts() {
        let employees = hr::dictionary().table("employees").unwrap();
        assert_eq!(
            fixed_width(employees),
            "-2147483648,65535:,2021-07-27 16:02:08,-2147483648,-2147483648,".len()
        );
    }
}
