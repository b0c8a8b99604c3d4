//! One `up`, `down` or `clean` at a time in one folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::layout::Layout;
use crate::exit::user_error;
use crate::printer::Printer;

/// A first `up` installs a database and deploys a stack; whoever holds the lock longer than this is
/// stuck.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);
const POLL: Duration = Duration::from_millis(200);

/// A lock on the folder that is held until it is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, and waits for another command that holds it.
    pub(super) fn take(layout: &Layout, printer: Printer) -> Result<Self> {
        let path = &layout.lock;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(|| format!("opening {}", path.display()))?;
        let started = Instant::now();
        let mut waiting = None;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if started.elapsed() < LONGEST_WAIT => {
                    waiting.get_or_insert_with(|| {
                        printer.step(&format!("waiting for {} to finish in this folder", holder(&mut file)))
                    });
                    std::thread::sleep(POLL);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(user_error(format!(
                        "{} has been at work in {} for more than {} minutes; end it, then try again.",
                        holder(&mut file),
                        layout.root.display(),
                        LONGEST_WAIT.as_secs() / 60
                    )));
                }
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("locking {}", path.display()));
                }
            }
        }
        file.set_len(0)?;
        file.rewind()?;
        write!(file, "rowgate, process {}", std::process::id())?;
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    if read.is_ok() && !text.is_empty() { text } else { "another rowgate".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        let printer = Printer::for_terminal();
        let first = Lock::take(&layout, printer).unwrap();
        let second = std::thread::spawn({
            let layout = layout.clone();
            move || Lock::take(&layout, printer).map(|_| Instant::now()).unwrap()
        });
        std::thread::sleep(POLL * 2);
        assert!(!second.is_finished());
        let released = Instant::now();
        drop(first);
        assert!(second.join().unwrap() >= released);
    }
}
