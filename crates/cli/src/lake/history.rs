//! The versions of one row.

use anyhow::Result;
use domain::dictionary::{ColumnType, Dictionary};

use super::SILVER;
use crate::exit::user_error;

/// The columns that say when a version held.
const VALIDITY: [&str; 2] = ["_valid_from", "_valid_to"];

/// A row whose versions are asked for, checked against the dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct History {
    table: String,
    key: String,
    value: i64,
    columns: Vec<String>,
}

impl History {
    /// The versions of the row of `table` whose key has this value.
    pub(crate) fn of(dictionary: &Dictionary, table: &str, value: &str) -> Result<Self> {
        let table = dictionary.table(table).filter(|table| !table.is_hidden()).ok_or_else(|| {
            user_error(format!("There is no table {table:?}; the tables are {}.", dictionary.table_names()))
        })?;
        let key = table.key();
        let is_in_range =
            |value: &i64| key.column_type() != ColumnType::Integer || i32::try_from(*value).is_ok();
        let number = value.parse().ok().filter(is_in_range).ok_or_else(|| {
            user_error(format!(
                "{value:?} is no key of {}: its column {} is of the type {}.",
                table.name(),
                key.name(),
                key.column_type()
            ))
        })?;
        let columns = table.columns().iter().map(|column| column.name().to_owned()).collect();
        Ok(Self { table: table.name().to_owned(), key: key.name().to_owned(), value: number, columns })
    }

    /// The query. Silver may leave out columns that are personal, so all that there are are asked for.
    pub(crate) fn sql(&self) -> String {
        let Self { table, key, value, .. } = self;
        // Names come from the dictionary, which allows a-z, 0-9 and _ in them; the value is digits.
        format!(
            r#"SELECT * FROM "{SILVER}"."{table}_history" WHERE "{key}" = {value} ORDER BY "{}""#,
            VALIDITY[0]
        )
    }

    /// The columns in the order in which they are shown; others follow.
    pub(crate) fn order(&self) -> impl Iterator<Item = &str> {
        VALIDITY.into_iter().chain(self.columns.iter().map(String::as_str))
    }

    /// An error of the query, or what it means that the table is not there.
    pub(crate) fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        if !error.to_string().contains("does not exist") {
            return error;
        }
        user_error(format!(
            "The lake has no history of {} yet; `rowgate lake run --wait` makes it.",
            self.table
        ))
    }

    /// What is said where there is no version.
    pub(crate) fn nothing(&self) -> String {
        let Self { table, key, value, .. } = self;
        format!("The lake has no row of {table} whose {key} is or was {value}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(table: &str, value: &str) -> Result<History> {
        History::of(domain::shipped::dictionary().unwrap(), table, value)
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
            "There is no table \"people\"; the tables are departments, jobs, employees."
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
}
