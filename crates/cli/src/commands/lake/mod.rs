//! `rowgate lake run|query|tables|history`: the lake from outside, by its pipeline in Step
//! Functions, its queries in Athena, and the notes that its jobs leave on its tables.

mod athena;
mod history;
mod pipeline;
mod progress;
mod query;
mod run;
mod sheet;
mod tables;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{Verb, verbs};
use crate::exit::ExitStatus;
use crate::printer::Printer;

/// The message if there is no lake.
const OFF: &str = "The lake is off here: `make lake` turns it on on this machine; an account has it when deployed with lake=true.";

/// The Glue database of the tables that people query.
const GOLD: &str = "rowgate_gold";
/// The Glue database of the current rows and their history.
const SILVER: &str = "rowgate_silver";

/// Runs and queries the lake: every table in Delta, for analysts.
#[derive(Debug, Args)]
pub(crate) struct Lake {
    #[command(subcommand)]
    verb: Verbs,
}

impl Verb for Lake {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        self.verb.run(printer).await
    }
}

verbs! {
    Verbs {
        run::Run,
        query::Query,
        tables::Tables,
        history::History,
    }
}
