//! The `rowgate-serve` program.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serve::Arguments;

/// The exit codes of an error that the user can correct, and of any other.
const USER_ERROR: u8 = 1;
const INTERNAL_ERROR: u8 = 2;

/// The time that threads have at the end before they are cut off.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let status = if error.use_stderr() { USER_ERROR.into() } else { ExitCode::SUCCESS };
            // Nothing can be done if even the usage cannot be printed.
            let _ = error.print();
            return status;
        }
    };
    let ended = tokio::runtime::Runtime::new().map_err(Into::into).and_then(|runtime| {
        let ended = runtime.block_on(serve::run(arguments));
        runtime.shutdown_timeout(SHUTDOWN_GRACE);
        ended
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&error);
            if serve::is_user_error(&error) { USER_ERROR.into() } else { INTERNAL_ERROR.into() }
        }
    }
}

#[expect(clippy::print_stderr, reason = "the user reads it")]
fn print_error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
