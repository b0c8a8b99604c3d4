//! The folder of tables of a local cloud, which remembers it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use domain::migration::Migration;

use super::database::Database;
use super::deploy::text;
use super::layout::Layout;
use crate::exit::user_error;

/// The folder of a new cloud, if none is asked for.
const DEFAULT: &str = "sql";

/// A folder of tables, checked.
pub(super) struct Tables {
    /// Its path, absolute.
    pub folder: PathBuf,
    migrations: Vec<Migration>,
}

impl Tables {
    /// Reads the folder that is asked for, or else that of the last time, or else `sql`.
    pub(super) fn read(asked: Option<&Path>, layout: &Layout) -> Result<Self> {
        let remembered = || fs::read_to_string(&layout.deployed.tables).ok().map(PathBuf::from);
        let folder = asked.map(Path::to_owned).or_else(remembered).unwrap_or_else(|| DEFAULT.into());
        let folder = std::path::absolute(&folder)
            .map_err(|error| user_error(format!("{}: {error}.", folder.display())))?;
        let tables = table_folder::read(&folder).map_err(|error| user_error(error.to_string()))?;
        Ok(Self { folder, migrations: tables.migrations })
    }

    /// Refuses a database that has the tables of another folder, before anything is deployed.
    pub(super) async fn check_database(
        &self,
        database: &Database<'_>,
        schema: &str,
        layout: &Layout,
    ) -> Result<()> {
        let applied = database.migrations(schema).await?;
        let Some(unknown) = self.unknown(&applied) else { return Ok(()) };
        Err(user_error(format!(
            "The local cloud in {} has tables of another folder: its database has the migration {unknown}, and {} \
             has not. `make clean` (`rowgate local clean`) removes the data, another --dir leaves it, --sql names \
             the folder.",
            layout.root.display(),
            self.folder.display()
        )))
    }

    /// Returns the first of these migrations that neither the folder has nor Rowgate itself.
    fn unknown<'a>(&self, applied: &'a [String]) -> Option<&'a str> {
        let is_known = |name: &String| self.migrations.iter().any(|migration| migration.name() == name);
        applied.iter().find(|name| !is_known(name)).map(String::as_str)
    }

    /// Remembers the folder for the next time.
    pub(super) fn remember(&self, layout: &Layout) -> Result<()> {
        let path = &layout.deployed.tables;
        fs::write(path, text(&self.folder)?).with_context(|| format!("writing {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DICTIONARY: &str = r#"
[[table]]
name = "things"
description = "Things."
columns = [{ name = "id", type = "integer", key = true, description = "The key." }]
"#;

    /// Writes a folder of tables with one migration.
    fn tables(folder: &Path, migration: &str) {
        let migration = folder.join("migrations").join(migration);
        fs::create_dir_all(&migration).unwrap();
        fs::write(migration.join("up.sql"), "CREATE TABLE things (id INT NOT NULL, PRIMARY KEY (id));\n")
            .unwrap();
        fs::write(folder.join("dictionary.toml"), DICTIONARY).unwrap();
    }

    #[test]
    fn the_folder_is_the_one_asked_for_and_then_that_of_the_last_time() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(&folder.path().join("cloud")).unwrap();
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        for folder in [&first, &second] {
            tables(folder, "20260102_create_things");
        }
        let read = |asked| Tables::read(asked, &layout).unwrap();
        read(Some(&first)).remember(&layout).unwrap();
        assert_eq!(read(None).folder, first);
        assert_eq!(read(Some(&second)).folder, second);
        assert!(layout.data().contains(&layout.deployed.tables), "`clean` forgets it");
    }

    #[test]
    fn a_wrong_folder_is_the_users_to_put_right() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(&folder.path().join("cloud")).unwrap();
        let none = folder.path().join("none");
        let error = Tables::read(Some(&none), &layout).err().unwrap();
        assert_eq!(error.to_string(), format!("{}/dictionary.toml: there is no such file", none.display()));
    }

    #[test]
    fn migrations_of_another_folder_are_found_and_rowgates_own_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(&folder.path().join("cloud")).unwrap();
        tables(folder.path(), "20260102_create_things");
        let tables = Tables::read(Some(folder.path()), &layout).unwrap();
        let own: Vec<String> =
            domain::built_in::migrations().unwrap().iter().map(|one| one.name().into()).collect();
        assert_eq!(tables.unknown(&own), None);
        let applied = ["20260102_create_things", "20260103_create_others"].map(str::to_owned);
        assert_eq!(tables.unknown(&applied), Some("20260103_create_others"));
    }
}
