use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use anyhow::{Context, Result, bail};
use local_database::{Kind, Places, Server};
use tempfile::TempDir;

use crate::process::Process;
use crate::template;

/// The environment variable that names the socket of a server that is already there.
pub const SOCKET_VARIABLE: &str = "ROWGATE_TEST_MYSQL_SOCKET";

const PREFIX: &str = "rowgate-database-run-";
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A server of this process, reached through its socket alone, as `root` without a password:
/// MariaDB, or the MySQL that `ROWGATE_DATABASE` asks for.
///
/// It ends with the last handle, and with the process however that ends: the kernel kills it with
/// its parent (`setpriv --pdeathsig`), and a directory left behind by a killed process is removed
/// by the next start.
#[derive(Debug)]
pub struct DatabaseServer {
    socket: PathBuf,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    server: Server,
    /// Dropped before the directory. Its data goes with it, so there is nothing to shut down in
    /// order.
    process: Mutex<Process>,
    options: Vec<String>,
    directory: TempDir,
}

impl DatabaseServer {
    /// The server that [`SOCKET_VARIABLE`] names, or a new one.
    ///
    /// # Errors
    /// When the database is not installed or does not start; with the end of its log.
    pub fn shared_or_new() -> Result<Self> {
        match env::var_os(SOCKET_VARIABLE) {
            Some(socket) => Ok(Self { socket: socket.into(), running: None }),
            None => Self::start(),
        }
    }

    /// A new server with an empty data directory.
    ///
    /// # Errors
    /// When the database is not installed or does not start; with the end of its log.
    pub fn start() -> Result<Self> {
        Self::start_with(&[] as &[&str])
    }

    /// A new server with options that go before the tests' own
    /// (`--innodb-flush-log-at-trx-commit=1`), for measures that need the settings of real work.
    ///
    /// # Errors
    /// When the database is not installed or does not start; with the end of its log.
    pub fn start_with(options: &[impl AsRef<str>]) -> Result<Self> {
        remove_stale();
        let directory =
            tempfile::Builder::new().prefix(&format!("{PREFIX}{}-", std::process::id())).tempdir()?;
        let data = directory.path().join("data");
        let program = Server::find(Kind::from_env()?)?;
        template::copy_to(&data, &program)?;
        let socket = directory.path().join("mysql.sock");
        let options: Vec<String> = options.iter().map(|option| option.as_ref().to_owned()).collect();
        let process = Mutex::new(Process::start(command(&program, directory.path(), &socket, &options))?);
        let running = Running { server: program, process, options, directory };
        let server = Self { socket, running: Some(running) };
        server.wait_until_up()?;
        Ok(server)
    }

    /// Kills the server as a crash would, whatever it is doing. [`start_again`](Self::start_again)
    /// restarts it.
    ///
    /// # Errors
    /// When it belongs to somebody else.
    pub fn kill(&self) -> Result<()> {
        let running = self.running.as_ref().context("a shared server is not ours to kill")?;
        running.process().kill();
        Ok(())
    }

    /// Restarts a killed server on the same data and socket, and waits until it has recovered.
    ///
    /// # Errors
    /// When it belongs to somebody else or does not start; with the end of its log.
    pub fn start_again(&self) -> Result<()> {
        let running = self.running.as_ref().context("a shared server is not ours to start")?;
        let process = Process::start(command(
            &running.server,
            running.directory.path(),
            &self.socket,
            &running.options,
        ))?;
        *running.process() = process;
        self.wait_until_up()
    }

    /// Its socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Returns true if another process owns the server, which outlives this handle.
    pub fn is_shared(&self) -> bool {
        self.running.is_none()
    }

    fn wait_until_up(&self) -> Result<()> {
        let Some(running) = &self.running else { return Ok(()) };
        let started = Instant::now();
        loop {
            // It listens only once it can answer.
            if std::os::unix::net::UnixStream::connect(&self.socket).is_ok() {
                return Ok(());
            }
            if !running.process().is_alive() || started.elapsed() > START_TIMEOUT {
                let log = fs::read_to_string(log(running.directory.path())).unwrap_or_default();
                bail!("the database did not start:\n{log}");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Running {
    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn log(directory: &Path) -> PathBuf {
    directory.join("database.log")
}

/// A killed server loses nothing that it committed, a machine that loses power may.
fn command(server: &Server, directory: &Path, socket: &Path, options: &[String]) -> Command {
    let data = directory.join("data");
    let places = Places { data: &data, socket, pid_file: &data.join("database.pid") };
    let mut command = Process::command(server.program());
    command
        .args(server.arguments(places))
        .arg(format!("--log-error={}", log(directory).display()))
        // A starting server deletes what it takes for its own temporary tables; in /tmp those would
        // be every other server's.
        .arg(format!("--tmpdir={}", directory.display()))
        .args([
            "--performance-schema=OFF",
            "--max-connections=500",
            "--innodb-buffer-pool-size=128M",
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-doublewrite=OFF",
            "--innodb-use-native-aio=OFF",
            // The writes of a killed server are in the system's memory.
            "--innodb-flush-method=nosync",
        ])
        .arg(server.kind().redo_log(template::REDO_LOG_MIB))
        // The last of two counts.
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Removes what servers left behind whose process was killed.
fn remove_stale() {
    let Ok(entries) = fs::read_dir(env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
        if let Some(owner) = owner
            && !Path::new("/proc").join(owner).exists()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
