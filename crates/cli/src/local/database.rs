//! The private database that stands for Aurora.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use local_database::{Kind, Places, Server};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};

use super::layout::Layout;
use super::process::Spec;
use super::service::{Probe, failure};
use crate::exit::user_error;
use crate::printer::Printer;

pub(crate) const NAME: &str = "database";
/// After a power cut InnoDB may have much to recover.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(120);
/// It writes its dirty pages before it ends; killing it earlier costs a recovery at the next start.
const GRACE: Duration = Duration::from_secs(60);

/// The durability of Aurora, and memory and connections for one machine.
const SETTINGS: [&str; 3] =
    ["--max-connections=300", "--innodb-buffer-pool-size=512M", "--innodb-flush-log-at-trx-commit=1"];
const REDO_LOG_MIB: u32 = 256;

/// The database of one local cloud.
pub(crate) struct Database<'a> {
    layout: &'a Layout,
    server: Server,
}

impl<'a> Database<'a> {
    /// The database that was asked for; without that, the one that is there, or MariaDB.
    pub(crate) fn find(layout: &'a Layout, asked: Option<Kind>) -> Result<Self> {
        let data = layout.mysql();
        let there = data.exists().then(|| Kind::of(&data));
        if let (Some(asked), Some(there)) = (asked, there)
            && asked != there
        {
            return Err(user_error(format!(
                "The local cloud in {} has its data in {}, not in {}; `rowgate local clean` removes the data, \
                 another folder leaves it.",
                layout.root().display(),
                there.title(),
                asked.title()
            )));
        }
        let server = Server::find(there.or(asked).unwrap_or_default())
            .map_err(|error| user_error(error.to_string()))?;
        Ok(Self { layout, server })
    }

    /// How the server is started: durable as Aurora is.
    pub(crate) fn spec(&self) -> Spec {
        let (data, pid_file) = (self.layout.mysql(), self.pid_file());
        let places = Places { data: &data, socket: self.layout.socket(), pid_file: &pid_file };
        let mut arguments = self.server.arguments(places);
        arguments.extend(SETTINGS.map(Into::into));
        arguments.push(self.server.kind().redo_log(REDO_LOG_MIB).into());
        Spec {
            name: NAME,
            program: self.server.program().to_owned(),
            arguments,
            files: Vec::new(),
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
        let title = self.server.kind().title();
        let step = printer.step(&format!("creating {title}'s data directory"));
        let unfinished = self.layout.mysql_unfinished();
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        let log = self.layout.log("database-install");
        let output = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let mut command = self.server.create(&unfinished).map_err(|error| user_error(error.to_string()))?;
        let status = command.stdout(output.try_clone()?).stderr(output).status();
        if !status.with_context(|| format!("running {command:?}"))?.success() {
            return Err(failure(&format!("{title} cannot create its data directory"), &log));
        }
        fs::rename(&unfinished, &data)?;
        step.done("database created");
        Ok(())
    }

    /// Runs statements as root through the socket.
    pub(crate) async fn run(&self, statements: &[String]) -> Result<()> {
        let options = OptsBuilder::default()
            .socket(Some(self.layout.socket().display().to_string()))
            .user(Some("root"));
        let run = async {
            let mut conn = Conn::new(options).await?;
            for statement in statements {
                conn.query_drop(statement).await?;
            }
            conn.disconnect().await
        };
        run.await.map_err(|error| {
            user_error(format!(
                "{} refused to create the database or its user: {error}. Its data is in {}; `rowgate local clean` \
                 starts afresh.",
                self.server.kind().title(),
                self.layout.mysql().display()
            ))
        })
    }

    fn pid_file(&self) -> PathBuf {
        self.layout.run().join("database.pid")
    }
}

/// The statements that create the database and the user a function logs in as; they may run again and again, and
/// leave the user with this password.
pub(crate) fn setup(database: &str, user: &str, password: &str) -> [String; 4] {
    let (user, password) = (literal(user), literal(password));
    [
        format!("CREATE DATABASE IF NOT EXISTS `{database}`"),
        format!("CREATE USER IF NOT EXISTS {user}@'localhost'"),
        format!("ALTER USER {user}@'localhost' IDENTIFIED BY {password}"),
        format!("GRANT ALL PRIVILEGES ON `{database}`.* TO {user}@'localhost'"),
    ]
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
        insta::assert_snapshot!(setup("rowgate", "rowgate_admin", r"it's \ fine").join("\n"), @r"
        CREATE DATABASE IF NOT EXISTS `rowgate`
        CREATE USER IF NOT EXISTS 'rowgate_admin'@'localhost'
        ALTER USER 'rowgate_admin'@'localhost' IDENTIFIED BY 'it''s \\ fine'
        GRANT ALL PRIVILEGES ON `rowgate`.* TO 'rowgate_admin'@'localhost'
        ");
    }
}
