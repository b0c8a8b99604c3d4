//! Finds rows that look wrong: the checks of a table, from the dictionary alone, and their SQL.
//!
//! The SQL is in the subset that MySQL 8, MySQL 9 and MariaDB 10.11 share. Identifiers come from
//! the dictionary, limits are digits, and everything else is a bound parameter. A table or a column
//! may have any name but `rowgate_…`: where one is beside a derived table, each is called by its
//! table.

use crate::dictionary::{Column, ColumnType, Dictionary, Reference, Table};
use crate::row_text::{columns_text_sql, row_text_sql};

/// The most rows, or groups, that a check shows.
pub const MAX_SHOWN: u32 = 100;

/// Standard deviations from the mean beyond which a date is far from the rest.
const FAR: u32 = 3;

/// Standard deviations from the mean of the others beyond which a number of rows is unusual.
const UNUSUAL: u32 = 2;

/// Groups below which no number is unusual: one group's number needs two others to be held against.
const MIN_GROUPS: u32 = 3;

/// One check of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check<'d> {
    /// Values of this reference that name no row.
    UnknownReference {
        /// The table that is checked.
        table: &'d Table,
        /// The reference.
        reference: &'d Reference,
        /// The table that it refers to.
        references: &'d Table,
    },
    /// Days or times in this column that are more than three standard deviations from its mean.
    FarDate {
        /// The table that is checked.
        table: &'d Table,
        /// The column.
        column: &'d Column,
    },
    /// Rows of another table that are named by unusually many or few rows: by more than two
    /// standard deviations of the others' numbers. Rows that no row names do not count.
    UnusualCount {
        /// The table that is checked.
        table: &'d Table,
        /// The reference.
        reference: &'d Reference,
        /// The table that it refers to.
        references: &'d Table,
    },
}

/// Returns the checks that a table has by its columns: unknown references first, then dates, then
/// numbers.
pub fn checks<'d>(dictionary: &'d Dictionary, table: &'d Table) -> Vec<Check<'d>> {
    let references = || {
        let of_table = table.references().iter();
        of_table.filter_map(|reference| Some((reference, dictionary.table(reference.table())?)))
    };
    let unknown =
        references().map(|(reference, references)| Check::UnknownReference { table, reference, references });
    let is_date =
        |column: &&Column| matches!(column.column_type(), ColumnType::Date | ColumnType::Timestamp { .. });
    let far = table.columns().iter().filter(is_date).map(|column| Check::FarDate { table, column });
    let unusual =
        references().map(|(reference, references)| Check::UnusualCount { table, reference, references });
    unknown.chain(far).chain(unusual).collect()
}

/// `SELECT` of the rows whose reference names none, by key, as one column `r` each (their
/// [text](row_text_sql)), with the number of all of them as `count`. No row where every reference
/// names one.
pub fn unknown_references(table: &Table, reference: &Reference, references: &Table, limit: u32) -> String {
    let (name, other) = (table.name(), references.name());
    let is_named =
        joined(columns_of(table, reference).zip(references.key_columns()), " AND ", |(own, key)| {
            format!("`rowgate_named`.`{}`=`{name}`.`{}`", key.name(), own.name())
        });
    let unknown = format!(
        "{} AND NOT EXISTS (SELECT 1 FROM `{other}` AS `rowgate_named` WHERE {is_named})",
        has_values(table, reference)
    );
    let (text, order) = (text_of(table), key_of(table));
    format!(
        "SELECT (SELECT COUNT(*) FROM `{name}` WHERE {unknown}) AS `count`,{text} AS `r` FROM `{name}` WHERE {unknown} \
         ORDER BY {order} LIMIT {limit}"
    )
}

/// `SELECT` of the first and last value of a column that are not far from the rest, as `from` and
/// `to` (texts as the database prints them, NULL where no row has a value), and of how many rows
/// are outside, as `count`.
pub fn date_bounds(table: &Table, column: &Column) -> String {
    let (name, column_name) = (table.name(), column.name());
    // Whole days of a column of days, seconds else: bounds between two values would be no value of
    // the column.
    let (number, lowest, highest, back) = match column.column_type() {
        ColumnType::Date => (
            format!("TO_DAYS(`{column_name}`)"),
            "TO_DAYS('1000-01-01')",
            "TO_DAYS('9999-12-31')",
            days as fn(&str) -> String,
        ),
        _ => (
            format!("TO_SECONDS(`{column_name}`)"),
            "TO_SECONDS('1000-01-01 00:00:00')",
            "TO_SECONDS('9999-12-31 23:59:59')",
            seconds as fn(&str) -> String,
        ),
    };
    // The mean is exact where the number is a decimal of enough digits: of equal values, each is
    // within bounds. Of a number as the functions give it, MariaDB makes a mean of eleven digits,
    // which end in the year 3168. What no column can hold is no bound.
    let within = |bound: &str| back(&format!("CAST(LEAST(GREATEST({bound},{lowest}),{highest}) AS SIGNED)"));
    let from = within(&format!("CEILING(`mean`-{FAR}*`deviation`)"));
    let to = within(&format!("FLOOR(`mean`+{FAR}*`deviation`)"));
    format!(
        "SELECT CAST(`from` AS CHAR) AS `from`,CAST(`to` AS CHAR) AS `to`,\
         CASE WHEN `first`>=`from` AND `last`<=`to` THEN 0 \
         ELSE (SELECT COUNT(*) FROM `{name}` WHERE `{name}`.`{column_name}`<`rowgate_bounds`.`from` \
         OR `{name}`.`{column_name}`>`rowgate_bounds`.`to`) END AS `count` \
         FROM (SELECT {from} AS `from`,{to} AS `to`,`first`,`last` FROM (SELECT \
         MIN(`{column_name}`) AS `first`,MAX(`{column_name}`) AS `last`,\
         AVG(CAST({number} AS DECIMAL(20))) AS `mean`,STDDEV_POP({number}) AS `deviation` \
         FROM `{name}`) AS `spread`) AS `rowgate_bounds`"
    )
}

