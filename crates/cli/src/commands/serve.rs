//! `rowgate serve`

use std::convert::Infallible;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::arguments::ServeArguments;
use crate::exit::user_error;

/// The program beside this one. It has the functions' code, which this one is built without.
const PROGRAM: &str = "rowgate-serve";

/// Becomes the program that serves: signals reach it, and its exit code is this command's.
pub(crate) fn run(arguments: &ServeArguments) -> Result<Infallible> {
    let program = std::env::current_exe()?.with_file_name(PROGRAM);
    let error = Command::new(&program).args::<&[OsString], _>(&arguments.arguments).exec();
    if error.kind() == ErrorKind::NotFound {
        return Err(user_error(format!(
            "{} is missing. Put {PROGRAM} beside rowgate, or build it: cargo build --release --bin {PROGRAM}.",
            program.display()
        )));
    }
    Err(error).with_context(|| format!("starting {}", program.display()))
}
