//! A database for the time of a check.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use local_database::{Kind, Places, Server};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};
use tempfile::TempDir;

use crate::exit::user_error;
use crate::printer::Printer;

const START_LIMIT: Duration = Duration::from_secs(60);

/// Small: it holds no rows.
const SETTINGS: [&str; 2] = ["--performance-schema=OFF", "--innodb-buffer-pool-size=32M"];
const REDO_LOG_MIB: u32 = 16;

/// That of Aurora's parameter group (`infra/lib/database`): with the server's own, reports would be
/// refused that run there.
const SQL_MODE: &str = "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,\
                        ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";

/// The name of the database.
const NAME: &str = "tables";

/// A private database server with an empty database. It ends, and its files go, when this is
/// dropped.
pub(super) struct TemporaryDatabase {
    server: Server,
    /// Ended before the folder goes.
    process: Process,
    folder: TempDir,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing is left that would have to be saved.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl TemporaryDatabase {
    /// Starts a server of this kind.
    ///
    /// # Errors
    /// A user error if it is not installed, or does not start.
    pub(super) async fn start(kind: Kind, printer: Printer) -> Result<Self> {
        let as_users = |error: &dyn std::fmt::Display| user_error(error.to_string());
        let server = Server::find(kind).map_err(|error| as_users(&error))?;
        let folder = tempfile::Builder::new().prefix("rowgate-check-").tempdir()?;
        let step = printer.step(&format!("starting a private {}", kind.title()));
        let log = folder.path().join("server.log");
        let data = folder.path().join("data");
        let mut create = server.create(&data).map_err(|error| as_users(&error))?;
        create.arg(kind.redo_log(REDO_LOG_MIB));
        let status = logged(&mut create, &log)?.status().with_context(|| format!("running {create:?}"))?;
        if !status.success() {
            return Err(failure(kind, &log));
        }
        let socket = folder.path().join("socket");
        let pid_file = folder.path().join("pid");
        let mut command = Command::new(server.program());
        command
            .args(server.arguments(Places { data: &data, socket: &socket, pid_file: &pid_file }))
            .args(SETTINGS)
            .arg(kind.redo_log(REDO_LOG_MIB));
        let child = logged(&mut command, &log)?.spawn().with_context(|| format!("running {command:?}"))?;
        let mut database = Self { server, process: Process(child), folder };
        database.wait(&socket, &log).await?;
        database.create().await?;
        step.done(&format!("{} started", database.title()));
        Ok(database)
    }

    /// Returns its name and version: `MariaDB 10.11.14`.
    pub(super) fn title(&self) -> String {
        let version = self.server.version().unwrap_or_default();
        format!("{} {}", self.server.kind().title(), version.split('-').next().unwrap_or_default())
    }

    /// Connects to the database.
    ///
    /// # Errors
    /// If it does not answer.
    pub(super) async fn connect(&self) -> Result<Conn> {
        Ok(Conn::new(self.options().db_name(Some(NAME))).await?)
    }

    fn options(&self) -> OptsBuilder {
        OptsBuilder::default()
            .socket(Some(self.socket().display().to_string()))
            .user(Some("root"))
            .init(vec!["SET NAMES utf8mb4", SQL_MODE])
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    async fn create(&self) -> Result<()> {
        let mut conn = Conn::new(self.options()).await?;
        conn.query_drop(format!("CREATE DATABASE {NAME}")).await?;
        Ok(conn.disconnect().await?)
    }

    async fn wait(&mut self, socket: &Path, log: &Path) -> Result<()> {
        let started = Instant::now();
        // It listens only once it can answer.
        while UnixStream::connect(socket).is_err() {
            if self.process.0.try_wait()?.is_some() || started.elapsed() > START_LIMIT {
                return Err(failure(self.server.kind(), log));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

/// Sends the output of a command to the end of a file.
fn logged<'c>(command: &'c mut Command, log: &Path) -> Result<&'c mut Command> {
    let file = File::options().create(true).append(true).open(log)?;
    Ok(command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file))
}

fn failure(kind: Kind, log: &Path) -> anyhow::Error {
    let log = fs::read_to_string(log).unwrap_or_default();
    let end: Vec<&str> = log.lines().rev().take(10).collect();
    let end: Vec<&str> = end.into_iter().rev().collect();
    user_error(format!(
        "{} does not start; `--offline` checks without it. It says:\n{}",
        kind.title(),
        end.join("\n")
    ))
}
