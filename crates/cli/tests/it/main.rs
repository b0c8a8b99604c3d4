//! The `rowgate` command as a user runs it: arguments in, output and exit code out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod check;
mod exit_codes;
mod local_database;
mod password;
mod sample;
mod serve;
mod tables;
mod upload;
mod verify;

use std::path::Path;
use std::process::{Command, Output};

/// Runs `rowgate` in `folder` with nothing of the caller's environment but `PATH`, and with the
/// repository's own tables.
fn rowgate(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("rowgate runs")
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rowgate"));
    command.args(arguments).current_dir(folder).env_clear().env("ROWGATE_SQL", testkit::SQL);
    for variable in ["PATH", ::local_database::KIND_VARIABLE, ::local_database::PROGRAM_VARIABLE] {
        command.envs(std::env::var_os(variable).map(|value| (variable, value)));
    }
    command
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
