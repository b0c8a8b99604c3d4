//! The process of a run, told apart from every other one, so that a later run on the same machine
//! sees whether it has ended.

use std::fmt;
use std::fs;

use sha2::{Digest, Sha256};

/// A process of some machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// The machine as it was booted, and the space of its process ids; `-` where that is unknown.
    machine: String,
    id: u32,
    /// Clock ticks from the boot to its start.
    start: u64,
}

impl Process {
    /// Returns this process.
    pub(super) fn current() -> Self {
        let id = std::process::id();
        let machine = machine().unwrap_or_else(|| "-".to_owned());
        Self { machine, id, start: start(id).unwrap_or_default() }
    }

    /// Reads a process as it is written; `None` if the text is no process.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (machine, id, start) = (words.next()?, words.next()?, words.next()?);
        if words.next().is_some() {
            return None;
        }
        Some(Self { machine: machine.to_owned(), id: id.parse().ok()?, start: start.parse().ok()? })
    }

    /// Returns true if it is of this machine and does not run any more.
    pub(super) fn has_ended(&self) -> bool {
        machine().is_some_and(|machine| machine == self.machine) && start(self.id) != Some(self.start)
    }

    /// Returns its id, if it is of this machine.
    pub(super) fn id_here(&self) -> Option<u32> {
        machine().filter(|machine| *machine == self.machine).map(|_| self.id)
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.machine, self.id, self.start)
    }
}

/// Returns what tells this machine's processes apart from others of the same id: its boot, and the
/// namespace of process ids, of which containers have one each. A digest: a name of a machine does
/// not belong into a table.
fn machine() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = fs::read_link("/proc/self/ns/pid").ok()?;
    let digest = Sha256::digest(format!("{} {}", boot.trim(), space.display()));
    Some(hex::encode(digest).chars().take(16).collect())
}

/// Returns when a process started; `None` if there is none of this id.
fn start(id: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name of the program, in parentheses, may have any character.
    let (_, after) = text.rsplit_once(')')?;
    let mut fields = after.split_whitespace();
    // A dead process whose parent has not asked for its end has no part in anything.
    let state = fields.next()?;
    fields.nth(18)?.parse().ok().filter(|_| !matches!(state, "Z" | "X"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_as_it_is_written_and_known_to_run() {
        let current = Process::current();
        assert!(current.to_string().len() <= 64);
        assert_eq!(Process::parse(&current.to_string()), Some(current.clone()));
        assert!(!current.has_ended());
        for text in ["", "-", "- 7", "- 7 x", "- 7 7 7", "a note"] {
            assert_eq!(Process::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_process_of_this_machine_is_known_to_have_ended() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let process = Process { id: child.id(), start: start(child.id()).unwrap(), ..Process::current() };
        assert!(!process.has_ended());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(process.has_ended());
        let elsewhere = Process { machine: "0000000000000000".to_owned(), ..process.clone() };
        assert!(!elsewhere.has_ended() && elsewhere.id_here().is_none());
        // The id was given to another process.
        assert!(Process { start: 0, ..Process::current() }.has_ended());
    }
}
