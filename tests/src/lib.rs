#![doc = include_str!("../README.md")]

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

/// The folder of the functions' programs: what `ROWGATE_FUNCTIONS` names, or where this test was
/// built.
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
            "{} is missing: `cargo build --bin {package}` builds it",
            program.display()
        );
    }
    Ok(folder)
}

/// A folder for what functions log. Dropping the handle removes it if it is empty: failed runs
/// leave their logs in it.
#[derive(Debug)]
pub struct Logs(PathBuf);

impl Logs {
    /// Makes a folder for a test of this name, in `ROWGATE_CHAOS_LOGS` or else among the temporary
    /// files.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn of(test: &str) -> Result<Self> {
        let parent = env::var_os("ROWGATE_CHAOS_LOGS").map_or_else(env::temp_dir, PathBuf::from);
        let folder = parent.join(format!("rowgate-{test}-{:08x}", fastrand::u32(..)));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// Locks a mutex, even if a thread panicked with it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
