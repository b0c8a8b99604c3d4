//! Parses the key of a dropped file: `incoming/<table>/[<mode>/]<file>`.

mod format;
mod marker;

pub use format::{Content, Format, Packing, READABLE_FILES};
pub use marker::{no_data, no_data_below};

use crate::dictionary::{Dictionary, LoadMode, Table};

/// The prefix under which files are dropped to be loaded.
pub const INCOMING: &str = "incoming/";

/// A file to load, as its key describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incoming<'d> {
    /// The table it is for.
    pub table: &'d Table,
    /// The mode: what to do with rows whose id is taken.
    pub mode: LoadMode,
    /// The format of its content.
    pub format: Format,
}

/// Why a key cannot be loaded. The file stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The key has another form.
    #[error("the key is neither incoming/<table>/<file> nor incoming/<table>/<mode>/<file>")]
    Form,
    /// The key's table does not exist.
    #[error("there is no table {name:?}; the tables are {known}")]
    UnknownTable {
        /// The name in its place.
        name: String,
        /// The tables there are.
        known: String,
    },
    /// The folder below the table names no mode.
    #[error("{0:?} is no mode of loading; use append, upsert or replace, or no folder")]
    UnknownMode(String),
    /// The file's ending names no format that can be read.
    #[error("{file:?} cannot be read: {advice}; {READABLE_FILES}")]
    UnsupportedFormat {
        /// The file's name.
        file: String,
        /// Advice on what to do with it.
        advice: &'static str,
    },
}

impl<'d> Incoming<'d> {
    /// Reads a key, already decoded from the event's URL encoding.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with it.
    pub fn from_key(dictionary: &'d Dictionary, key: &str) -> Result<Self, KeyError> {
        let parts: Vec<&str> = key.strip_prefix(INCOMING).ok_or(KeyError::Form)?.split('/').collect();
        let (table, mode, file) = match parts[..] {
            [table, file] => (table, None, file),
            [table, mode, file] => (table, Some(mode), file),
            _ => return Err(KeyError::Form),
        };
        Self::of(dictionary, table, mode, file)
    }

    /// Describes a file anywhere in a bucket, whose table and perhaps mode are given; only its
    /// format is read from the key.
    ///
    /// # Errors
    /// [`KeyError`] for a table, mode or format that does not exist.
    pub fn for_table(
        dictionary: &'d Dictionary,
        key: &str,
        table_name: &str,
        mode_name: Option<&str>,
    ) -> Result<Self, KeyError> {
        Self::of(dictionary, table_name, mode_name, key.rsplit('/').next().unwrap_or_default())
    }

    fn of(dictionary: &'d Dictionary, table: &str, mode: Option<&str>, file: &str) -> Result<Self, KeyError> {
        let table = dictionary.table(table).ok_or_else(|| KeyError::UnknownTable {
            name: table.to_owned(),
            known: dictionary.table_names(),
        })?;
        let mode = match mode {
            None => table.default_mode(),
            Some(mode) => LoadMode::from_name(mode).ok_or_else(|| KeyError::UnknownMode(mode.to_owned()))?,
        };
        let format = Format::of_file(file)
            .map_err(|advice| KeyError::UnsupportedFormat { file: file.to_owned(), advice })?;
        Ok(Self { table, mode, format })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library;

    type Read = Result<(&'static str, LoadMode, &'static str), String>;

    fn parts(incoming: Result<Incoming<'static>, KeyError>) -> Read {
        let incoming = incoming.map_err(|error| error.to_string())?;
        Ok((incoming.table.name(), incoming.mode, incoming.format.as_str()))
    }

    fn read(key: &str) -> Read {
        parts(Incoming::from_key(library::dictionary(), key))
    }

    #[test]
    fn reads_table_mode_and_format_from_the_key() {
        for (key, expected) in [
            ("incoming/filed_documents/a b+c é.CSV", ("documents", LoadMode::Append, "csv")),
            ("incoming/tags/append/x.csv", ("tags", LoadMode::Append, "csv")),
            ("incoming/tags/upsert/x.csv.gz", ("tags", LoadMode::Upsert, "gzip")),
            ("incoming/tags/replace/x.Csv.Zst", ("tags", LoadMode::Replace, "zstd")),
            ("incoming/tags/x.txt", ("tags", LoadMode::Append, "csv")),
            ("incoming/tags/x.TSV.gz", ("tags", LoadMode::Append, "tsv.gz")),
            ("incoming/tags/x.ndjson", ("tags", LoadMode::Append, "jsonl")),
            ("incoming/tags/x.jsonl.zst", ("tags", LoadMode::Append, "jsonl.zst")),
            ("incoming/tags/x.xlsm", ("tags", LoadMode::Append, "xlsx")),
            ("incoming/tags/x.xlsx.gz", ("tags", LoadMode::Append, "xlsx.gz")),
        ] {
            assert_eq!(read(key), Ok(expected), "{key}");
        }
    }

    #[test]
    fn takes_table_and_mode_as_asked_and_the_format_from_the_name() {
        let dictionary = library::dictionary();
        let as_asked = |key, table, mode| parts(Incoming::for_table(dictionary, key, table, mode));
        assert_eq!(
            as_asked("archive/2021/07/people.xlsx", "filed_documents", Some("upsert")),
            Ok(("documents", LoadMode::Upsert, "xlsx"))
        );
        assert_eq!(as_asked("tags.csv", "tags", None), Ok(("tags", LoadMode::Append, "csv")));
        assert!(as_asked("tags.csv", "people", None).is_err());
        assert!(as_asked("tags.csv", "tags", Some("merge")).is_err());
        assert!(as_asked("tags.csv/tags", "tags", None).is_err());
    }

    #[test]
    fn says_what_is_wrong_with_a_key() {
        let form = "the key is neither incoming/<table>/<file> nor incoming/<table>/<mode>/<file>";
        let tables = library::dictionary().table_names();
        let unknown = format!("there is no table \"people\"; the tables are {tables}");
        for (key, expected) in [
            ("incoming/x.csv", form),
            ("elsewhere/tags/x.csv", form),
            ("incoming/tags/append/2021/x.csv", form),
            ("incoming/people/x.csv", &unknown),
            (
                "incoming/tags/merge/x.csv",
                "\"merge\" is no mode of loading; use append, upsert or replace, or no folder",
            ),
        ] {
            assert_eq!(read(key), Err(expected.to_owned()), "{key}");
        }
    }

    #[test]
    fn says_what_to_do_with_a_file_that_cannot_be_read() {
        for (file, advice) in [
            ("", "it is a folder"),
            ("people.XLS", "save it as .xlsx or .csv"),
            ("x.csv.zip", "unpack it and drop the files in it, one by one"),
            ("x.tar.gz", "unpack it and drop the files in it, one by one"),
            ("x.csv.bz2", "unpack it, or pack it with gzip or zstd"),
            ("x.gz", "if it holds CSV, name it .csv.gz or .csv.zst"),
            ("x.csv.gzip", "name it .csv.gz or .csv.zst"),
            ("x.json", "write one object a line and name it .jsonl"),
            ("x.tab", "if it holds values separated by tabs, name it .tsv"),
            ("x.pdf", "convert it"),
            ("csv", "convert it"),
        ] {
            let expected = format!("{file:?} cannot be read: {advice}; files that end in .csv,");
            let error = read(&format!("incoming/tags/{file}")).unwrap_err();
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}
