use super::*;

const TABLE: &str = r#"
[[table]]
name = "things"
description = "Things."
columns = [{ name = "id", type = "integer", key = true, description = "The id." }]
"#;
const REPORT: &str = "/*\ntitle = \"T\"\ncolumns = [{ name = \"id\", type = \"integer\" }]\ntables = [\"things\"]\n*/\nSELECT id FROM things";
const CREATE: &str = "migrations/20261121_create_things/up.sql";

fn folder(more: &[(&str, &str)]) -> Result<TableFolder, FolderError> {
    let files = [("dictionary.toml", TABLE), (CREATE, "CREATE TABLE things (id INT PRIMARY KEY);")];
    let files = files.iter().chain(more).map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    TableFolder::parse("shop/sql", &files.collect())
}

fn assert_refused(more: &[(&str, &str)], expected: &str) {
    assert_eq!(folder(more).unwrap_err().to_string(), expected);
}

#[test]
fn reads_tables_reports_and_migrations() {
    let more = [
        ("reports/b.sql", REPORT),
        ("reports/a-b.sql", REPORT),
        ("reports/a.sql", REPORT),
        ("gold/anything.sql", "SELECT 1"),
        ("README.md", "# Things"),
        ("migrations/20261121_create_things/notes.txt", ""),
    ];
    let folder = folder(&more).unwrap();
    assert_eq!(folder.dictionary.table_names(), "things");
    let reports: Vec<&str> = folder.reports.iter().map(|report| &*report.name).collect();
    assert_eq!(reports, ["a", "a-b", "b"]);
    assert!(hex::encode(Sha256::digest(TABLE)).starts_with(&folder.version));
    assert_eq!(folder.version.len(), 16);
}

#[test]
fn the_migrations_of_rowgate_come_first_whatever_their_dates() {
    let early = [("migrations/20000101_fill_things/up.sql", "INSERT INTO things VALUES (1);")];
    let folder = folder(&early).unwrap();
    let names: Vec<&str> = folder.migrations.iter().map(Migration::name).collect();
    let own = built_in::migrations().unwrap();
    let (first, last) = names.split_at(own.len());
    assert!(first.iter().zip(&own).all(|(name, own)| *name == own.name()));
    assert_eq!(last, ["20000101_fill_things", "20261121_create_things"]);
}

#[test]
fn names_file_and_line_of_a_mistake() {
    assert_refused(
        &[("migrations/20261122_drop_things/up.sql", "\nDROP TABLE things")],
        "shop/sql/migrations/20261122_drop_things/up.sql:2: the statement that begins here does not end with ; at the end of a line",
    );
    assert_refused(
        &[("reports/bad.sql", "SELECT 1")],
        "shop/sql/reports/bad.sql:1: a report begins with a comment /* … */ that describes it in TOML",
    );
    let error = folder(&[("dictionary.toml", "[[table]]\nname = 1")]).unwrap_err();
    assert_eq!(error.file, "shop/sql/dictionary.toml");
    let error = TableFolder::parse("sql", &BTreeMap::new()).unwrap_err();
    assert_eq!(error.to_string(), "sql/dictionary.toml: is missing");
}

#[test]
fn refuses_sql_where_it_would_never_be_read() {
    for path in
        ["migration/20261122_a_b/up.sql", "migrations/20261122_a_b/down.sql", "migrations/a.sql", "a.sql"]
    {
        let error = folder(&[(path, "DROP TABLE a;")]).unwrap_err();
        assert_eq!(error.file, format!("shop/sql/{path}"));
        assert!(error.problem.starts_with("is in the wrong place"), "{error}");
    }
}

#[test]
fn refuses_migrations_that_name_the_tables_of_rowgate() {
    for statement in [
        "ALTER TABLE rowgate_loads ADD COLUMN a INT;",
        "DROP TABLE `ROWGATE_audit`;",
        "INSERT INTO things\nSELECT id FROM (SELECT 1 AS id FROM test.rowgate_restores) t;",
    ] {
        let text = format!("-- Not rowgate_loads.\n{statement}");
        let error = folder(&[("migrations/20261122_change_things/up.sql", &text)]).unwrap_err();
        assert_eq!(error.problem, "names with rowgate_ are those of Rowgate's own tables");
        assert_eq!(error.line, Some(1 + statement.lines().count()));
    }
    let other = [("migrations/20261122_create_others/up.sql", "CREATE TABLE my_rowgate_notes (id INT);")];
    assert!(folder(&other).is_ok());
}

#[test]
fn refuses_the_names_of_rowgates_migrations() {
    let drop = "DROP TABLE things;";
    assert_refused(
        &[("migrations/20261121_create_load_ledger/up.sql", drop)],
        "shop/sql/migrations/20261121_create_load_ledger/up.sql: a migration of Rowgate's own has this name; take another",
    );
    assert_refused(
        &[("migrations/20300101_widen_rowgate_audit/up.sql", drop)],
        "shop/sql/migrations/20300101_widen_rowgate_audit/up.sql: names with the word rowgate are those of Rowgate's own migrations",
    );
}
