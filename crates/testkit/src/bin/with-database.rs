//! Runs a command with one database server for all the tests in it:
//! `with-database cargo nextest run`.

use std::env;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use testkit::{DatabaseServer, SOCKET_VARIABLE};

fn main() -> Result<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    let program = arguments.next().context("usage: with-database <command> [argument…]")?;
    let server = DatabaseServer::shared_or_new()?;
    let status = Command::new(&program)
        .args(arguments)
        .env(SOCKET_VARIABLE, server.socket())
        .status()
        .with_context(|| format!("cannot run {}", program.display()))?;
    // A command that a signal ended has no code.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
