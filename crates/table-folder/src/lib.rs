#![doc = include_str!("../README.md")]

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use domain::folder::{FolderError, TableFolder};

/// The name of the folder of tables beside a program that reads it.
pub const FOLDER: &str = "sql";

/// The name of the dictionary in a folder of tables.
pub const DICTIONARY: &str = "dictionary.toml";

/// The folder with the tables of the lake, which are no part of a [`TableFolder`].
const GOLD: &str = "gold";

/// Folders in folders at most: `migrations/<name>/`.
const MAX_DEPTH: usize = 2;

/// Reads the folder of tables at this path.
///
/// # Errors
/// What is wrong first: there is no such folder, a file cannot be read, or is wrong.
pub fn read(folder: &Path) -> Result<TableFolder, FolderError> {
    TableFolder::parse(&folder.display().to_string(), &files(folder)?)
}

/// Returns the texts of the files in the folder of tables at this path, by their paths within it.
///
/// # Errors
/// There is no such folder, or a file cannot be read.
pub fn files(folder: &Path) -> Result<BTreeMap<String, String>, FolderError> {
    // Read first: a folder without it is none of tables, and may be as large as a disk.
    let dictionary = folder.join(DICTIONARY);
    let text = fs::read_to_string(&dictionary).map_err(|error| unreadable(&dictionary, &error))?;
    let mut files = BTreeMap::from([(DICTIONARY.to_owned(), text)]);
    collect(folder, "", &mut files)?;
    Ok(files)
}

/// Adds the texts of the SQL files in `folder`, and in the folders in it, to `files`. `within` is
/// its own path within the folder of tables: nothing, or one that ends with a slash.
fn collect(folder: &Path, within: &str, files: &mut BTreeMap<String, String>) -> Result<(), FolderError> {
    let unreadable_folder = |error| unreadable(folder, &error);
    for entry in fs::read_dir(folder).map_err(unreadable_folder)? {
        let path = entry.map_err(unreadable_folder)?.path();
        let wrong = |problem: &str| Err(FolderError::of_file(path.display().to_string(), problem));
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return wrong("has a name that is not UTF-8");
        };
        let inner = format!("{within}{name}");
        if name.starts_with('.') || inner == GOLD {
            continue;
        }
        if path.is_dir() {
            // A link that leads back would have no end.
            if within.matches('/').count() >= MAX_DEPTH {
                return wrong("is a folder where none belongs");
            }
            collect(&path, &format!("{inner}/"), files)?;
        } else if name.to_ascii_lowercase().ends_with(".sql") {
            if !name.ends_with(".sql") {
                return wrong("is not read; its name ends with .sql in small letters");
            }
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
            files.insert(inner, text);
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &io::Error) -> FolderError {
    let problem = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::InvalidData => "is not UTF-8".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    FolderError::of_file(path.display().to_string(), problem)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use anyhow::Result;
    use tempfile::TempDir;

    use super::*;

    /// A folder with only the dictionary of the tests' own.
    fn folder() -> Result<TempDir> {
        let folder = TempDir::new()?;
        fs::copy(repository().join("crates/testkit/sql/dictionary.toml"), folder.path().join(DICTIONARY))?;
        Ok(folder)
    }

    fn repository() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    fn write(folder: &TempDir, file: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap())?;
        fs::write(&path, content)?;
        Ok(path)
    }

    #[test]
    fn reads_the_folders_of_the_repository() -> Result<()> {
        let examples = fs::read_dir(repository().join("examples"))?;
        let examples: Vec<_> = examples.collect::<Result<_, _>>()?;
        let examples = examples.iter().map(|example| example.path().join(FOLDER));
        for folder in examples
            .filter(|folder| folder.exists())
            .chain([repository().join(FOLDER), repository().join("crates/testkit/sql")])
        {
            let folder = read(&folder)?;
            for report in &folder.reports {
                assert!(!report.description.is_empty(), "{} has a description", report.name);
                assert!(!report.sql.contains("--") && !report.sql.contains("/*"), "{}", report.sql);
            }
        }
        Ok(())
    }

    #[test]
    fn skips_what_it_has_no_use_for() -> Result<()> {
        let folder = folder()?;
        write(&folder, "gold/heads.sql", [0xff])?;
        write(&folder, "reports/.heads.sql", "no report")?;
        write(&folder, "reports/README.md", "no report")?;
        assert!(read(folder.path())?.reports.is_empty());
        Ok(())
    }

    #[test]
    fn names_the_file_that_it_cannot_read() -> Result<()> {
        let empty = TempDir::new()?;
        let missing = empty.path().join(DICTIONARY);
        let error = read(empty.path()).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: there is no such file", missing.display()));
        let folder = folder()?;
        let report = write(&folder, "reports/heads.sql", [0xff])?;
        let error = read(folder.path()).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: is not UTF-8", report.display()));
        Ok(())
    }

    #[test]
    fn passes_over_nothing_that_should_be_read() -> Result<()> {
        for (file, problem) in [
            ("reports/heads.SQL", "is not read; its name ends with .sql in small letters"),
            ("migrations/20261122_drop_tags/old/one/up.sql", "is a folder where none belongs"),
        ] {
            let folder = folder()?;
            write(&folder, file, "DROP TABLE tags;\n")?;
            let error = read(folder.path()).unwrap_err().to_string();
            assert!(error.contains(problem), "{file}: {error}");
        }
        let folder = folder()?;
        std::os::unix::fs::symlink(".", folder.path().join("reports"))?;
        assert!(read(folder.path()).unwrap_err().to_string().contains("is a folder where none belongs"));
        Ok(())
    }

    #[test]
    fn names_file_and_line_of_a_mistake() -> Result<()> {
        let folder = folder()?;
        let up = write(&folder, "migrations/20261122_drop_tags/up.sql", "-- Why.\nDROP TABLE tags\n")?;
        let error = read(folder.path()).unwrap_err();
        assert!(error.to_string().starts_with(&format!("{}:2: ", up.display())), "{error}");
        Ok(())
    }
}
