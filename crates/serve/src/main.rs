//! The `rowgate-serve` program.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serve::Arguments;

/// The exit codes of an error that the user can correct, and of any other.
const USERS: u8 = 1;
const OURS: u8 = 2;

/// The time that threads have at the end before they are cut off.
const LAST_MOMENT: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let status = if error.use_stderr() { USERS.into() } else { ExitCode::SUCCESS };
            // Nothing can be done if even the usage cannot be printed.
            let _ = error.print();
            return status;
        }
    };
    let ended = tokio::runtime::Runtime::new().map_err(Into::into).and_then(|runtime| {
        let ended = runtime.block_on(serve::run(arguments));
        runtime.shutdown_timeout(LAST_MOMENT);
        ended
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&error);
            if serve::is_users(&error) { USERS.into() } else { OURS.into() }
        }
    }
}

#[expect(clippy::print_stderr, reason = "the user reads it")]
fn print_error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
