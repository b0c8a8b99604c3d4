//! What the key of a dropped file says: `incoming/<table>/[<mode>/]<file>.csv`.

use crate::dictionary::{Dictionary, LoadMode, Table};

/// The prefix under which files are dropped to be loaded.
pub const INCOMING: &str = "incoming/";

/// A file to load, as its key describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incoming<'d> {
    /// The table it is for.
    pub table: &'d Table,
    /// What to do with rows whose id is taken.
    pub mode: LoadMode,
}

/// Why a key cannot be loaded. The file stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The key has another form.
    #[error("the key is not incoming/<table>/<file>.csv")]
    Form,
    /// The key's table does not exist.
    #[error("there is no table {name:?}; the tables are {known}")]
    UnknownTable {
        /// What stands in its place.
        name: String,
        /// The tables there are.
        known: String,
    },
    /// The folder below the table names no mode.
    #[error("{0:?} is no mode of loading; use append, upsert or replace, or no folder")]
    UnknownMode(String),
    /// The mode exists, but cannot be loaded with.
    #[error("loading with mode {0} is not supported; only append is")]
    UnsupportedMode(LoadMode),
    /// The file's ending names no format that can be read.
    #[error("{0:?} cannot be read; only files that end in .csv can")]
    UnsupportedFormat(String),
}

impl<'d> Incoming<'d> {
    /// Reads a key, already decoded from the event's URL encoding.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with it.
    pub fn from_key(dictionary: &'d Dictionary, key: &str) -> Result<Self, KeyError> {
        let parts: Vec<&str> = key.strip_prefix(INCOMING).ok_or(KeyError::Form)?.split('/').collect();
        let (name, mode, file) = match parts[..] {
            [name, file] => (name, None, file),
            [name, mode, file] => (name, Some(mode), file),
            _ => return Err(KeyError::Form),
        };
        let table = dictionary.table(name).ok_or_else(|| KeyError::UnknownTable {
            name: name.to_owned(),
            known: dictionary.table_names(),
        })?;
        let mode = match mode {
            None => table.default_mode(),
            Some(mode) => LoadMode::from_name(mode).ok_or_else(|| KeyError::UnknownMode(mode.to_owned()))?,
        };
        if mode != LoadMode::Append {
            return Err(KeyError::UnsupportedMode(mode));
        }
        if !file.to_ascii_lowercase().ends_with(".csv") {
            return Err(KeyError::UnsupportedFormat(file.to_owned()));
        }
        Ok(Self { table, mode })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    fn read(key: &str) -> Result<(&'static str, LoadMode), String> {
        Incoming::from_key(shipped::dictionary().unwrap(), key)
            .map(|incoming| (incoming.table.name(), incoming.mode))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn reads_table_and_mode_from_the_key() {
        assert_eq!(read("incoming/hired_employees/a b+c é.CSV"), Ok(("employees", LoadMode::Append)));
        assert_eq!(read("incoming/jobs/append/x.csv"), Ok(("jobs", LoadMode::Append)));
    }

    #[test]
    fn says_what_is_wrong_with_a_key() {
        for (key, expected) in [
            ("incoming/x.csv", "the key is not incoming/<table>/<file>.csv"),
            ("elsewhere/jobs/x.csv", "the key is not incoming/<table>/<file>.csv"),
            ("incoming/jobs/append/2021/x.csv", "the key is not incoming/<table>/<file>.csv"),
            (
                "incoming/people/x.csv",
                "there is no table \"people\"; the tables are departments, jobs, employees",
            ),
            (
                "incoming/jobs/merge/x.csv",
                "\"merge\" is no mode of loading; use append, upsert or replace, or no folder",
            ),
            ("incoming/jobs/replace/x.csv", "loading with mode replace is not supported; only append is"),
            ("incoming/jobs/", "\"\" cannot be read; only files that end in .csv can"),
            ("incoming/jobs/x.csv.gz", "\"x.csv.gz\" cannot be read; only files that end in .csv can"),
        ] {
            assert_eq!(read(key), Err(expected.to_owned()), "{key}");
        }
    }
}
