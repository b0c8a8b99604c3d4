//! `rowgate lake history`

use anyhow::Result;
use clap::Args;
use domain::dictionary::{Column, ColumnType, Table};

use super::athena::Athena;
use super::names::SILVER;
use super::sheet::Sheet;
use crate::arguments::{Format, dictionary_table};
use crate::aws::Aws;
use crate::exit::{ExitStatus, user_error};
use crate::printer::Printer;
use crate::verb::Verb;

/// The columns that say when a version was valid.
const VALIDITY: [&str; 2] = ["_valid_from", "_valid_to"];

/// Prints every version of one row.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// The table, as in the dictionary.
    table: String,
    /// The row's key.
    #[arg(long, allow_negative_numbers = true)]
    key: String,
    /// How the versions are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl Verb for History {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let versions = Versions::of(&self.table, &self.key)?;
        let athena = Athena::new(&Aws::from_environment().await);
        let mut sheet = Sheet::with_first(self.format, versions.order());
        let printed = athena.print(&versions.sql(), SILVER, &mut sheet, printer).await;
        match printed.map_err(|error| versions.explain(error))? {
            None | Some(0) => {
                let Versions { table, key, value } = versions;
                Err(user_error(format!(
                    "The lake has no row of {} whose {} is or was {value}.",
                    table.name(),
                    key.name()
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
    key: &'static Column,
    value: i64,
}

impl Versions {
    /// Takes the row of `table` whose key has this value.
    fn of(table: &str, value: &str) -> Result<Self> {
        let table = dictionary_table(table, |table| !table.is_hidden())?;
        let key = table.key();
        let is_in_range =
            |value: &i64| key.column_type() != ColumnType::Integer || i32::try_from(*value).is_ok();
        let value = value.parse().ok().filter(is_in_range).ok_or_else(|| {
            user_error(format!(
                "{value:?} is no key of {}: its column {} is of the type {}.",
                table.name(),
                key.name(),
                key.column_type()
            ))
        })?;
        Ok(Self { table, key, value })
    }

    /// Returns the query. It selects all columns, because silver may lack those that are personal.
    fn sql(&self) -> String {
        let Self { table, key, value } = self;
        // Names come from the dictionary, which allows a-z, 0-9 and _ in them; the value is digits.
        format!(
            r#"SELECT * FROM "{SILVER}"."{}_history" WHERE "{}" = {value} ORDER BY "{}""#,
            table.name(),
            key.name(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn history(table: &str, value: &str) -> Result<Versions> {
        Versions::of(table, value)
    }

    #[test]
    fn a_row_is_asked_for_by_its_key() {
        let history = history("hired_employees", "-7").unwrap();
        assert_eq!(
            history.sql(),
            r#"SELECT * FROM "rowgate_silver"."employees_history" WHERE "id" = -7 ORDER BY "_valid_from""#
        );
        let order: Vec<_> = history.order().collect();
        assert_eq!(order[..4], ["_valid_from", "_valid_to", "id", "name"]);
    }

    #[test]
    fn what_is_no_table_or_no_key_is_refused_before_anything_is_sent() {
        let refusal = |table, value| history(table, value).unwrap_err().to_string();
        assert_eq!(
            refusal("people", "7"),
            format!("There is no table \"people\"; the tables are {}.", testkit::tables().join(", "))
        );
        assert!(refusal("rowgate_canary", "7").starts_with("There is no table"));
        for value in ["", "seven", "7 OR 1=1", "2147483648", "1.0"] {
            assert_eq!(
                refusal("jobs", value),
                format!("{value:?} is no key of jobs: its column id is of the type integer.")
            );
        }
    }

    #[test]
    fn a_history_that_is_not_there_yet_is_made_by_a_run() {
        let history = history("jobs", "7").unwrap();
        let missing = "The query failed: TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.rowgate_silver.jobs_history' does not \
                       exist.";
        assert_eq!(
            history.explain(user_error(missing)).to_string(),
            "The lake has no history of jobs yet; `rowgate lake run --wait` makes it."
        );
        assert_eq!(
            history.explain(user_error("The query was stopped.")).to_string(),
            "The query was stopped."
        );
    }

    #[test]
    fn both_ends_of_a_key_are_keys() {
        for value in ["-2147483648", "2147483647"] {
            assert!(history("jobs", value).unwrap().sql().contains(&format!("\"id\" = {value} ")));
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
        assert_eq!(parse(&["history", "jobs", "--key", "-7"]).unwrap().history.key, "-7");
        assert!(parse(&["history", "jobs"]).is_err());
    }
}
