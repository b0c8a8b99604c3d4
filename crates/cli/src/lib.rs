#![doc = include_str!("../README.md")]

mod api;
mod ask;
mod aws;
mod commands;
mod exit;
mod http;
mod invoke;
mod printer;
#[cfg(test)]
mod replay;
mod secret;
mod stored;
mod table;
mod wait;

use anyhow::Result;

pub use self::commands::Arguments;
use self::commands::Verb;
pub use self::exit::ExitStatus;
pub use self::printer::Printer;

/// Runs the verb that the command line names.
///
/// # Errors
/// Whatever kept the verb from its end; [`ExitStatus::of`] tells whether the user can put it right.
pub async fn run(arguments: Arguments, printer: Printer) -> Result<ExitStatus> {
    arguments.command.run(printer).await
}
