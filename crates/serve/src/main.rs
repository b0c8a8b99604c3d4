//! The `rowgate-serve` program.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serve::Arguments;

/// Something that whoever started it can put right, and a fault of its own.
const USERS: u8 = 1;
const OURS: u8 = 2;

/// How long threads have at the end. One that waits for something that does not come is cut off
/// then.
const LAST_MOMENT: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let status = if error.use_stderr() { USERS.into() } else { ExitCode::SUCCESS };
            // Nothing is left to tell where even the usage cannot be printed.
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
            tell(&error);
            if serve::is_users(&error) { USERS.into() } else { OURS.into() }
        }
    }
}

#[expect(clippy::print_stderr, reason = "whoever started the program reads it")]
fn tell(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
