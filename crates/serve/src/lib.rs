#![doc = include_str!("../README.md")]
// The future of a whole backup or restore, retries and SDK calls within, nests deeper than the
// compiler's default allows.
#![recursion_limit = "256"]

mod arguments;
mod fault;
mod gate;
mod health;
mod keys;
mod metrics;
mod process;
mod routes;
mod server;
mod work;

use anyhow::Result;

pub use arguments::Arguments;
pub use fault::is_users;
pub use keys::{Key, KeyRight, Keys, KeysError};

use arguments::Subcommands;

/// Does what the command line says: serves until it is told to stop, or asks a process that serves.
///
/// # Errors
/// Whatever kept it from being done; [`is_users`] tells whether whoever started it can put that
/// right.
pub async fn run(arguments: Arguments) -> Result<()> {
    match arguments.command {
        Some(Subcommands::Health) => health::ask(arguments.serve.listen),
        None => process::serve(arguments.serve).await,
    }
}
