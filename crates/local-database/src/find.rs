//! Looks for the programs of a database.

use std::path::{self, Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, io};

use crate::kind::Kind;

/// The environment variable that names MySQL's server program, for one that is not on the path.
pub const PROGRAM_VARIABLE: &str = "ROWGATE_MYSQLD";

/// The folders beside the path where Debian and most other systems keep server programs.
const SERVER_FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/mysql/bin"];

/// The reason why there is no server to start.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// A program of MariaDB is not there.
    #[error("{0} is not installed; `apt-get install mariadb-server` brings it (Debian).")]
    MariaDb(String),
    /// MySQL's server is not there.
    #[error(
        "mysqld is not installed; install MySQL 8.0.30 or later, or name its mysqld in {PROGRAM_VARIABLE}."
    )]
    MySql,
    /// MariaDB has a `mysqld` too.
    #[error("{} is MariaDB's; name the mysqld of a MySQL in {PROGRAM_VARIABLE}.", .0.display())]
    MariaDbsMysqld(PathBuf),
    /// The program does not start.
    #[error("{} cannot be run: {error}.", .program.display())]
    Broken {
        /// The program.
        program: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// The program that serves.
pub(crate) fn server(kind: Kind) -> Result<PathBuf, Missing> {
    if kind == Kind::MariaDb {
        return program("mariadbd");
    }
    let named = env::var_os(PROGRAM_VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
    let program = match named {
        Some(path) if path.components().count() > 1 => path,
        name => on_path(&name.unwrap_or_else(|| "mysqld".into())).ok_or(Missing::MySql)?,
    };
    // It is started from another folder.
    let program = path::absolute(&program).unwrap_or(program);
    match version(&program) {
        Ok(text) if text.contains("MariaDB") => Err(Missing::MariaDbsMysqld(program)),
        Ok(_) => Ok(program),
        Err(error) => Err(Missing::Broken { program, error }),
    }
}

/// A program of MariaDB.
pub(crate) fn program(name: &str) -> Result<PathBuf, Missing> {
    on_path(Path::new(name)).ok_or_else(|| Missing::MariaDb(name.to_owned()))
}

/// Returns the version that a server reports.
pub(crate) fn version(program: &Path) -> io::Result<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(io::Error::other(text));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn on_path(name: &Path) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(SERVER_FOLDERS.iter().map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}
