//! The folder of tables that the command knows: that of `ROWGATE_SQL`, or `sql` in the current
//! folder.
//!
//! Verbs that call the API work without one; the service has its own.

use std::path::PathBuf;
use std::sync::LazyLock;

use anyhow::Result;
use domain::dictionary::Dictionary;
use domain::folder::{FolderError, TableFolder};

use crate::exit::user_error;

static FOLDER: LazyLock<Result<TableFolder, FolderError>> = LazyLock::new(|| table_folder::read(&path()));

/// Returns the content of the folder.
///
/// # Errors
/// A user error: there is no such folder, or it is wrong.
pub(crate) fn tables() -> Result<&'static TableFolder> {
    FOLDER.as_ref().map_err(|error| {
        user_error(format!("{error}. ROWGATE_SQL names the folder of tables, which is sql by default."))
    })
}

/// Returns the dictionary of the folder.
///
/// # Errors
/// Those of [`tables`].
pub(crate) fn dictionary() -> Result<&'static Dictionary> {
    Ok(&tables()?.dictionary)
}

/// Returns the path of the folder.
#[cfg(not(test))]
pub(crate) fn path() -> PathBuf {
    let named = std::env::var_os("ROWGATE_SQL").filter(|folder| !folder.is_empty());
    named.map_or_else(|| table_folder::FOLDER.into(), PathBuf::from)
}

/// Returns the path of the tests' own folder, whatever the environment names.
#[cfg(test)]
pub(crate) fn path() -> PathBuf {
    testkit::SQL.into()
}
