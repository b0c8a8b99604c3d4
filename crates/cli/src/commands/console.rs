//! `rowgate console`

use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};

use anyhow::Result;
use clap::Args;

use crate::exit::{ExitStatus, user_error};
use crate::printer::Printer;
use crate::verb::Verb;

/// Opens the page that people use.
#[derive(Debug, Args)]
pub(crate) struct Console {
    /// The page's address: the stack's output ConsoleUrl.
    #[arg(long, env = "ROWGATE_CONSOLE_URL")]
    url: String,
    /// Print the address and open nothing.
    #[arg(long)]
    no_open: bool,
}

impl Verb for Console {
    /// Prints the page's address, and opens it if the command runs on somebody's desktop.
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let Self { url, no_open } = self;
        // It becomes an argument of another program.
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(user_error(format!(
                "{url} is no address of a page; it begins with https:// or http://."
            )));
        }
        printer.line(url)?;
        if !no_open && io::stdout().is_terminal() && has_display() && !open(url) {
            printer.note("No browser could be opened; open the address yourself.");
        }
        Ok(ExitStatus::Success)
    }
}

fn has_display() -> bool {
    cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|set| !set.is_empty()))
}

/// Returns true if the desktop has taken the address.
fn open(url: &str) -> bool {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
