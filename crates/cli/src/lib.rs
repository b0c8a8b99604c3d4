#![doc = include_str!("../README.md")]

mod api;
mod arguments;
mod ask;
mod aws;
mod cloudwatch;
mod commands;
mod environment;
mod exit;
mod folder;
mod http;
mod invoke;
mod printer;
mod secret;
mod stored;
mod table;
mod verb;
mod wait;

use anyhow::Result;

pub use self::commands::Arguments;
pub use self::exit::ExitStatus;
pub use self::printer::Printer;
use self::verb::Verb;

/// Runs the verb that the command line names.
///
/// # Errors
/// Whatever stopped the verb; [`ExitStatus::of`] says whether the user can put it right.
pub async fn run(arguments: Arguments, printer: Printer) -> Result<ExitStatus> {
    arguments.command.run(printer).await
}
