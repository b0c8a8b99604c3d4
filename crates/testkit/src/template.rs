//! An empty data directory, made once per machine and copied for each server: making one takes
//! seconds, copying it does not.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use local_database::Server;

/// The redo log of the data directory, and of the servers on it.
pub(crate) const REDO_LOG_MIB: u32 = 16;

/// Puts an empty data directory for a server at `target`.
pub(crate) fn copy_to(target: &Path, server: &Server) -> Result<()> {
    let template = template(server)?;
    let status = Command::new("cp").arg("-R").arg("--sparse=always").arg(&template).arg(target).status();
    ensure!(status.context("cannot run cp")?.success(), "cannot copy {}", template.display());
    Ok(())
}

fn template(server: &Server) -> Result<PathBuf> {
    let mut version = server.version().with_context(|| format!("{}", server.program().display()))?;
    version.retain(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-');
    let user = rustix::process::geteuid().as_raw();
    let template = env::temp_dir().join(format!("rowgate-{}-template-{user}-{version}", server.kind()));
    if template.is_dir() {
        return Ok(template);
    }
    let staging = tempfile::Builder::new().prefix("rowgate-database-new-").tempdir()?;
    let data = staging.path().join("data");
    create(server, &data)?;
    // Another process may have been quicker; its directory is as good.
    match fs::rename(&data, &template) {
        Err(error) if !template.is_dir() => {
            Err(error).context("cannot put the empty data directory in place")
        }
        _ => Ok(template),
    }
}

fn create(server: &Server, data: &Path) -> Result<()> {
    let mut command = server.create(data)?;
    let output = command.arg(server.kind().redo_log(REDO_LOG_MIB)).output();
    let output = output.with_context(|| format!("cannot run {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
