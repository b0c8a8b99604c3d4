//! An empty data directory, made once per machine and copied for each server: making one takes seconds, copying it does not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, ensure};

/// Puts an empty data directory at `target`.
pub(crate) fn copy_to(target: &Path) -> Result<()> {
    let template = template()?;
    let status = Command::new("cp").arg("-R").arg("--sparse=always").arg(&template).arg(target).status();
    ensure!(status.context("cannot run cp")?.success(), "cannot copy {}", template.display());
    Ok(())
}

fn template() -> Result<PathBuf> {
    let version = Command::new("mariadbd")
        .arg("--version")
        .output()
        .context("cannot run mariadbd: is it installed?")?;
    let version: String = String::from_utf8_lossy(&version.stdout)
        .split_whitespace()
        .nth(2)
        .unwrap_or("unknown")
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '.' || *c == '-')
        .collect();
    let user = rustix::process::geteuid().as_raw();
    let template = env::temp_dir().join(format!("rowgate-mariadb-template-{user}-{version}"));
    if template.is_dir() {
        return Ok(template);
    }
    let staging = tempfile::Builder::new().prefix("rowgate-mariadb-new-").tempdir()?;
    let data = staging.path().join("data");
    install(&data)?;
    // Another process may have been quicker; its directory is as good.
    match fs::rename(&data, &template) {
        Err(error) if !template.is_dir() => {
            Err(error).context("cannot put the empty data directory in place")
        }
        _ => Ok(template),
    }
}

fn install(data: &Path) -> Result<()> {
    let output = Command::new("mariadb-install-db")
        .arg("--no-defaults")
        .arg(format!("--datadir={}", data.display()))
        // root of the socket needs no password.
        .args(["--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=16M"])
        .args(root_needs_a_user())
        .stdin(Stdio::null())
        .output()
        .context("cannot run mariadb-install-db: is MariaDB installed?")?;
    ensure!(
        output.status.success(),
        "mariadb-install-db failed: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// MariaDB runs as root only when told so; anyone else must not name a user.
pub(crate) fn root_needs_a_user() -> Option<&'static str> {
    rustix::process::geteuid().is_root().then_some("--user=root")
}
