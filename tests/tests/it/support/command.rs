//! The `rowgate` command.

use std::env;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Runs the command.
pub(crate) fn rowgate(arguments: &[&str]) -> Output {
    rowgate_command().args(arguments).output().unwrap()
}

/// Runs the command with something on its standard input.
pub(crate) fn rowgate_with_input(arguments: &[&str], input: &str) -> Output {
    let mut command = rowgate_command();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that does not read it may have ended.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Returns a call of the command without arguments.
pub(crate) fn rowgate_command() -> Command {
    let mut command = Command::new(rowgate_program());
    command.env("NO_COLOR", "1");
    command
}

/// Returns `ROWGATE_BIN`, or the binary that was built beside these tests.
pub(crate) fn rowgate_program() -> PathBuf {
    let program = env::var_os("ROWGATE_BIN").map_or_else(
        || env::current_exe().unwrap().ancestors().nth(2).unwrap().join("rowgate"),
        PathBuf::from,
    );
    assert!(program.is_file(), "{} is missing: `cargo build --bin rowgate` builds it", program.display());
    program
}
