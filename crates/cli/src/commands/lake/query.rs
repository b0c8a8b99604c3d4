//! `rowgate lake query`

use anyhow::Result;
use clap::Args;

use super::athena::Athena;
use super::names::GOLD;
use super::sheet::Sheet;
use crate::arguments::Format;
use crate::aws::Aws;
use crate::environment::EnvironmentArguments;
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::verb::Verb;

/// Runs a statement in Athena and prints what it answers.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// The statement, in Athena's SQL.
    #[arg(value_parser = statement)]
    sql: String,
    /// How its result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// The database of tables that are named without one [default: rowgate_gold].
    #[arg(long)]
    database: Option<String>,
    #[command(flatten)]
    environment: EnvironmentArguments,
}

fn statement(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("there is no statement in it".to_owned()) } else { Ok(text.to_owned()) }
}

impl Verb for Query {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let environment = &self.environment.environment;
        let athena = Athena::new(&Aws::from_environment().await.in_environment(environment));
        let database = self.database.clone().unwrap_or_else(|| environment.lake_database(GOLD));
        let mut sheet = Sheet::new(self.format);
        let count = athena.print(&self.sql, &database, &mut sheet, printer).await?;
        if count.is_none() {
            printer.note("Done; the statement has no result.");
        }
        Ok(ExitStatus::Success)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        query: Query,
    }

    #[test]
    fn a_query_is_in_gold_unless_it_says_otherwise() {
        let Query { database, format, .. } = Line::parse_from(["query", "SELECT 1"]).query;
        assert_eq!((database, format), (None, Format::Table));
        assert!(Line::try_parse_from(["query", " "]).is_err());
    }
}
