//! `rowgate lake history`

use anyhow::Result;
use clap::Args;
use domain::dictionary::{Column, Table};
use domain::json_row::value_text;
use domain::key_text::{key_text, parse_key};
use domain::value::{Key, KeyPart};

use super::athena::Athena;
use super::names::SILVER;
use super::sheet::Sheet;
use crate::arguments::{Format, table_of};
use crate::aws::Aws;
use crate::environment::EnvironmentArguments;
use crate::exit::{ExitStatus, user_error};
use crate::folder;
use crate::printer::Printer;
use crate::verb::Verb;

/// The columns that say when a version was valid.
const VALIDITY: [&str; 2] = ["_valid_from", "_valid_to"];

/// Prints every version of one row.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// The table, as in the dictionary.
    table: String,
    /// The row's key, as in the paths of the API: `7`, `SKU%2F1`, `42,2021-07-27`.
    #[arg(long, allow_hyphen_values = true)]
    key: String,
    /// How the versions are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    environment: EnvironmentArguments,
}

impl Verb for History {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let versions = Versions::of(&self.table, &self.key)?;
        let environment = &self.environment.environment;
        let athena = Athena::new(&Aws::from_environment().await.in_environment(environment));
        let silver = environment.lake_database(SILVER);
        let mut sheet = Sheet::with_first(self.format, versions.order());
        let printed = athena.print(&versions.sql(&silver), &silver, &mut sheet, printer).await;
        match printed.map_err(|error| versions.explain(error))? {
            None | Some(0) => {
                let Versions { table, key } = versions;
                Err(user_error(format!(
                    "The lake has and had no row of {} with the key {}.",
                    table.name(),
                    key_text(&key)
                )))
            }
            Some(_) => Ok(ExitStatus::Success),
        }
    }
}

/// The versions of one row, checked against the dictionary.
#[derive(Clone, Debug)]
struct Versions {
    table: &'static Table,
    key: Key,
}

impl Versions {
    /// Takes the row of `table` whose key has this text.
    fn of(table: &str, text: &str) -> Result<Self> {
        let table = table_of(folder::dictionary()?, &folder::path(), table, |table| !table.is_hidden())?;
        let key = parse_key(table, text)
            .map_err(|error| user_error(format!("{text:?} is no key of {}: it {error}.", table.name())))?;
        Ok(Self { table, key })
    }

