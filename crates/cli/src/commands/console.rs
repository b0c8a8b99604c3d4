//! `rowgate console`

use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::arguments::ConsoleArguments;
use crate::exit::user_error;
use crate::printer::Printer;

/// Prints the page's address, and opens it where somebody looks on.
pub(crate) fn run(arguments: &ConsoleArguments, printer: Printer) -> Result<()> {
    let ConsoleArguments { url, no_open } = arguments;
    // It becomes an argument of another program.
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(user_error(format!(
            "{url} is no address of a page; it begins with https:// or http://."
        )));
    }
    printer.result(&format!("{url}\n"))?;
    if !no_open && io::stdout().is_terminal() && has_display() && !opened(url) {
        printer.note("No browser could be opened; open the address yourself.");
    }
    Ok(())
}

fn has_display() -> bool {
    cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|set| !set.is_empty()))
}

/// Whether the desktop has taken it.
fn opened(url: &str) -> bool {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
