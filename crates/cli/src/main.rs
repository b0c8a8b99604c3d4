//! The `rowgate` command.

use std::process::ExitCode;

use clap::Parser;
use cli::{Arguments, ExitStatus, Printer};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let status = if error.use_stderr() { ExitStatus::User } else { ExitStatus::Success };
            // There is no way to report that even the usage cannot be printed.
            let _ = error.print();
            return status.into();
        }
    };
    let printer = Printer::for_terminal();
    match cli::run(arguments, printer).await {
        Ok(status) => status.into(),
        Err(error) => {
            printer.error(&error);
            ExitStatus::of(&error).into()
        }
    }
}
