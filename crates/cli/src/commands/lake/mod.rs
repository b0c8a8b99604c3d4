//! `rowgate lake run|query|tables|history`

mod history;
mod query;
mod run;
mod tables;

use anyhow::Result;

use crate::arguments::LakeCommand;
use crate::printer::Printer;

pub(crate) async fn run(command: &LakeCommand, printer: Printer) -> Result<()> {
    match command {
        LakeCommand::Run(arguments) => run::run(arguments, printer).await,
        LakeCommand::Query(arguments) => query::run(arguments, printer).await,
        LakeCommand::Tables(arguments) => tables::run(arguments, printer).await,
        LakeCommand::History(arguments) => history::run(arguments, printer).await,
    }
}
