//! `rowgate serve`

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::exit::{ExitStatus, user_error};
use crate::printer::Printer;
use crate::verb::Verb;

/// The program beside this one. It has the functions' code, which this one is built without.
const PROGRAM: &str = "rowgate-serve";

/// Serves the whole API as one process; `rowgate serve --help` has what can be set.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Serve {
    /// What `rowgate-serve` is given, as it stands.
    #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Verb for Serve {
    /// Becomes the program that serves: signals reach it, and its exit code is this command's.
    async fn run(&self, _: Printer) -> Result<ExitStatus> {
        let program = std::env::current_exe()?.with_file_name(PROGRAM);
        let error = Command::new(&program).args(&self.arguments).exec();
        if error.kind() == ErrorKind::NotFound {
            return Err(user_error(format!(
                "{} is missing. Put {PROGRAM} beside rowgate, or build it: cargo build --release --bin {PROGRAM}.",
                program.display()
            )));
        }
        Err(error).with_context(|| format!("starting {}", program.display()))
    }
}