fn days(number: &str) -> String {
    format!("FROM_DAYS({number})")
}

fn seconds(number: &str) -> String {
    format!(
        "CAST('1970-01-01 00:00:00' AS DATETIME)+INTERVAL ({number}-TO_SECONDS('1970-01-01 00:00:00')) SECOND"
    )
}

/// `SELECT` of the rows whose value is before `:from` or after `:to`, the earliest first, as one
/// column `r` each (their [text](row_text_sql)).
pub fn far_dates(table: &Table, column: &Column, limit: u32) -> String {
    let (name, column) = (table.name(), column.name());
    let (text, key) = (text_of(table), key_of(table));
    format!(
        "SELECT {text} AS `r` FROM `{name}` WHERE `{column}`<:from OR `{column}`>:to ORDER BY `{name}`.`{column}`,{key} \
         LIMIT {limit}"
    )
}

/// `SELECT` of the keys that unusually many or few rows name, as `k` (for
/// [`read_key`](crate::sql::read_key) of the table that has them), with that number as `rows`;
/// those with most rows first. Each row also has the number of such keys as `count`, and the mean
/// over all keys as the text `mean`. Where there is none, one row of another key (`unusual` is 0)
/// has the two; no row where no key is named.
pub fn unusual_counts(table: &Table, reference: &Reference, references: &Table, limit: u32) -> String {
    let (name, other) = (table.name(), references.name());
    // The mean of the others is (total - rows) / (groups - 1), their variance likewise from the
    // squares. All of it times (groups - 1)², so that whole numbers are compared, of any size and
    // without rounding: equal ones never differ.
    let rest = "(`groups`-1)";
    let deviation = format!("(`rows`*{rest}-(`total`-`rows`))");
    let variance = format!("({rest}*(`squares`-`rows`*`rows`)-(`total`-`rows`)*(`total`-`rows`))");
    let factor = UNUSUAL * UNUSUAL;
    let columns = || columns_of(table, reference).enumerate();
    let parts = joined(columns(), ",", |(index, _)| format!("`part{index}`"));
    let selected =
        joined(columns(), ",", |(index, column)| format!("`{name}`.`{}` AS `part{index}`", column.name()));
    let grouped = joined(columns(), ",", |(_, column)| format!("`{name}`.`{}`", column.name()));
    let is_there = joined(references.key_columns().enumerate(), " AND ", |(index, key)| {
        format!("`{other}`.`{}`=`rowgate_named`.`part{index}`", key.name())
    });
    format!(
        "SELECT `k`,CAST(`rows` AS SIGNED) AS `rows`,`unusual`,CAST(SUM(`unusual`) OVER () AS SIGNED) AS `count`,\
         CAST(`total`/`groups` AS CHAR) AS `mean` FROM (SELECT {parts},`k`,`rows`,`groups`,`total`,\
         CASE WHEN `groups`>={MIN_GROUPS} AND {deviation}*{deviation}>{factor}*{variance} THEN 1 ELSE 0 END AS `unusual` \
         FROM (SELECT {parts},`k`,`rows`,COUNT(*) OVER () AS `groups`,SUM(`rows`) OVER () AS `total`,\
         SUM(`rows`*`rows`) OVER () AS `squares` FROM (SELECT {selected},{text} AS `k`,\
         CAST(COUNT(*) AS DECIMAL(20)) AS `rows` FROM `{name}` WHERE {has_values} GROUP BY {grouped}) AS `rowgate_named` \
         WHERE EXISTS (SELECT 1 FROM `{other}` WHERE {is_there})) AS `sums`) AS `judged` \
         ORDER BY `unusual` DESC,`judged`.`rows` DESC,{parts} LIMIT {limit}",
        text = columns_text_sql(columns_of(table, reference)),
        has_values = has_values(table, reference),
    )
}

