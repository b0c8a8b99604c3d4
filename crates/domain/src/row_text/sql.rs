//! The SQL that makes row texts, in the subset that MySQL 8, MySQL 9 and MariaDB 10.11 share.
//!
//! Identifiers come from the dictionary, or are names of shadow tables that Rowgate made; numbers
//! are digits; the literals of keys are those of [`crate::sql`].

use crate::dictionary::{Column, ColumnType, Table};
use crate::sql::{push_key_order, push_key_range};
use crate::value::Key;

/// The text for NULL. No other field begins with this letter: text begins with its length, and
/// bytes are hexadecimal digits.
const NULL: &str = "'N'";

/// Returns the expression of a row's text: all fields in the order of the dictionary with commas
/// between them.
///
/// A field is as MySQL prints it: `-7`, `0.05`, `2021-07-27`, `2021-07-27 16:02:08.120`,
/// `16:02:08`, `1` for true. Text, a JSON document and a UUID have the number of their characters
/// before them (`5:Łoś,2`), so they may hold any character. Bytes are hexadecimal digits
/// (`00FF41`), and a number with a binary exponent has the fewest digits that name it, in [one
/// form](double_sql). NULL is `N`. `nullable` says for each column if the **database's** column
/// takes NULL (a column beyond its end counts as one that does not): an unexpected NULL would make
/// the whole text NULL.
///
/// It has the character set of its text columns, or else the connection's: the service returns
/// UTF-8 either way.
pub fn row_text_sql(table: &Table, nullable: &[bool]) -> String {
    let types = table.columns().iter().map(Column::column_type);
    let mut texts = types.filter(|column_type| has_character_set(*column_type));
    let text = match (texts.next(), texts.next()) {
        // A single text needs no conversion to a common character set, which saves a fifth of the
        // time.
        (Some(only), None) if only.is_text() => Text::AsItIs,
        _ => Text::Utf8,
    };
    fields_sql(table, nullable, text)
}

/// Returns true for columns and expressions that have a character set of their own.
fn has_character_set(column_type: ColumnType) -> bool {
    column_type.is_text() || matches!(column_type, ColumnType::Json | ColumnType::Uuid | ColumnType::Double)
}

/// Returns the expression of the text of some columns of a row, none of which is NULL, in UTF-8.
pub(crate) fn columns_text_sql<'c>(columns: impl Iterator<Item = &'c Column>) -> String {
    concat_sql(columns.map(|column| field_sql(column, false, Text::Utf8)))
}

/// In which character set text columns go into a row's text.
#[derive(Clone, Copy)]
enum Text {
    AsItIs,
    Utf8,
}

fn fields_sql(table: &Table, nullable: &[bool], text: Text) -> String {
    let nullable = |index| nullable.get(index).is_some_and(|nullable| *nullable);
    let columns = table.columns().iter().enumerate();
    concat_sql(columns.map(|(index, column)| field_sql(column, nullable(index), text)))
}

/// Returns the expression of these fields with commas between them.
fn concat_sql(fields: impl Iterator<Item = String>) -> String {
    let fields: Vec<String> = fields.collect();
    format!("CONCAT({})", fields.join(",',',"))
}

/// Returns the expression of one field of a row's text.
fn field_sql(column: &Column, nullable: bool, text: Text) -> String {
    let name = column.name();
    let field = match (column.column_type(), text) {
        // Characters, not bytes: the column may have another character set than the connection.
        (ColumnType::String { .. } | ColumnType::Text, Text::AsItIs) => {
            format!("CONCAT(CHAR_LENGTH(`{name}`),':',`{name}`)")
        }
        (ColumnType::String { .. } | ColumnType::Text | ColumnType::Json | ColumnType::Uuid, _) => {
            format!("CONCAT(CHAR_LENGTH(`{name}`),':',CONVERT(`{name}` USING utf8mb4))")
        }
        (ColumnType::Binary { .. }, _) => format!("HEX(`{name}`)"),
        (ColumnType::Double, _) => {
            let number = double_sql(name);
            // The expression is never NULL.
            return if nullable { format!("IF(`{name}` IS NULL,{NULL},{number})") } else { number };
        }
        _ => format!("`{name}`"),
    };
    if nullable { format!("IFNULL({field},{NULL})") } else { field }
}

