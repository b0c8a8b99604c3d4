//! End-to-end tests of the deployed stack: see `tests/it`, and `outsider`, a client that knows nothing but the interfaces. And functions
//! killed at random moments, over and over: the loader (`tests/exactly_once`), backups and restores (`tests/never_half`), requests
//! (`tests/acknowledged`); see `make kill-test`.
//!
//! They run against a local cloud that `make test` starts, and find it through the variables of its `env` file. To run them
//! against a cloud of one's own: `rowgate local up --dir <dir>`, `source <dir>/env`, `cargo nextest run -p e2e`. Each test takes
//! ids and a year that no other test, and no earlier run, has had, so the tables need not be empty.
//!
//! Here is what those that kill functions have in common.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{env, fs};

use anyhow::{Context, Result, ensure};

/// The number that an environment variable holds; `None` where it is not set.
///
/// # Errors
/// When it holds anything else.
pub fn number(variable: &str) -> Result<Option<u64>> {
    match env::var(variable) {
        Ok(text) if !text.is_empty() => text.parse().map(Some).with_context(|| format!("{variable}={text}")),
        _ => Ok(None),
    }
}

/// The folder of the functions' programs: what `ROWGATE_FUNCTIONS` names, or where this test was built.
///
/// # Errors
/// When one of these packages is not in it.
pub fn programs(packages: &[&str]) -> Result<PathBuf> {
    let folder = match env::var_os("ROWGATE_FUNCTIONS") {
        Some(folder) => folder.into(),
        None => env::current_exe()?.ancestors().nth(2).context("a target folder")?.to_owned(),
    };
    for package in packages {
        let program = folder.join(package);
        ensure!(
            program.is_file(),
            "{} is missing: `cargo build --package {package}` builds it",
            program.display()
        );
    }
    Ok(folder)
}

/// A folder for what functions log. It is removed with its handle where it is empty: runs that have failed leave what they have
/// said.
#[derive(Debug)]
pub struct Logs(PathBuf);

impl Logs {
    /// Makes a folder of its own for a test of this name.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn of(test: &str) -> Result<Self> {
        let folder = env::temp_dir().join(format!("rowgate-{test}-{:08x}", fastrand::u32(..)));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// What a mutex holds, whoever panicked with it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
