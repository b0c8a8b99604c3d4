//! The folder of tables of a function, read once at start.

use std::fmt;
use std::path::PathBuf;

use domain::folder::TableFolder;
use table_folder::FOLDER;

use crate::env;

/// The variable that names another folder than the one beside the program.
const VARIABLE: &str = "ROWGATE_SQL";

/// A folder of tables that cannot be used, in one sentence with file, line and problem.
///
/// `main` returns it, and Rust prints the `Debug` form of what `main` returns: so both forms are
/// that sentence.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the folder of tables: {0}")]
pub struct TablesError(String);

impl fmt::Debug for TablesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads the folder of tables that `ROWGATE_SQL` names, or `sql` beside the program. It stays in
/// memory until the program ends, so call this once.
///
/// # Errors
/// [`TablesError`], which is the end of the program.
pub fn read() -> Result<&'static TableFolder, TablesError> {
    let folder = table_folder::read(&folder()?).map_err(|error| TablesError(error.to_string()))?;
    Ok(Box::leak(Box::new(folder)))
}

fn folder() -> Result<PathBuf, TablesError> {
    if let Some(folder) = env::optional(VARIABLE) {
        return Ok(folder.into());
    }
    let program = std::env::current_exe().map_err(|error| {
        TablesError(format!("{VARIABLE} is not set, and the program's own path: {error}"))
    })?;
    Ok(program.with_file_name(FOLDER))
}
