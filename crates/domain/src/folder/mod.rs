//! A folder of tables: everything that a deployment says about its own tables.
//!
//! ```text
//! sql/
//!     dictionary.toml                           the tables
//!     migrations/<date>_<verb>_<noun>/up.sql    what makes them in the database
//!     reports/<name>.sql                        queries over them
//!     gold/<name>.sql                           tables of the lake, which only its job reads
//! ```
//!
//! Rowgate's own tables are [built in](crate::built_in): a folder has none whose name begins with
//! `rowgate_`, and its migrations do not name any.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::DictionaryError;
use crate::built_in;
use crate::dictionary::Dictionary;
use crate::migration::{self, Migration};
use crate::report::Report;

pub use crate::folder_error::FolderError;

const DICTIONARY: &str = "dictionary.toml";

/// The content of a folder of tables, checked. Only [`TableFolder::parse`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableFolder {
    /// The tables, with Rowgate's own after them.
    pub dictionary: Dictionary,
    /// The version of the dictionary: 16 hexadecimal digits of the SHA-256 of the text of
    /// `dictionary.toml`. Another comment makes another version.
    pub version: String,
    /// The reports, in the order of their names.
    pub reports: Vec<Report>,
    /// All migrations of the database in the order in which they are applied: Rowgate's own and
    /// then the folder's, each in the order of their names.
    pub migrations: Vec<Migration>,
}

impl TableFolder {
    /// Reads a folder from the texts of its files, which are known by their paths within it, with
    /// `/` between their parts. `root` is the path of the folder in errors. Files that do not end
    /// with `.sql` are ignored, but for the dictionary.
    ///
    /// # Errors
    /// The first mistake: a file that is missing or stands in the wrong place, or what is wrong in
    /// one.
    pub fn parse(root: &str, files: &BTreeMap<String, String>) -> Result<Self, FolderError> {
        read(files).map_err(|error| error.under(root))
    }
}

impl From<DictionaryError> for FolderError {
    fn from(error: DictionaryError) -> Self {
        let place = match (&error.table, &error.column) {
            (Some(table), Some(column)) => format!("table {table}, column {column}: "),
            (Some(table), None) => format!("table {table}: "),
            _ => String::new(),
        };
        Self { file: error.file, line: error.line, problem: place + &error.problem }
    }
}

/// What a file of a folder is, by its path.
enum Place<'a> {
    Dictionary,
    /// The `up.sql` of the migration of this name.
    Migration(&'a str),
    Report,
    /// A file that this module does not read.
    Other,
}

impl<'a> Place<'a> {
    fn of(path: &'a str) -> Result<Self, FolderError> {
        let parts: Vec<&str> = path.split('/').collect();
        match *parts {
            [DICTIONARY] => Ok(Self::Dictionary),
            ["migrations", name, "up.sql"] => Ok(Self::Migration(name)),
            ["reports", file] if file.ends_with(".sql") => Ok(Self::Report),
            ["gold", _] => Ok(Self::Other),
            // It would never be read, and nobody would notice.
            [.., file] if file.ends_with(".sql") => Err(FolderError::of_file(
                path,
                "is in the wrong place: SQL stands in migrations/<date>_<verb>_<noun>/up.sql, \
                 reports/<name>.sql and gold/<name>.sql",
            )),
            _ => Ok(Self::Other),
        }
    }
}

fn read(files: &BTreeMap<String, String>) -> Result<TableFolder, FolderError> {
    let mut migrations = Vec::new();
    let mut reports = Vec::new();
    for (path, text) in files {
        match Place::of(path)? {
            Place::Migration(name) => migrations.push((name, text.as_str())),
            Place::Report => reports.push((path, text)),
            Place::Dictionary | Place::Other => {}
        }
    }
    let text = files.get(DICTIONARY).ok_or_else(|| FolderError::of_file(DICTIONARY, "is missing"))?;
    let dictionary = Dictionary::parse(DICTIONARY, text)?;
    let mut reports = reports
        .into_iter()
        .map(|(path, text)| Report::parse(path, text, &dictionary))
        .collect::<Result<Vec<_>, _>>()?;
    reports.sort_by(|a, b| a.name.cmp(&b.name));
    let version = hex::encode(&Sha256::digest(text)[..8]);
    Ok(TableFolder { dictionary, version, reports, migrations: all_migrations(migrations)? })
}

/// Returns Rowgate's own migrations and the folder's, whose names and texts are given.
fn all_migrations(files: Vec<(&str, &str)>) -> Result<Vec<Migration>, FolderError> {
    let mut all = built_in::migrations()?;
    for (name, text) in &files {
        if name.split('_').any(|word| word == built_in::WORD) {
            let problem =
                format!("names with the word {} are those of Rowgate's own migrations", built_in::WORD);
            return Err(FolderError::of_file(migration::file(name), problem));
        }
        if all.iter().any(|own| own.name() == *name) {
            let problem = "a migration of Rowgate's own has this name; take another";
            return Err(FolderError::of_file(migration::file(name), problem));
        }
        check_tables(name, text)?;
    }
    all.extend(migration::parse_all(files)?);
    Ok(all)
}

/// Refuses a migration that names one of Rowgate's own tables.
fn check_tables(name: &str, text: &str) -> Result<(), FolderError> {
    for (index, line) in text.lines().enumerate() {
        if !migration::is_comment(line) && names_own_table(line) {
            let problem = format!("names with {} are those of Rowgate's own tables", built_in::PREFIX);
            return Err(FolderError::at_line(migration::file(name), index + 1, problem));
        }
    }
    Ok(())
}

/// Returns true if a word of the line begins with the prefix of Rowgate's own tables. MySQL
/// compares names of tables without regard to case on some systems.
fn names_own_table(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let mut found = line.match_indices(built_in::PREFIX);
    found.any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$')
    })
}