/// Returns the expression of a number with a binary exponent: `0.1`, `-1.5e-300`.
///
/// The number alone would be another text in MySQL, which prints `1.5e-10` and `-0`, than in
/// MariaDB, which prints `0.00000000015` and `0`. Inside of a JSON array both print it with the
/// fewest digits that name it, as MariaDB does; MySQL adds `.0` to whole numbers. Zero is added
/// because -0 + 0 is 0.
pub(crate) fn double_sql(name: &str) -> String {
    let json = format!("JSON_ARRAY(`{name}`+0)");
    format!("TRIM(TRAILING '.0' FROM TRIM(LEADING '[' FROM TRIM(TRAILING ']' FROM {json})))")
}

/// Keeps the texts of a page from being too much for one answer: a text that is too much comes
/// empty, and no row's text is empty otherwise. So nothing fails, which would end a snapshot. Both
/// count [`text bytes`](text_bytes_sql).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageGuard {
    /// All texts come empty if the rows have more than `page` bytes together, or one of them more
    /// than `row`. They are added up before the first row is read, in one pass over the text
    /// columns, which takes the database half as long again as the page itself.
    Sum {
        /// The most bytes of all rows.
        page: usize,
        /// The most bytes of a row.
        row: usize,
    },
    /// The text of each row that has more than this many bytes comes empty.
    Row(usize),
}

/// Returns the next page of a table in the order of its key: at most `limit` rows behind the key
/// `after`, each as one column `r`, within `guard`. A table [without texts](has_texts) needs none:
/// its rows are bounded by their number.
///
/// `target` is the table's name or that of a table with the same columns; it is put into the SQL as
/// it is, so it must be a safe identifier, as the names of the dictionary and of shadow tables are.
pub fn page_within_sql(
    target: &str,
    table: &Table,
    nullable: &[bool],
    after: Option<&Key>,
    limit: u32,
    guard: PageGuard,
) -> String {
    let text = row_text_sql(table, nullable);
    let rows = format!("{} LIMIT {limit}", rows_sql(target, table, after, None));
    if !has_texts(table) {
        return format!("SELECT {text} AS `r` FROM {rows}");
    }
    let bytes = text_bytes_sql(table, nullable);
    let fits = match guard {
        PageGuard::Sum { page, row } => format!(
            "(SELECT COALESCE(SUM(`b`)<={page} AND MAX(`b`)<={row},1) FROM (SELECT {bytes} AS `b` FROM {rows}) AS `p`)"
        ),
        PageGuard::Row(row) => format!("{bytes}<={row}"),
    };
    format!("SELECT IF({fits},{text},'') AS `r` FROM {rows}")
}

/// Returns `chars` characters of the text of the first row behind the key `after`, from the
/// character `from` (counted from 1) on, as a column `r`; no row where there is none. Of `target`
/// holds what [`page_within_sql`] says.
pub fn piece_sql(
    target: &str,
    table: &Table,
    nullable: &[bool],
    after: Option<&Key>,
    (from, chars): (usize, usize),
) -> String {
    let text = row_text_sql(table, nullable);
    let rows = rows_sql(target, table, after, None);
    format!("SELECT SUBSTRING({text},{from},{chars}) AS `r` FROM {rows} LIMIT 1")
}

/// Returns the text of the key of the row that is `rows` rows behind the key `after`, as a column
/// `k` ([`read_key`](crate::sql::read_key) reads it); no row where there are not so many up to
/// `through`. Of `target` holds what [`page_within_sql`] says.
pub fn key_behind_sql(
    target: &str,
    table: &Table,
    after: Option<&Key>,
    through: Option<&Key>,
    rows: u64,
) -> String {
    let (key, offset) = (columns_text_sql(table.key_columns()), rows.saturating_sub(1));
    let rows = rows_sql(target, table, after, through);
    format!("SELECT {key} AS `k` FROM {rows} LIMIT 1 OFFSET {offset}")
}

/// Returns the rows of a range of keys, in their order:
/// `` `tags` WHERE `id`>7 ORDER BY `tags`.`id` ``.
fn rows_sql(target: &str, table: &Table, after: Option<&Key>, through: Option<&Key>) -> String {
    let mut sql = format!("`{target}`");
    push_key_range(&mut sql, table, after, through);
    push_key_order(&mut sql, table, target);
    sql
}

