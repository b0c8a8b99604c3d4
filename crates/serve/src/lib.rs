#![doc = include_str!("../README.md")]
// The future of a backup or restore nests deeper, with its retries and SDK calls, than the compiler
// allows by default.
#![recursion_limit = "256"]

mod admission;
mod arguments;
mod error;
mod health;
mod keys;
mod metrics;
mod process;
mod routes;
mod server;
mod work;

use anyhow::Result;

pub use arguments::Arguments;
pub use error::is_user_error;
pub use keys::{Key, Keys, KeysError};

use arguments::Subcommands;

/// Runs the command line: serves until the process stops, or checks the health of one that serves.
///
/// # Errors
/// Any failure; [`is_user_error`] tells whether the user can correct it.
pub async fn run(arguments: Arguments) -> Result<()> {
    match arguments.command {
        Some(Subcommands::Health) => health::ask(arguments.serve.listen),
        None => process::serve(arguments.serve).await,
    }
}
