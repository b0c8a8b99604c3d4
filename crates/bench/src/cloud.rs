//! A local cloud of its own, of the binaries that are measured.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use mysql_async::{Conn, OptsBuilder};

use crate::settings::Settings;
use crate::start::write_page;

/// A local cloud, removed when it is dropped.
pub(crate) struct Cloud<'s> {
    settings: &'s Settings,
    /// The variables of its `env` file.
    variables: BTreeMap<String, String>,
}

impl<'s> Cloud<'s> {
    /// Starts it with a folder of tables; the repository's own without.
    pub(crate) fn start(settings: &'s Settings, sql: Option<&str>) -> Result<Self> {
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
        let sql = sql.map(|folder| format!("--sql={folder}"));
        run(cloud.rowgate().args(up).arg(&settings.cloud).arg("--artifacts").arg(&artifacts).args(sql))?;
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

    /// Returns a variable of its `env` file.
    pub(crate) fn variable(&self, name: &str) -> Result<&str> {
        let value = self.variables.get(name).map(String::as_str);
        value.with_context(|| format!("the local cloud's env has no {name}"))
    }

    /// Uploads a file to a table.
    pub(crate) fn upload_command(&self, table: &str, file: &Path) -> Command {
        let mut command = self.rowgate();
        command.envs(&self.variables).args(["upload", table]).arg(file);
        command
    }

    /// Connects to its database.
    pub(crate) async fn connect(&self) -> Result<Conn> {
        let options = OptsBuilder::default()
            .socket(Some(self.variable("ROWGATE_MYSQL_SOCKET")?))
            .user(Some("root"))
            .db_name(Some(self.variable("ROWGATE_MYSQL_DATABASE")?));
        Ok(Conn::new(options).await?)
    }
}

impl Drop for Cloud<'_> {
    fn drop(&mut self) {
        let _ = self.clean();
    }
}

/// Runs a program to its end, which must be a good one.
pub(crate) fn run(command: &mut Command) -> Result<()> {
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