/// Returns the bytes that the columns of a row whose length varies take in the JSON of an answer:
/// exactly those of long texts and documents, which may be full of quotes. Escapes in other texts
/// are not counted: the caller leaves room for them.
fn text_bytes_sql(table: &Table, nullable: &[bool]) -> String {
    let mut sql = String::from("0");
    for (index, column) in table.columns().iter().enumerate() {
        let name = column.name();
        let bytes = match column.column_type() {
            ColumnType::String { .. } => format!("LENGTH(`{name}`)"),
            ColumnType::Binary { .. } => format!("2*LENGTH(`{name}`)"),
            ColumnType::Text | ColumnType::Json => {
                format!("LENGTH(JSON_QUOTE(CONVERT(`{name}` USING utf8mb4)))")
            }
            _ => continue,
        };
        let is_nullable = nullable.get(index).is_some_and(|nullable| *nullable);
        sql.push_str(&if is_nullable { format!("+IFNULL({bytes},0)") } else { format!("+{bytes}") });
    }
    sql
}

/// Returns true for tables with columns whose length varies: texts, documents and bytes.
pub fn has_texts(table: &Table) -> bool {
    table.columns().iter().any(|column| {
        matches!(
            column.column_type(),
            ColumnType::String { .. } | ColumnType::Text | ColumnType::Json | ColumnType::Binary { .. }
        )
    })
}

/// Returns the most bytes of a row's text without the content of the columns whose length varies.
pub fn fixed_width(table: &Table) -> usize {
    let width = |column_type| match column_type {
        ColumnType::SmallInt => "-32768".len(),
        ColumnType::Integer => "-2147483648".len(),
        ColumnType::Bigint => "-9223372036854775808".len(),
        ColumnType::Double => "-0.00000000000000".len() + DOUBLE_DIGITS,
        ColumnType::Decimal { precision, .. } => usize::from(precision) + "-0.".len(),
        ColumnType::Boolean => "-128".len(),
        ColumnType::Date => "2021-07-27".len(),
        ColumnType::Time => "-838:59:59".len(),
        ColumnType::Timestamp { digits: 0 } => "2021-07-27 16:02:08".len(),
        ColumnType::Timestamp { digits } => "2021-07-27 16:02:08.".len() + usize::from(digits),
        ColumnType::Uuid => "36:1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a".len(),
        // A database may hold longer ones than the dictionary allows.
        ColumnType::String { .. } => "65535:".len(),
        ColumnType::Text | ColumnType::Json => "4294967295:".len(),
        ColumnType::Binary { .. } => 0,
    };
    table.columns().iter().map(|column| width(column.column_type()) + ",".len()).sum()
}

/// The most decimal digits that a number with a binary exponent needs.
/// <https://en.wikipedia.org/wiki/Double-precision_floating-point_format>
const DOUBLE_DIGITS: usize = 17;