/// Returns the columns of a reference.
fn columns_of<'d>(table: &'d Table, reference: &'d Reference) -> impl Iterator<Item = &'d Column> + Clone {
    reference.columns().iter().map(|index| &table.columns()[*index])
}

/// Returns the condition that a row refers to something.
fn has_values(table: &Table, reference: &Reference) -> String {
    let name = table.name();
    joined(columns_of(table, reference), " AND ", |column| {
        format!("`{name}`.`{}` IS NOT NULL", column.name())
    })
}

/// Returns the columns of the table's key, for `ORDER BY`; with the table's name, as a column may
/// be called like one of the result.
fn key_of(table: &Table) -> String {
    joined(table.key_columns(), ",", |column| format!("`{}`.`{}`", table.name(), column.name()))
}

fn joined<T>(items: impl Iterator<Item = T>, separator: &str, text: impl Fn(T) -> String) -> String {
    items.map(text).collect::<Vec<_>>().join(separator)
}

/// Returns the expression of a row's text, with every column treated as nullable: the dictionary
/// does not know.
fn text_of(table: &Table) -> String {
    row_text_sql(table, &vec![true; table.columns().len()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library;

    fn first_of<'d>(table: &'d Table, reference: &'d Reference) -> &'d str {
        columns_of(table, reference).next().unwrap().name()
    }

    #[test]
    fn checks_follow_from_the_columns() {
        let dictionary = library::dictionary();
        let of = |name| {
            let named = |check| match check {
                Check::UnknownReference { table, reference, references } => {
                    ("unknown", first_of(table, reference), references.name())
                }
                Check::FarDate { column, .. } => ("far", column.name(), ""),
                Check::UnusualCount { table, reference, references } => {
                    ("unusual", first_of(table, reference), references.name())
                }
            };
            checks(dictionary, dictionary.table(name).unwrap()).into_iter().map(named).collect::<Vec<_>>()
        };
        assert_eq!(
            of("documents"),
            [
                ("unknown", "collection_id", "collections"),
                ("unknown", "tag_id", "tags"),
                ("far", "datetime", ""),
                ("unusual", "collection_id", "collections"),
                ("unusual", "tag_id", "tags"),
            ]
        );
        assert_eq!(of("tags"), []);
    }

    #[test]
    fn every_statement_ends_with_its_limit_and_holds_no_value() {
        let dictionary = library::dictionary();
        let table = dictionary.table("documents").unwrap();
        let (collection, filed) = (&table.references()[0], &table.columns()[2]);
        let collections = dictionary.table("collections").unwrap();
        for sql in [
            unknown_references(table, collection, collections, 7),
            far_dates(table, filed, 7),
            unusual_counts(table, collection, collections, 7),
        ] {
            assert!(sql.ends_with(" LIMIT 7"), "{sql}");
        }
        assert!(far_dates(table, filed, 7).contains(
            "WHERE `datetime`<:from OR `datetime`>:to ORDER BY `documents`.`datetime`,`documents`.`id`"
        ));
        let grouped = unusual_counts(table, collection, collections, 7);
        assert!(grouped.contains("GROUP BY `documents`.`collection_id`) AS `rowgate_named`"), "{grouped}");
        assert!(date_bounds(table, filed).contains("STDDEV_POP(TO_SECONDS(`datetime`))"));
    }

    #[test]
    fn references_may_be_of_several_columns() {
        let text = r#"
            [[table]]
            name = "places"
            columns = [
                { name = "code", type = "string(9)", key = true },
                { name = "day", type = "date", key = true },
            ]
            [[table]]
            name = "visits"
            columns = [
                { name = "id", type = "uuid", key = true },
                { name = "place", type = "string(9)", required = false },
                { name = "on_day", type = "date", required = false },
            ]
            references = [{ columns = ["place", "on_day"], table = "places" }]
        "#;
        let dictionary = Dictionary::parse("test", text).unwrap();
        let [visits, places] = ["visits", "places"].map(|name| dictionary.table(name).unwrap());
        let sql = unknown_references(visits, &visits.references()[0], places, 7);
        let condition = "`visits`.`place` IS NOT NULL AND `visits`.`on_day` IS NOT NULL AND NOT EXISTS \
                         (SELECT 1 FROM `places` AS `rowgate_named` WHERE `rowgate_named`.`code`=`visits`.`place` \
                         AND `rowgate_named`.`day`=`visits`.`on_day`)";
        assert!(sql.ends_with(&format!("WHERE {condition} ORDER BY `visits`.`id` LIMIT 7")), "{sql}");
        let sql = unusual_counts(visits, &visits.references()[0], places, 7);
        assert!(
            sql.contains(
                "WHERE `places`.`code`=`rowgate_named`.`part0` AND `places`.`day`=`rowgate_named`.`part1`"
            ),
            "{sql}"
        );
    }
}
