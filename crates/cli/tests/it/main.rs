//! The `rowgate` command as a user runs it: arguments in, output and exit code out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod exit_codes;
mod local_database;
mod sample;

use std::path::Path;
use std::process::{Command, Output};

/// Runs `rowgate` in `folder` with nothing of the caller's environment but `PATH`.
fn rowgate(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("rowgate runs")
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rowgate"));
    command.args(arguments).current_dir(folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
