use std::path::Path;
use std::sync::LazyLock;

use domain::dictionary::{Dictionary, Table};
use domain::folder::TableFolder;

/// The path of the tests' own folder of tables, a small library. No deployment has its tables;
/// those of the repository's own folder are in [`hr`](crate::hr).
pub const SQL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sql");

static FOLDER: LazyLock<TableFolder> = LazyLock::new(|| read(SQL));

#[expect(clippy::expect_used, reason = "no test can do without it")]
pub(crate) fn read(path: &str) -> TableFolder {
    table_folder::read(Path::new(path)).expect("the folder of tables is sound")
}

/// Returns the tests' own folder of tables.
pub fn folder() -> &'static TableFolder {
    &FOLDER
}

/// Returns the dictionary of the tests' own folder of tables.
pub fn dictionary() -> &'static Dictionary {
    &FOLDER.dictionary
}

/// Returns the names of the tables of the tests' own folder, each after those that it refers to.
pub fn tables() -> Vec<&'static str> {
    names(dictionary())
}

pub(crate) fn names(dictionary: &Dictionary) -> Vec<&str> {
    dictionary.visible_tables().map(Table::name).collect()
}
