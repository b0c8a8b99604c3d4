//! The files of a demonstration: one for each table.

use std::path::{Path, PathBuf};

use anyhow::Result;
use domain::dictionary::{Dictionary, Table};

use crate::exit::user_error;

/// Returns the CSV file of each table, the tables in the order of their references. A file has an
/// alias of the table as its name, or the table's own.
pub(super) fn find<'d>(folder: &Path, dictionary: &'d Dictionary) -> Result<Vec<(&'d Table, PathBuf)>> {
    if !folder.is_dir() {
        return Err(user_error(format!("There is no folder {}.", folder.display())));
    }
    dictionary
        .visible_tables()
        .map(|table| {
            let names = names(table);
            let paths = names.iter().flat_map(|name| {
                ["csv", "jsonl"].map(|extension| folder.join(format!("{name}.{extension}")))
            });
            paths.into_iter().find(|path| path.is_file()).map(|path| (table, path)).ok_or_else(|| {
                let names: Vec<String> = names.iter().map(|name| format!("{name}.csv")).collect();
                user_error(format!("The folder {} has no {}.", folder.display(), names.join(" or ")))
            })
        })
        .collect()
}

fn names(table: &Table) -> Vec<&str> {
    table.aliases().iter().map(String::as_str).chain([table.name()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DICTIONARY: &str = r#"
[[table]]
name = "loans"
aliases = ["lent_books"]
description = "Loans."
columns = [
    { name = "id", type = "integer", key = true, description = "The key." },
    { name = "book_id", type = "integer", references = "books", description = "The book." },
]

[[table]]
name = "books"
description = "Books."
columns = [{ name = "id", type = "integer", key = true, description = "The key." }]
"#;

    #[test]
    fn a_missing_folder_or_file_is_named_in_one_sentence() {
        let dictionary = Dictionary::parse("dictionary.toml", DICTIONARY).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let failure = |folder: &Path| find(folder, &dictionary).err().unwrap().to_string();
        let missing = folder.path().join("none");
        assert_eq!(failure(&missing), format!("There is no folder {}.", missing.display()));
        let has_no = |names| format!("The folder {} has no {names}.", folder.path().display());
        assert_eq!(failure(folder.path()), has_no("books.csv"));
        std::fs::write(folder.path().join("books.csv"), "").unwrap();
        assert_eq!(failure(folder.path()), has_no("lent_books.csv or loans.csv"));
    }

    #[test]
    fn tables_come_in_the_order_of_their_references_and_a_file_may_have_an_alias_as_its_name() {
        let dictionary = Dictionary::parse("dictionary.toml", DICTIONARY).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["books.csv", "loans.csv", "lent_books.csv"] {
            std::fs::write(path(name), "").unwrap();
        }
        let found = |dictionary| {
            let files = find(folder.path(), dictionary).unwrap();
            files.into_iter().map(|(table, path)| (table.name().to_owned(), path)).collect::<Vec<_>>()
        };
        std::fs::rename(path("books.csv"), path("books.jsonl")).unwrap();
        let books = ("books".to_owned(), path("books.jsonl"));
        assert_eq!(found(&dictionary), [books.clone(), ("loans".to_owned(), path("lent_books.csv"))]);
        std::fs::remove_file(path("lent_books.csv")).unwrap();
        assert_eq!(found(&dictionary), [books, ("loans".to_owned(), path("loans.csv"))]);
    }
}
