//! Measures from the drop of a file to `completed`, on a local cloud of its own: upload,
//! MiniStack's S3, queue and Lambda, the loader, the local Data API and MariaDB.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};

use super::{ROUNDS, ROWS, empty, generate, load_data};
use crate::client::Session;
use crate::function::expect;
use crate::people::{self, EMPLOYEES};
use crate::settings::Settings;
use crate::start::write_page;
use crate::stats::{Times, grouped, megabytes, seconds};
use crate::table::Table;

const LIMIT: Duration = Duration::from_secs(600);
/// The interval at which the ledger is asked whether the load has ended.
const LOOK: Duration = Duration::from_millis(100);

/// A local cloud, removed when it is dropped.
struct Cloud<'s> {
    settings: &'s Settings,
    /// The variables of its `env` file.
    variables: BTreeMap<String, String>,
}

/// Drops the file and lets the client load it in turns, each time into an empty table of the same
/// database.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let (rows, rounds) = (settings.rows(ROWS), settings.rounds(ROUNDS, 1));
    let cloud = Cloud::start(settings)?;
    let folder = tempfile::tempdir()?;
    let socket = PathBuf::from(cloud.variable("ROWGATE_MYSQL_SOCKET")?);
    let options = OptsBuilder::default()
        .socket(Some(cloud.variable("ROWGATE_MYSQL_SOCKET")?))
        .user(Some("root"))
        .db_name(Some(cloud.variable("ROWGATE_MYSQL_DATABASE")?));
    let mut conn = Conn::new(options).await?;
    for statement in people::references() {
        conn.query_drop(statement).await?;
    }
    let mut session = Session::start(&socket)?;
    let [mut ours, mut uploads, mut reference]: [Times; 3] = Default::default();
    let mut bytes = 0;
    for round in 0..rounds {
        // A new name, so that it is a new load.
        let file = folder.path().join(format!("employees-{round}.csv"));
        bytes = generate::valid(&file, rows)?;
        empty(&mut conn, EMPLOYEES).await?;
        let (upload, whole) = cloud.drop_file(&file, &mut conn).await?;
        uploads.add(upload);
        ours.add(whole);
        expect(&mut conn, EMPLOYEES, rows).await?;
        empty(&mut conn, EMPLOYEES).await?;
        reference.add(session.execute(&load_data(&file))?);
        expect(&mut conn, EMPLOYEES, rows).await?;
    }
    conn.disconnect().await?;
    let what = format!("{} employees ({})", grouped(rows), megabytes(bytes));
    let what = format!("{what}: from the drop to completed on the local cloud / LOAD DATA ({rounds} rounds)");
    table.seconds(what, ours.median(), reference.median(), None);
    table.figure("  of which the upload", seconds(uploads.median()));
    Ok(())
}

impl<'s> Cloud<'s> {
    fn start(settings: &'s Settings) -> Result<Self> {
        let mut cloud = Self { settings, variables: BTreeMap::new() };
        // A killed run may have left it behind.
        cloud.clean()?;
        let artifacts = settings.cloud.join("artifacts");
        for function in settings.functions()? {
            fs::create_dir_all(artifacts.join(function))?;
            fs::copy(settings.binaries.join(function), artifacts.join(function).join("bootstrap"))
                .with_context(|| format!("{function} is not built"))?;
        }
        write_page(&artifacts.join("console").join("static"))?;
        let up = ["local", "up", "--gateway-port", "0", "--data-api-port", "0", "--dir"];
        run(cloud.rowgate().args(up).arg(&settings.cloud).arg("--artifacts").arg(&artifacts))?;
        let text = fs::read_to_string(settings.cloud.join("env"))?;
        cloud.variables = variables(&text);
        Ok(cloud)
    }

    fn rowgate(&self) -> Command {
        let mut command = Command::new(self.settings.binaries.join("rowgate"));
        command.stdin(Stdio::null());
        command
    }

    fn clean(&self) -> Result<()> {
        if !self.settings.cloud.exists() {
            return Ok(());
        }
        run(self.rowgate().args(["local", "clean", "--yes", "--dir"]).arg(&self.settings.cloud))?;
        fs::remove_dir_all(&self.settings.cloud)?;
        Ok(())
    }

    fn variable(&self, name: &str) -> Result<&str> {
        let value = self.variables.get(name).map(String::as_str);
        value.with_context(|| format!("the local cloud's env has no {name}"))
    }

    /// Drops the file; returns the time of the upload, and the time until the load is completed by
    /// the ledger.
    async fn drop_file(&self, file: &Path, conn: &mut Conn) -> Result<(Duration, Duration)> {
        let (began, started) = (SystemTime::now(), Instant::now());
        run(self.rowgate().envs(&self.variables).args(["upload", "employees"]).arg(file))?;
        let upload = started.elapsed();
        loop {
            let row: Option<(String, Option<f64>)> = conn
                .query_first(
                    "SELECT status, UNIX_TIMESTAMP(finished_at) + 0e0 FROM rowgate_loads \
                     WHERE table_name = 'employees'",
                )
                .await?;
            match row {
                Some((status, Some(finished))) if status == "completed" => {
                    let began = began.duration_since(SystemTime::UNIX_EPOCH)?.as_secs_f64();
                    return Ok((upload, Duration::from_secs_f64((finished - began).max(0.0))));
                }
                Some((status, _)) if status != "running" => bail!("the load is {status}"),
                _ => {}
            }
            ensure!(started.elapsed() < LIMIT, "the load takes longer than {LIMIT:?}");
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for Cloud<'_> {
    fn drop(&mut self) {
        let _ = self.clean();
    }
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Parses the lines `export NAME='value'` of an `env` file.
fn variables(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| {
            let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
            let value = value.strip_prefix('\'')?.strip_suffix('\'')?.replace(r"'\''", "'");
            Some((name.to_owned(), value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_variables_as_a_shell_does() {
        let found = variables("export A='1'\n# B='2'\nexport C='it'\\''s = 3'\n");
        let expected = [("A", "1"), ("C", "it's = 3")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(found, BTreeMap::from(expected));
    }
}
