#![doc = include_str!("../README.md")]

mod accounts;
mod api;
mod arguments;
mod aws;
mod backfill;
mod backup;
mod commands;
mod confirm;
mod docs;
mod exit;
mod http;
mod invoke;
mod lake;
mod links;
mod local;
mod password;
mod printer;
mod rejects;
#[cfg(test)]
mod replay;
mod report;
mod restore;
mod sample;
mod table;
mod upload;

use anyhow::Result;

pub use self::arguments::Arguments;
use self::arguments::CommandLine;
pub use self::exit::ExitStatus;
pub use self::printer::Printer;

/// Does what the command line says.
///
/// # Errors
/// Whatever kept it from being done; [`ExitStatus::of`] says whose fault it is.
pub async fn run(arguments: Arguments, printer: Printer) -> Result<ExitStatus> {
    match &arguments.command {
        CommandLine::Local(command) => return commands::local::run(command, printer).await,
        CommandLine::Demo(arguments) => commands::demo::run(arguments, printer).await?,
        CommandLine::Docs(arguments) => commands::docs::run(arguments, printer).await?,
        CommandLine::Check(arguments) => commands::check::run(arguments, printer)?,
        CommandLine::Sample(arguments) => commands::sample::run(arguments, printer)?,
        CommandLine::Upload(arguments) => commands::upload::run(arguments, printer).await?,
        CommandLine::Rejects(arguments) => commands::rejects::run(arguments, printer).await?,
        CommandLine::Backfill(arguments) => commands::backfill::run(arguments, printer).await?,
        CommandLine::Report(arguments) => commands::report::run(arguments, printer).await?,
        CommandLine::Backup(arguments) => commands::backup::run(arguments, printer).await?,
        CommandLine::Backups(arguments) => commands::backups::run(arguments, printer).await?,
        CommandLine::Restore(arguments) => commands::restore::run(arguments, printer).await?,
        CommandLine::PutBack(arguments) => commands::put_back::run(arguments, printer).await?,
        CommandLine::Serve(arguments) => match commands::serve::run(arguments)? {},
        CommandLine::Accounts(command) => commands::accounts::run(command, printer).await?,
        CommandLine::Console(arguments) => commands::console::run(arguments, printer)?,
        CommandLine::Lake(command) => commands::lake::run(command, printer).await?,
    }
    Ok(ExitStatus::Success)
}
