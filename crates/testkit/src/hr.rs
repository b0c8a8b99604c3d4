//! The repository's own folder of tables: for tests of what is in it, tests on a cloud of it, and
//! benchmarks. Other tests use the [tests' own folder](crate::folder).

use std::sync::LazyLock;

use domain::dictionary::Dictionary;
use domain::folder::TableFolder;

use crate::tables::{names, read};

/// The path of the folder.
pub const SQL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sql");

static FOLDER: LazyLock<TableFolder> = LazyLock::new(|| read(SQL));

/// Returns the folder.
pub fn folder() -> &'static TableFolder {
    &FOLDER
}

/// Returns its dictionary.
pub fn dictionary() -> &'static Dictionary {
    &FOLDER.dictionary
}

/// Returns the names of its tables, each after those that it refers to.
pub fn tables() -> Vec<&'static str> {
    names(dictionary())
}
