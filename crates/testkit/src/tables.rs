use std::path::Path;
use std::sync::LazyLock;

use domain::dictionary::{Dictionary, Table};
use domain::folder::TableFolder;

/// The path of the repository's own folder of tables, which tests use unless they bring another.
pub const SQL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sql");

static FOLDER: LazyLock<TableFolder> = LazyLock::new(read);

#[expect(clippy::expect_used, reason = "no test can do without it")]
fn read() -> TableFolder {
    table_folder::read(Path::new(SQL)).expect("the repository's folder of tables is sound")
}

/// Returns the repository's own folder of tables.
pub fn folder() -> &'static TableFolder {
    &FOLDER
}

/// Returns the dictionary of the repository's own folder of tables.
pub fn dictionary() -> &'static Dictionary {
    &FOLDER.dictionary
}

/// Returns the names of the tables of the repository's own folder, each after those that it refers
/// to.
pub fn tables() -> Vec<&'static str> {
    dictionary().visible_tables().map(Table::name).collect()
}
