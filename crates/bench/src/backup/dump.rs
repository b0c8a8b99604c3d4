//! The reference: `mariadb-dump` to a file, and the `mariadb` client that reads it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::stage::DATABASE;

/// The folder of the dump, and its server.
#[derive(Debug)]
pub(super) struct Dump {
    socket: PathBuf,
    file: PathBuf,
}

impl Dump {
    pub(super) fn new(socket: &Path, folder: &Path) -> Self {
        Self { socket: socket.to_owned(), file: folder.join("employees.sql") }
    }

    /// The time of a dump, from the program's start to its end.
    pub(super) fn write(&self) -> Result<Duration> {
        let output = File::create(&self.file)?;
        let mut command = Command::new("mariadb-dump");
        command.args(["--no-defaults", "--user=root", "--single-transaction"]);
        command.arg(format!("--socket={}", self.socket.display())).args([DATABASE, "employees"]);
        timed(command.stdin(Stdio::null()).stdout(output))
    }

    /// The time of piping it back, which puts it in the place of the table.
    pub(super) fn read(&self) -> Result<Duration> {
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "--user=root"]);
        command.arg(format!("--socket={}", self.socket.display())).arg(DATABASE);
        timed(command.stdin(File::open(&self.file)?).stdout(Stdio::null()))
    }

    /// Its size in bytes, and that of what `gzip` makes of it.
    pub(super) fn sizes(&self) -> Result<[u64; 2]> {
        let packed = self.file.with_extension("sql.gz");
        let mut command = Command::new("gzip");
        command.arg("--stdout").arg(&self.file);
        timed(command.stdin(Stdio::null()).stdout(File::create(&packed)?))?;
        Ok([fs::metadata(&self.file)?.len(), fs::metadata(&packed)?.len()])
    }
}

fn timed(command: &mut Command) -> Result<Duration> {
    let started = Instant::now();
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    let time = started.elapsed();
    ensure!(status.success(), "{command:?} failed; its message is above");
    Ok(time)
}
