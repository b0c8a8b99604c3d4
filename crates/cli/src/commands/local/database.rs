//! The private database that stands for Aurora.

use std::fs::{self, File};
use std::time::Duration;

use anyhow::{Context, Result};
use local_database::{Kind, Places, Server, load_from_s3_role};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};

use super::layout::Layout;
use super::probe::Probe;
use super::process::{Service, Spec};
use super::service::failure;
use crate::exit::user_error;
use crate::printer::Printer;
use crate::stored;

pub(super) const SERVICE: Service = Service {
    name: "database",
    // After a power cut InnoDB may have much to recover.
    start_limit: Duration::from_secs(120),
    // It writes its dirty pages before it ends; killing it earlier costs a recovery at the next
    // start.
    grace: Duration::from_secs(60),
};

/// The durability of Aurora, and memory and connections for one machine.
const SETTINGS: [&str; 3] =
    ["--max-connections=300", "--innodb-buffer-pool-size=512M", "--innodb-flush-log-at-trx-commit=1"];
const REDO_LOG_MIB: u32 = 256;

/// The database of one local cloud.
pub(super) struct Database<'a> {
    layout: &'a Layout,
    server: Server,
}

impl<'a> Database<'a> {
    /// Finds the server of the requested kind, else of the kind in use, else of MariaDB.
    pub(super) fn find(layout: &'a Layout, asked: Option<Kind>) -> Result<Self> {
        let data = &layout.mysql;
        let there = data.exists().then(|| Kind::of(data));
        if let (Some(asked), Some(there)) = (asked, there)
            && asked != there
        {
            return Err(user_error(format!(
                "The local cloud in {} has its data in {}, not in {}; `rowgate local clean` removes the data, \
                 another folder leaves it.",
                layout.root.display(),
                there.title(),
                asked.title()
            )));
        }
        let server = Server::find(there.or(asked).unwrap_or_default())
            .map_err(|error| user_error(error.to_string()))?;
        Ok(Self { layout, server })
    }

    /// Says how the server is started: as durable as Aurora.
    pub(super) fn spec(&self) -> Spec {
        let Layout { mysql, socket, run, .. } = self.layout;
        let places = Places { data: mysql, socket, pid_file: &run.join("database.pid") };
        let mut arguments = self.server.arguments(places);
        arguments.extend(SETTINGS.map(Into::into));
        arguments.push(self.server.kind().redo_log(REDO_LOG_MIB).into());
        Spec { arguments, ..Spec::new(SERVICE, self.server.program(), Probe::Socket(socket.clone())) }
    }

    /// Creates the data directory if there is none. An installation that was cut short leaves
    /// nothing that a later start would take for a database.
    pub(super) fn install(&self, printer: Printer) -> Result<()> {
        let data = &self.layout.mysql;
        if data.exists() {
            return Ok(());
        }
        let title = self.server.kind().title();
        let step = printer.step(&format!("creating {title}'s data directory"));
        let unfinished = &self.layout.mysql_unfinished;
        stored::remove(unfinished)?;
        let log = self.layout.log("database-install");
        let output = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let mut command = self.server.create(unfinished).map_err(|error| user_error(error.to_string()))?;
        let status = command.stdout(output.try_clone()?).stderr(output).status();
        if !status.with_context(|| format!("running {command:?}"))?.success() {
            return Err(failure(&format!("{title} cannot create its data directory"), &log));
        }
        fs::rename(unfinished, data)?;
        step.done("database created");
        Ok(())
    }

    /// Returns the names of the migrations that were begun in a schema.
    pub(super) async fn migrations(&self, schema: &str) -> Result<Vec<String>> {
        let read = async {
            let mut conn = self.connect().await?;
            let there = "SELECT COUNT(*) FROM information_schema.TABLES \
                         WHERE TABLE_SCHEMA = ? AND TABLE_NAME = 'rowgate_migrations'";
            let there: Option<u64> = conn.exec_first(there, (schema,)).await?;
            let names = match there {
                Some(1) => {
                    conn.query(format!("SELECT name FROM `{schema}`.rowgate_migrations ORDER BY name"))
                        .await?
                }
                _ => Vec::new(),
            };
            conn.disconnect().await?;
            Ok::<_, mysql_async::Error>(names)
        };
        read.await.context("reading which migrations the database has")
    }

    /// Connects as root through the socket.
    async fn connect(&self) -> Result<Conn, mysql_async::Error> {
        let socket = self.layout.socket.display().to_string();
        Conn::new(OptsBuilder::default().socket(Some(socket)).user(Some("root"))).await
    }

    /// Runs statements as root through the socket.
    pub(super) async fn run(&self, statements: &[String]) -> Result<()> {
        let run = async {
            let mut conn = self.connect().await?;
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
                self.layout.mysql.display()
            ))
        })
    }
}

/// Returns the statements that create the schema and its administrator, who makes the users of the
/// functions, and set the administrator's password. They are idempotent.
pub(super) fn setup(database: &str, user: &str, password: &str) -> Vec<String> {
    let (user, password) = (literal(user), literal(password));
    // In a grant _ stands for any character.
    let granted = database.replace('_', r"\_");
    let mut statements = vec![
        format!("CREATE DATABASE IF NOT EXISTS `{database}`"),
        format!("CREATE USER IF NOT EXISTS {user}@'localhost'"),
        format!("ALTER USER {user}@'localhost' IDENTIFIED BY {password}"),
        format!("GRANT ALL PRIVILEGES ON `{granted}`.* TO {user}@'localhost' WITH GRANT OPTION"),
        format!("GRANT CREATE USER ON *.* TO {user}@'localhost'"),
    ];
    statements.extend(load_from_s3_role(&format!("{user}@'localhost'")));
    statements
}

/// Quotes an SQL string.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setup_quotes_what_the_secret_holds() {
        insta::assert_snapshot!(setup("sales_rowgate", "rowgate_admin", r"it's \ fine").join("\n"), @r"
        CREATE DATABASE IF NOT EXISTS `sales_rowgate`
        CREATE USER IF NOT EXISTS 'rowgate_admin'@'localhost'
        ALTER USER 'rowgate_admin'@'localhost' IDENTIFIED BY 'it''s \\ fine'
        GRANT ALL PRIVILEGES ON `sales\_rowgate`.* TO 'rowgate_admin'@'localhost' WITH GRANT OPTION
        GRANT CREATE USER ON *.* TO 'rowgate_admin'@'localhost'
        CREATE ROLE IF NOT EXISTS AWS_LOAD_S3_ACCESS
        GRANT FILE ON *.* TO AWS_LOAD_S3_ACCESS
        GRANT AWS_LOAD_S3_ACCESS TO 'rowgate_admin'@'localhost' WITH ADMIN OPTION
        ");
    }
}
