//! The folder of tables of a program, read once at start.

use std::fmt;
use std::path::PathBuf;

use domain::folder::TableFolder;
use table_folder::FOLDER;

use crate::env;

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
/// memory until the program ends.
///
/// # Errors
/// [`TablesError`]: the program cannot start.
pub fn read() -> Result<&'static TableFolder, TablesError> {
    read_at(env::optional("ROWGATE_SQL").map(PathBuf::from))
}

/// Reads the folder of tables at this path, as [`read`] does; `None` is `sql` beside the program.
///
/// # Errors
/// As [`read`].
pub fn read_at(folder: Option<PathBuf>) -> Result<&'static TableFolder, TablesError> {
    let folder = match folder {
        Some(folder) => folder,
        None => std::env::current_exe()
            .map_err(|error| TablesError(format!("the path of this program is unknown: {error}")))?
            .with_file_name(FOLDER),
    };
    let folder = table_folder::read(&folder).map_err(|error| TablesError(error.to_string()))?;
    Ok(Box::leak(Box::new(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_used_is_one_sentence_however_it_is_printed() {
        let error = read_at(Some("/nowhere".into())).unwrap_err();
        let sentence = "the folder of tables: /nowhere/dictionary.toml: there is no such file";
        assert_eq!((error.to_string(), format!("{error:?}")), (sentence.to_owned(), sentence.to_owned()));
    }
}
