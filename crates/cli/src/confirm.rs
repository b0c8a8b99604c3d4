//! Asks before something is destroyed.

use std::io::{self, BufRead, IsTerminal};

use anyhow::Result;

use crate::exit::user_error;
use crate::printer::Printer;

/// Shows what would become of what, and asks whether to go on, unless `yes` says so already. An error that says `refused` where
/// the answer is no.
///
/// # Errors
/// Also where nobody can be asked: a script must say outright what it wants.
pub(crate) fn confirm(targets: &str, refused: &str, yes: bool, printer: Printer) -> Result<()> {
    printer.note(targets);
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(user_error(format!(
            "{refused} There is no terminal to ask on; --yes goes on without asking."
        )));
    }
    if agreed(printer)? { Ok(()) } else { Err(user_error(refused)) }
}

/// Whether the one at the terminal agrees.
fn agreed(printer: Printer) -> io::Result<bool> {
    printer.note("Go on? [y/N]");
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
