//! The private MariaDB that stands for Aurora.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use super::layout::Layout;
use super::process::Spec;
use super::service::{Probe, failure};
use crate::exit::user_error;
use crate::printer::Printer;

pub(crate) const NAME: &str = "mariadb";
/// After a power cut InnoDB may have much to recover.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(120);
/// MariaDB writes its dirty pages before it ends; killing it earlier costs a recovery at the next start.
const GRACE: Duration = Duration::from_secs(60);

/// Where Debian and most other systems keep server programs, beside `PATH`.
const SERVER_FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/mysql/bin"];

/// The MariaDB of one local cloud.
pub(crate) struct Mariadb<'a> {
    layout: &'a Layout,
    server: PathBuf,
}

impl<'a> Mariadb<'a> {
    pub(crate) fn find(layout: &'a Layout) -> Result<Self> {
        Ok(Self { layout, server: program("mariadbd")? })
    }

    /// How the server is started: durable as Aurora is, strict as MySQL 8.0 is by default, in UTC, and reachable
    /// through its socket alone.
    pub(crate) fn spec(&self) -> Spec {
        let mut arguments: Vec<OsString> = vec!["--no-defaults".into()];
        arguments.extend(path_options(self.layout));
        arguments.extend(
            [
                "--skip-networking",
                "--skip-name-resolve",
                "--default-time-zone=+00:00",
                "--character-set-server=utf8mb4",
                "--collation-server=utf8mb4_unicode_ci",
                "--sql-mode=ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,\
                 ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
                "--max-allowed-packet=64M",
                "--max-connections=300",
                "--innodb-buffer-pool-size=512M",
                "--innodb-log-file-size=256M",
                "--innodb-flush-log-at-trx-commit=1",
                "--local-infile=1",
            ]
            .map(OsString::from),
        );
        if rustix::process::getuid().is_root() {
            // MariaDB refuses to run as root unless it is told to.
            arguments.push("--user=root".into());
        }
        Spec {
            name: NAME,
            program: self.server.clone(),
            arguments,
            environment: Vec::new(),
            grace: GRACE,
            state: None,
        }
    }

    pub(crate) fn probe(&self) -> Probe {
        Probe::Socket(self.layout.socket().to_owned())
    }

    /// Creates the data directory where there is none. An installation that was cut short leaves nothing that
    /// a later start would take for a database.
    pub(crate) fn install(&self, printer: Printer) -> Result<()> {
        let data = self.layout.mysql();
        if data.exists() {
            return Ok(());
        }
        let step = printer.step("creating the database's data directory");
        let unfinished = self.layout.mysql_unfinished();
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        let log = self.layout.log("mariadb-install");
        let output = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let mut command = Command::new(program("mariadb-install-db")?);
        command.arg("--no-defaults").arg(option("--datadir", &unfinished));
        command.args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
        if rustix::process::getuid().is_root() {
            command.arg("--user=root");
        }
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let status = command.status().context("running mariadb-install-db")?;
        if !status.success() {
            return Err(failure("mariadb-install-db failed", &log));
        }
        fs::rename(&unfinished, &data)?;
        step.done("database created");
        Ok(())
    }

    /// Runs SQL as root through the socket. The text goes through a pipe, so that no password shows in `ps`.
    pub(crate) fn run(&self, sql: &str) -> Result<()> {
        let mut child = Command::new(program("mariadb")?)
            .args(["--no-defaults", "--user=root", "--batch"])
            .arg(option("--socket", self.layout.socket()))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("running the mariadb client")?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(sql.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            return Err(user_error(format!(
                "MariaDB refused to create the database or its user: {}. Its data is in {}; `rowgate local clean` \
                 starts afresh.",
                String::from_utf8_lossy(&output.stderr).trim(),
                self.layout.mysql().display()
            )));
        }
        Ok(())
    }
}

fn path_options(layout: &Layout) -> [OsString; 3] {
    [
        option("--datadir", &layout.mysql()),
        option("--socket", layout.socket()),
        option("--pid-file", &layout.run().join("mariadb.pid")),
    ]
}

fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push("=");
    option.push(path);
    option
}

fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(SERVER_FOLDERS.iter().map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| {
            user_error(format!(
                "{name} is not installed; `apt-get install mariadb-server` brings it (Debian)."
            ))
        })
}

/// The statements that create the database and the user a function logs in as; they may run again and again, and
/// leave the user with this password.
pub(crate) fn setup_sql(database: &str, user: &str, password: &str) -> String {
    let (user, password) = (literal(user), literal(password));
    format!(
        "CREATE DATABASE IF NOT EXISTS `{database}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n\
         CREATE USER IF NOT EXISTS {user}@'localhost';\n\
         ALTER USER {user}@'localhost' IDENTIFIED BY {password};\n\
         GRANT ALL PRIVILEGES ON `{database}`.* TO {user}@'localhost';\n"
    )
}

/// A quoted SQL string. The user name and the password come from the stack's own secret; they are quoted all the same.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setup_quotes_what_the_secret_holds() {
        insta::assert_snapshot!(setup_sql("rowgate", "rowgate_admin", r"it's \ fine"), @r"
        CREATE DATABASE IF NOT EXISTS `rowgate` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
        CREATE USER IF NOT EXISTS 'rowgate_admin'@'localhost';
        ALTER USER 'rowgate_admin'@'localhost' IDENTIFIED BY 'it''s \\ fine';
        GRANT ALL PRIVILEGES ON `rowgate`.* TO 'rowgate_admin'@'localhost';
        ");
    }
}