    /// Returns the query. It selects all columns, because silver may lack those that are personal.
    fn sql(&self, silver: &str) -> String {
        let Self { table, key } = self;
        // Names come from the dictionary, which allows a-z, 0-9 and _ in them.
        let conditions: Vec<String> = table
            .key_columns()
            .zip(key.parts())
            .map(|(column, part)| format!(r#""{}" = {}"#, column.name(), literal(part)))
            .collect();
        format!(
            r#"SELECT * FROM "{silver}"."{}_history" WHERE {} ORDER BY "{}""#,
            table.name(),
            conditions.join(" AND "),
            VALIDITY[0]
        )
    }

    /// Returns the columns that come first, in their order.
    fn order(&self) -> impl Iterator<Item = &str> {
        VALIDITY.into_iter().chain(self.table.columns().iter().map(Column::name))
    }

    /// Replaces the error of a query on a table that does not exist by what that means.
    fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        if !error.to_string().contains("does not exist") {
            return error;
        }
        let table = self.table.name();
        user_error(format!("The lake has no history of {table} yet; `rowgate lake run --wait` makes it."))
    }
}

/// Returns the value of a column of a key as Athena's SQL has it. In silver, times of day and UUIDs
/// are texts.
fn literal(part: &KeyPart) -> String {
    let text = value_text(&part.value()).unwrap_or_default();
    match part {
        KeyPart::Integer(_) | KeyPart::Decimal(_) => text,
        KeyPart::Date(_) => format!("DATE '{text}'"),
        KeyPart::Timestamp(_) => {
            format!("TIMESTAMP '{} UTC'", text.trim_end_matches('Z').replace('T', " "))
        }
        KeyPart::Text(_) | KeyPart::Time(_) | KeyPart::Uuid(_) => format!("'{}'", text.replace('\'', "''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(table: &str, value: &str) -> Result<Versions> {
        Versions::of(table, value)
    }

    #[test]
    fn a_row_is_asked_for_by_its_key() {
        let history = history("filed_documents", "-7").unwrap();
        assert_eq!(
            history.sql("rowgate_silver"),
            r#"SELECT * FROM "rowgate_silver"."documents_history" WHERE "id" = -7 ORDER BY "_valid_from""#
        );
        let order: Vec<_> = history.order().collect();
        assert_eq!(order[..4], ["_valid_from", "_valid_to", "id", "name"]);
    }

    #[test]
    fn what_is_no_table_or_no_key_is_refused_before_anything_is_sent() {
        let refusal = |table, value| history(table, value).unwrap_err().to_string();
        assert_eq!(
            refusal("people", "7"),
            format!(
                "There is no table \"people\" in {}; the tables are {}.",
                folder::path().display(),
                testkit::tables().join(", ")
            )
        );
        assert!(refusal("rowgate_canary", "7").starts_with("There is no table"));
        for value in ["", "seven", "7 OR 1=1", "2147483648", "1.0"] {
            assert_eq!(
                refusal("tags", value),
                format!("{value:?} is no key of tags: it must be the key id (integer).")
            );
        }
    }

    #[test]
    fn a_history_that_is_not_there_yet_is_made_by_a_run() {
        let history = history("tags", "7").unwrap();
        let missing = "The query failed: TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.rowgate_silver.tags_history' does not \
                       exist.";
        assert_eq!(
            history.explain(user_error(missing)).to_string(),
            "The lake has no history of tags yet; `rowgate lake run --wait` makes it."
        );
        assert_eq!(
            history.explain(user_error("The query was stopped.")).to_string(),
            "The query was stopped."
        );
    }

    #[test]
    fn a_key_of_several_columns_has_a_condition_for_each() {
        let text = r#"
            [[table]]
            name = "visits"
            columns = [
                { name = "code", type = "string(9)", key = true },
                { name = "price", type = "decimal(4,2)", key = true },
                { name = "day", type = "date", key = true },
                { name = "at", type = "time", key = true },
                { name = "since", type = "timestamp(3)", key = true },
                { name = "it", type = "uuid", key = true },
            ]
        "#;
        let dictionary = Box::leak(Box::new(domain::dictionary::Dictionary::parse("test", text).unwrap()));
        let table = dictionary.table("visits").unwrap();
        let key = parse_key(
            table,
            "O%27x,-1.50,2021-07-27,16%3A02%3A08,2021-07-27T16%3A02%3A08.120Z,1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a",
        )
        .unwrap();
        let sql = Versions { table, key }.sql("rowgate_silver");
        let (_, conditions) = sql.split_once(" WHERE ").unwrap();
        assert_eq!(
            conditions,
            r#""code" = 'O''x' AND "price" = -1.50 AND "day" = DATE '2021-07-27' AND "at" = '16:02:08' AND "since" = TIMESTAMP '2021-07-27 16:02:08.120 UTC' AND "it" = '1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a' ORDER BY "_valid_from""#
        );
    }

    #[test]
    fn both_ends_of_a_key_are_keys() {
        for value in ["-2147483648", "2147483647"] {
            assert!(
                history("tags", value).unwrap().sql("rowgate_silver").contains(&format!("\"id\" = {value} "))
            );
        }
    }

    #[test]
    fn a_key_may_be_negative() {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            history: History,
        }
        let parse = |words: &[&str]| <Line as clap::Parser>::try_parse_from(words);
        assert_eq!(parse(&["history", "tags", "--key", "-7"]).unwrap().history.key, "-7");
        assert!(parse(&["history", "tags"]).is_err());
    }
}
