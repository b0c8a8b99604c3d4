//! The `mariadb` client, the reference: a session that stays connected, or a process for one
//! statement.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use testkit::Process;

use crate::stage::DATABASE;

/// A statement whose answer shows that everything before it is done.
const MARKER: &str = "SELECT 'done';\n";

/// A client that stays connected and reads statements from a pipe.
#[derive(Debug)]
pub(crate) struct Session {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    _process: Process,
}

impl Session {
    pub(crate) fn start(socket: &Path) -> Result<Self> {
        let mut command = command(socket);
        command.arg("--unbuffered").stdout(Stdio::piped());
        let process = Process::start(command)?;
        let input = process.child().stdin.take().context("no pipe to the client")?;
        let output = process.child().stdout.take().context("no pipe from the client")?;
        Ok(Self { input, output: BufReader::new(output), _process: process })
    }

    /// Returns the time from handing over the statement to its end, which is seen by a marker
    /// selected next. The marker is part of the time; [`Session::marker`] measures it alone.
    pub(crate) fn execute(&mut self, statement: &str) -> Result<Duration> {
        let started = Instant::now();
        self.input.write_all(statement.as_bytes())?;
        self.input.write_all(MARKER.as_bytes())?;
        self.input.flush()?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        ensure!(line.trim() == "done", "the mariadb client ended early; its message is above");
        Ok(started.elapsed())
    }

    /// Returns the time of the marker alone.
    pub(crate) fn marker(&mut self) -> Result<Duration> {
        self.execute("")
    }
}

/// Returns the time of a client that starts, connects, executes a statement and ends.
pub(crate) fn run(socket: &Path, statement: &str) -> Result<Duration> {
    let started = Instant::now();
    let mut child = command(socket).stdout(Stdio::null()).spawn().context("cannot run mariadb")?;
    let mut input = child.stdin.take().context("no pipe to the client")?;
    input.write_all(statement.as_bytes())?;
    drop(input);
    let status = child.wait()?;
    let time = started.elapsed();
    ensure!(status.success(), "the mariadb client failed; its message is above");
    Ok(time)
}

fn command(socket: &Path) -> Command {
    let mut command = Command::new("mariadb");
    command
        .args(["--no-defaults", "--user=root", "--batch", "--skip-column-names", "--local-infile=1"])
        .args(["--default-character-set=utf8mb4", "--max-allowed-packet=64M"])
        .arg(format!("--socket={}", socket.display()))
        .arg(format!("--database={DATABASE}"))
        .stdin(Stdio::piped());
    command
}
