//! A password from a person or a program.

use std::io::{self, BufRead, IsTerminal, Read};

use anyhow::Result;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::exit::user_error;
use crate::printer::Printer;

/// Characters of a password at most, and more than any has: what is piped in by mistake may have no end.
const MAX_BYTES: u64 = 4096;

/// Ctrl-C, as a character.
const INTERRUPT: char = '\u{3}';

/// A password from standard input, or asked for twice on the terminal, where it is not shown.
///
/// # Errors
/// Also where nobody can be asked.
pub(crate) fn read(from_stdin: bool, printer: Printer) -> Result<String> {
    if from_stdin {
        let mut text = String::new();
        io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text)?;
        return of_program(&text);
    }
    if !io::stdin().is_terminal() {
        return Err(user_error(
            "There is no terminal to ask for the password on; pipe it in with --password-stdin.",
        ));
    }
    let password = ask("Password (it is not shown):", printer)?;
    if ask("The same again:", printer)? == password {
        Ok(password)
    } else {
        Err(user_error("The two passwords differ; nothing was changed."))
    }
}

/// What a program wrote, without the line end that `echo` adds.
fn of_program(text: &str) -> Result<String> {
    let password = text.strip_suffix('\n').unwrap_or(text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        Err(user_error("Standard input has no password."))
    } else {
        Ok(password.to_owned())
    }
}

fn ask(question: &str, printer: Printer) -> Result<String> {
    printer.note(question);
    let _hidden = Hidden::begin()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let line = line.trim_end_matches(['\r', '\n']);
    // An end of the input, or Ctrl-C.
    if line.is_empty() || line.contains(INTERRUPT) {
        return Err(user_error("There is no password; nothing was changed."));
    }
    Ok(line.to_owned())
}

/// A terminal that does not show what is typed, as long as this lives.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        // Without signals: one would end the command and leave the terminal as it is now.
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nothing is left to do where the terminal has gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programs_line_end_is_no_part_of_the_password() {
        for text in ["Sesame-7", "Sesame-7\n", "Sesame-7\r\n"] {
            assert_eq!(of_program(text).unwrap(), "Sesame-7");
        }
        assert_eq!(of_program(" a\n\n").unwrap(), " a\n");
        assert!(of_program("").is_err() && of_program("\n").is_err());
    }
}