/// Returns the [`ContentSum`](super::ContentSum) of the rows behind the key `after` and not behind
/// `through`: one row `rows`, `sum`, whole numbers that
/// [`ContentSum::from_sql`](super::ContentSum::from_sql) reads. Of `target` holds what
/// [`page_within_sql`] says.
pub fn sum_sql(
    target: &str,
    table: &Table,
    nullable: &[bool],
    after: Option<&Key>,
    through: Option<&Key>,
) -> String {
    // Digests are of bytes, so these must be of one character set.
    let text = fields_sql(table, nullable, Text::Utf8);
    let number = format!("CAST(CONV(LEFT(SHA2({text},256),16),16,10) AS UNSIGNED)");
    let mut sql = format!(
        "SELECT CAST(COUNT(*) AS CHAR) AS `rows`,CAST(COALESCE(SUM({number}),0) AS CHAR) AS `sum` FROM `{target}`"
    );
    push_key_range(&mut sql, table, after, through);
    sql
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;
    use crate::library;

    #[test]
    fn writes_the_sql_of_pages_and_sums() {
        let documents = library::dictionary().table("documents").unwrap();
        let nullable = [false, false, false, true, true];
        let of_name = |name| {
            format!(
                "CONCAT(`id`,',',CONCAT(CHAR_LENGTH(`name`),':',{name}),',',`datetime`,',',\
                 IFNULL(`collection_id`,'N'),',',IFNULL(`tag_id`,'N'))"
            )
        };
        let (text, converted) = (of_name("`name`"), of_name("CONVERT(`name` USING utf8mb4)"));
        assert_eq!(row_text_sql(documents, &nullable), text);
        assert_eq!(
            sum_sql("documents", documents, &nullable, Some(&(-5).into()), Some(&7.into())),
            format!(
                "SELECT CAST(COUNT(*) AS CHAR) AS `rows`,\
                 CAST(COALESCE(SUM(CAST(CONV(LEFT(SHA2({converted},256),16),16,10) AS UNSIGNED)),0) AS CHAR) AS `sum` \
                 FROM `documents` WHERE `id`>-5 AND `id`<=7"
            )
        );
        assert!(sum_sql("documents", documents, &nullable, None, Some(&7.into())).ends_with("WHERE `id`<=7"));
        let page =
            |guard| page_within_sql("documents", documents, &nullable, Some(&(-5).into()), 1000, guard);
        let rows = "`documents` WHERE `id`>-5 ORDER BY `documents`.`id` LIMIT 1000";
        assert_eq!(
            page(PageGuard::Row(90)),
            format!("SELECT IF(0+LENGTH(`name`)<=90,{text},'') AS `r` FROM {rows}")
        );
        assert_eq!(
            page(PageGuard::Sum { page: 70_000, row: 60_000 }),
            format!(
                "SELECT IF((SELECT COALESCE(SUM(`b`)<=70000 AND MAX(`b`)<=60000,1) \
                 FROM (SELECT 0+LENGTH(`name`) AS `b` FROM {rows}) AS `p`),{text},'') AS `r` FROM {rows}"
            )
        );
    }

    #[test]
    fn a_page_of_a_table_without_texts_has_no_guard() {
        let columns = r#"{ name = "a", type = "bigint", key = true }, { name = "u", type = "uuid" }"#;
        let text = format!("[[table]]\nname = \"t\"\ncolumns = [{columns}]");
        let dictionary = Dictionary::parse("test", &text).unwrap();
        let table = dictionary.table("t").unwrap();
        let expected =
            format!("SELECT {} AS `r` FROM `t` ORDER BY `t`.`a` LIMIT 9", row_text_sql(table, &[]));
        for guard in [PageGuard::Row(0), PageGuard::Sum { page: 0, row: 0 }] {
            assert_eq!(page_within_sql("t", table, &[], None, 9, guard), expected);
        }
    }

    #[test]
    fn writes_the_sql_of_every_type_and_of_keys_of_several_columns() {
        let text = r#"
            [[table]]
            name = "t"
            columns = [
                { name = "a", type = "smallint", key = true },
                { name = "d", type = "double" },
                { name = "j", type = "json" },
                { name = "k", type = "timestamp(3)", key = true },
                { name = "b", type = "binary(9)" },
            ]
        "#;
        let dictionary = Dictionary::parse("test", text).unwrap();
        let table = dictionary.table("t").unwrap();
        let double =
            "TRIM(TRAILING '.0' FROM TRIM(LEADING '[' FROM TRIM(TRAILING ']' FROM JSON_ARRAY(`d`+0))))";
        let json = "CONCAT(CHAR_LENGTH(`j`),':',CONVERT(`j` USING utf8mb4))";
        assert_eq!(
            row_text_sql(table, &[]),
            format!("CONCAT(`a`,',',{double},',',{json},',',`k`,',',HEX(`b`))")
        );
        assert_eq!(
            row_text_sql(table, &[true; 5]),
            format!(
                "CONCAT(IFNULL(`a`,'N'),',',IF(`d` IS NULL,'N',{double}),',',IFNULL({json},'N'),',',\
                 IFNULL(`k`,'N'),',',IFNULL(HEX(`b`),'N'))"
            )
        );
        let key = crate::key_text::parse_key(table, "7,2021-07-27T16%3A02%3A08.120Z").unwrap();
        let at = "TIMESTAMP'20210727160208.120'";
        assert_eq!(
            key_behind_sql("shadow", table, Some(&key), None, 100),
            format!(
                "SELECT CONCAT(`a`,',',`k`) AS `k` FROM `shadow` WHERE (`a`>7 OR (`a`=7 AND `k`>{at})) \
                 ORDER BY `shadow`.`a`,`shadow`.`k` LIMIT 1 OFFSET 99"
            )
        );
        assert!(
            piece_sql("t", table, &[], None, (13, 12))
                .ends_with(",',',HEX(`b`)),13,12) AS `r` FROM `t` ORDER BY `t`.`a`,`t`.`k` LIMIT 1")
        );
    }

    #[test]
    fn knows_how_wide_a_row_is_without_its_texts() {
        let documents = library::dictionary().table("documents").unwrap();
        assert_eq!(
            fixed_width(documents),
            "-2147483648,65535:,2021-07-27 16:02:08,-2147483648,-2147483648,".len()
        );
    }
}
