//! A password from a person or a program.

use std::io::{self, BufRead, IsTerminal, Read};

use anyhow::Result;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

use crate::exit::user_error;
use crate::printer::Printer;

/// Bytes of a password at most, and more than any has: what is piped in by mistake may have no end.
const MAX_BYTES: u64 = 4096;

// What a terminal hands on where it does not edit lines itself.
const INTERRUPT: u8 = 3; // Ctrl-C
const END: u8 = 4; // Ctrl-D
const BACKSPACE: u8 = 8;
const CLEAR: u8 = 21; // Ctrl-U
const DELETE: u8 = 127;

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
    match typed(io::stdin().lock())? {
        Some(password) if !password.is_empty() => Ok(password),
        _ => Err(user_error("There is no password; nothing was changed.")),
    }
}

/// The line that is typed, or nothing where it is given up by Ctrl-C or Ctrl-D, or the terminal is
/// gone.
fn typed(input: impl BufRead) -> Result<Option<String>> {
    let mut line = Vec::new();
    for byte in input.take(MAX_BYTES).bytes() {
        match byte? {
            b'\r' | b'\n' => return Ok(Some(String::from_utf8(line)?)),
            INTERRUPT | END => return Ok(None),
            CLEAR => line.clear(),
            BACKSPACE | DELETE => erase(&mut line),
            byte => line.push(byte),
        }
    }
    Ok(None)
}

/// Removes the last character, all bytes of it.
fn erase(line: &mut Vec<u8>) {
    while let Some(byte) = line.pop() {
        let is_continuation = byte & 0b1100_0000 == 0b1000_0000;
        if !is_continuation {
            break;
        }
    }
}

/// A terminal that does not show what is typed, as long as this lives.
///
/// It hands on each byte at once and makes no signals: one would end the command, and leave the
/// terminal as it is now.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
        hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
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

    #[test]
    fn a_typed_line_can_be_mended_and_given_up() {
        let typed = |text: &str| typed(text.as_bytes()).unwrap();
        for text in
            ["Sesame-7\n", "Sesame-7\r", "no\u{15}Sesame-7\n", "\u{7f}Sesam\u{e9}\u{7f}e-78\u{8}\nno\n"]
        {
            assert_eq!(typed(text).as_deref(), Some("Sesame-7"), "{text:?}");
        }
        for text in ["Sesame\u{3}", "\u{4}", "Sesame-7", ""] {
            assert_eq!(typed(text), None, "{text:?}");
        }
        assert!(super::typed(&b"\xff\n"[..]).is_err());
    }
}
