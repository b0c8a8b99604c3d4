//! `rowgate tables`

use std::fs;
use std::path::{Path, PathBuf};

use ::local_database::Kind;

use crate::{rowgate, stderr, stdout};

fn sales() -> String {
    Path::new(testkit::hr::SQL).join("../examples/sales/sql").display().to_string()
}

/// The database that these tests are run with.
fn kind() -> &'static str {
    Kind::from_env().unwrap().name()
}

/// Writes a folder of one table with some reports.
fn folder(root: &Path, migration: &str, reports: &[(&str, &str)]) -> PathBuf {
    let dictionary = "[[table]]\nname = \"things\"\ncolumns = [\n    { name = \"code\", type = \"string(9)\", key = true },\n    { name = \"price\", type = \"decimal(8,2)\" },\n]\n";
    let header = "/*\ntitle = \"Dear things\"\ncolumns = [{ name = \"code\", type = \"string\" }, { name = \"price\", type = \"decimal\" }]\ntables = [\"things\"]\n*/\n";
    let folder = root.join("sql");
    let reports = reports.iter().map(|(name, sql)| (format!("reports/{name}.sql"), format!("{header}{sql}")));
    let files = [
        ("dictionary.toml".to_owned(), dictionary.to_owned()),
        ("migrations/20261121_create_things/up.sql".to_owned(), migration.to_owned()),
    ];
    for (file, text) in files.into_iter().chain(reports) {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn the_folders_of_the_repository_pass() {
    let root = tempfile::tempdir().unwrap();
    for folder in [testkit::SQL, testkit::hr::SQL, &sales()] {
        for options in [&["--offline"][..], &["--database", kind()]] {
            let output = rowgate(root.path(), &[&["tables", "check", folder][..], options].concat());
            assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
        }
    }
    let output = rowgate(root.path(), &["tables", "check", &sales(), "--offline"]);
    assert!(stdout(&output).contains("  report  best-clients               ok\n"), "{}", stdout(&output));
}

#[test]
fn a_mistake_is_named_with_its_file_and_line() {
    let root = tempfile::tempdir().unwrap();
    let folder = folder(root.path(), "CREATE TABLE things (id INT PRIMARY KEY)", &[]);
    let output = rowgate(root.path(), &["tables", "check", folder.to_str().unwrap(), "--offline"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        format!(
            "error: {}/migrations/20261121_create_things/up.sql:1: the statement that begins here does not end with ; at the end of a line.\n",
            folder.display()
        )
    );
}

#[test]
fn the_first_problem_is_on_stderr_and_all_are_in_the_table() {
    let root = tempfile::tempdir().unwrap();
    let folder = folder(root.path(), "CREATE TABLE others (id INT PRIMARY KEY);", &[]);
    let output = rowgate(root.path(), &["tables", "check", folder.to_str().unwrap(), "--offline"]);
    assert_eq!(output.status.code(), Some(1));
    let problem = "is in the dictionary, but no migration names it";
    assert_eq!(
        stderr(&output),
        format!("error: {}/dictionary.toml: table things: {problem}.\n", folder.display())
    );
    assert!(stdout(&output).contains(&format!("  table  things  {problem}\n")), "{}", stdout(&output));
}

/// Returns what a check finds, and checks its exit code.
fn problems(folder: &Path) -> Vec<(String, String)> {
    let output =
        rowgate(folder, &["tables", "check", folder.to_str().unwrap(), "--json", "--database", kind()]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let findings: Vec<serde_json::Value> = serde_json::from_str(&stdout(&output)).unwrap();
    let found = |finding: &serde_json::Value| {
        Some((finding["name"].as_str()?.to_owned(), finding["problem"].as_str()?.to_owned()))
    };
    findings.iter().filter_map(found).collect()
}

#[test]
fn a_database_shows_what_the_files_do_not() {
    let root = tempfile::tempdir().unwrap();
    let reports = [
        ("fine", "SELECT t.code, t.price FROM things AS t ORDER BY t.price DESC, t.code"),
        ("one-column", "SELECT t.code FROM things AS t ORDER BY t.code"),
        ("other-type", "SELECT t.price AS code, t.price FROM things AS t ORDER BY t.price"),
        ("unknown-column", "SELECT t.code, t.cost AS price FROM things AS t ORDER BY t.code"),
    ];
    let create = "CREATE TABLE things (code VARCHAR(9) COLLATE utf8mb4_unicode_520_ci NOT NULL PRIMARY KEY, price DECIMAL(9,2) NOT NULL);";
    let found = problems(&folder(root.path(), create, &reports));
    let expected = [
        (
            "things",
            "code has the collation utf8mb4_unicode_520_ci; keys, unique columns and references need utf8mb4_bin or ascii_bin",
        ),
        ("things", "price is decimal(9,2); in the dictionary decimal(8,2), which is DECIMAL(8,2)"),
        ("one-column", "the query has the columns code; declared are code, price"),
        ("other-type", "column code is declared as string, the query has NEWDECIMAL"),
        ("unknown-column", "cost"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((name, problem), (expected_name, expected)) in found.iter().zip(expected) {
        assert!(name == expected_name && problem.contains(expected), "{name}: {problem}");
    }
}

#[test]
fn a_migration_that_fails_is_named_with_its_statement() {
    let root = tempfile::tempdir().unwrap();
    let folder = folder(root.path(), "CREATE TABLE things (code WHAT);", &[]);
    let found = problems(&folder);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "20261121_create_things");
    assert!(found[0].1.starts_with("statement 1, CREATE TABLE things (code WHAT): "), "{found:?}");
}

#[test]
fn a_table_from_a_file_is_proposed_and_then_written() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("articles.csv");
    // As a German Excel saves it.
    let content =
        b"Artikel-Nr;Gr\xf6\xdfe;Preis;seit\r\nA-1;12;12,50;27.07.2021\r\nA-2;7;3,00;01.12.2021\r\n";
    fs::write(&file, content).unwrap();
    let sql = root.path().join("sql");
    let new = ["tables", "new", "articles", "--from", file.to_str().unwrap(), "--sql", sql.to_str().unwrap()];
    let output = rowgate(root.path(), &new);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let proposal = stdout(&output);
    for line in [
        "    { name = \"artikel_nr\", type = \"string(50)\", key = true, description = \"Artikel-Nr\" },\n",
        "encoding = \"windows-1252\"\n",
        "    `preis` DECIMAL(10,2) NOT NULL,\n",
    ] {
        assert!(proposal.contains(line), "{line:?} is not in\n{proposal}");
    }
    assert!(!sql.exists());

    let output = rowgate(root.path(), &[&new[..], &["--write"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let output = rowgate(root.path(), &["tables", "check", sql.to_str().unwrap(), "--database", kind()]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let mut command = crate::command(root.path(), &["check", "articles", file.to_str().unwrap()]);
    let output = command.env("ROWGATE_SQL", &sql).output().unwrap();
    assert_eq!(stdout(&output), "articles: 2 records read, 2 would be loaded, 0 rejected\n");

    let output = rowgate(root.path(), &[&new[..], &["--write"]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("\"articles\" is already a table's name or alias"),
        "{}",
        stderr(&output)
    );
}
