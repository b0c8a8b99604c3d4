//! Asks the person at the terminal: for a yes before something is destroyed, and for a password.

use std::io::{self, BufRead, IsTerminal, Read};

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::user_error;
use crate::printer::Printer;

/// The most bytes of a password that are read from a pipe, which may have no end.
const MAX_BYTES: u64 = 4096;

/// Shows the targets, and asks for confirmation unless `yes` gives it already.
///
/// # Errors
/// A user error that begins with `refused`, if the answer is no or there is no terminal to ask on.
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
    printer.note("Go on? [y/N]");
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(user_error(refused)) }
}

/// Reads a password from standard input, or asks for it twice on the terminal without showing it.
/// Must be called within a Tokio runtime.
///
/// # Errors
/// A user error if there is no password, as after Ctrl-C, or no terminal to ask on.
pub(crate) fn password(from_stdin: bool) -> Result<String> {
    if from_stdin {
        let mut text = String::new();
        io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text)?;
        return piped(&text);
    }
    if !io::stdin().is_terminal() {
        return Err(user_error(
            "There is no terminal to ask for the password on; pipe it in with --password-stdin.",
        ));
    }
    // At Ctrl-C, rpassword raises the signal before it has the terminal show again what is typed.
    // As it is caught here, the prompt fails instead.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let typed = |question| match rpassword::prompt_password(question) {
        Ok(password) if !password.is_empty() => Ok(password),
        _ => Err(user_error("There is no password; nothing was changed.")),
    };
    let password = typed("Password (it is not shown): ")?;
    if typed("The same again: ")? == password {
        // From here on, Ctrl-C ends the command as if nothing had caught it.
        tokio::spawn(async move {
            interrupt.recv().await;
            std::process::exit(130);
        });
        Ok(password)
    } else {
        Err(user_error("The two passwords differ; nothing was changed."))
    }
}

/// Removes the line end that `echo` adds.
fn piped(text: &str) -> Result<String> {
    let password = text.strip_suffix('\n').unwrap_or(text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        Err(user_error("Standard input has no password."))
    } else {
        Ok(password.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piped_line_end_is_no_part_of_the_password() {
        for text in ["Sesame-7", "Sesame-7\n", "Sesame-7\r\n"] {
            assert_eq!(piped(text).unwrap(), "Sesame-7");
        }
        assert_eq!(piped(" a\n\n").unwrap(), " a\n");
        assert!(piped("").is_err() && piped("\n").is_err());
    }
}
