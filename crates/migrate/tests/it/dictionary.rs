//! The dictionary is the source of everything about a table; the schema is what the database makes
//! of it. They must agree.

use anyhow::Result;
use domain::dictionary::Dictionary;
use domain::folder::TableFolder;
use domain::schema::{QUERIES, differences};
use testkit::TestDatabase;

/// Everything in which schema and dictionary differ, a sentence each.
async fn found(test: &TestDatabase, dictionary: &Dictionary) -> Result<Vec<String>> {
    let [columns, indexes, tables, extras] = QUERIES;
    let rows = [
        test.sql(columns).await?,
        test.sql(indexes).await?,
        test.sql(tables).await?,
        test.sql(extras).await?,
    ];
    Ok(differences(dictionary, rows).iter().map(ToString::to_string).collect())
}

#[tokio::test]
async fn the_migrated_schema_is_what_the_dictionary_says() -> Result<()> {
    for folder in [testkit::folder(), testkit::hr::folder()] {
        let test = TestDatabase::migrated_with(folder).await?;
        let differences = found(&test, &folder.dictionary).await?;
        assert!(differences.is_empty(), "{differences:#?}");
    }
    Ok(())
}

/// A table with a column of every type.
const EVERY_TYPE: &str = r#"
[[table]]
name = "things"
unique = [["small", "day"]]
columns = [
    { name = "code", type = "string(20)", key = true },
    { name = "number", type = "bigint", key = true },
    { name = "small", type = "smallint" },
    { name = "whole", type = "integer", required = false },
    { name = "share", type = "double" },
    { name = "price", type = "decimal(10,2)" },
    { name = "note", type = "text", required = false },
    { name = "is_new", type = "boolean" },
    { name = "day", type = "date" },
    { name = "time", type = "time" },
    { name = "second", type = "timestamp" },
    { name = "milli", type = "timestamp(3)" },
    { name = "micro", type = "timestamp(6)" },
    { name = "tag", type = "uuid", unique = true },
    { name = "details", type = "json", required = false },
    { name = "bytes", type = "binary(16)" },
    { name = "parent_code", type = "string(20)", required = false },
    { name = "parent_number", type = "bigint", required = false },
]
references = [{ columns = ["parent_code", "parent_number"], table = "things" }]
"#;

const CREATE: &str = "CREATE TABLE things (
    code VARCHAR(20) COLLATE utf8mb4_bin NOT NULL,
    number BIGINT NOT NULL,
    small SMALLINT NOT NULL,
    whole INT NULL,
    share DOUBLE NOT NULL,
    price DECIMAL(10,2) NOT NULL,
    note TEXT NULL,
    is_new BOOLEAN NOT NULL,
    day DATE NOT NULL,
    time TIME NOT NULL,
    second DATETIME NOT NULL,
    milli DATETIME(3) NOT NULL,
    micro DATETIME(6) NOT NULL,
    tag CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    details JSON NULL,
    bytes VARBINARY(16) NOT NULL,
    parent_code VARCHAR(20) COLLATE utf8mb4_bin NULL,
    parent_number BIGINT NULL,
    PRIMARY KEY (code, number),
    UNIQUE KEY one_a_day (day, small),
    UNIQUE KEY things_by_tag (tag),
    KEY by_parent (parent_number, parent_code)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_520_ci;";

async fn things() -> Result<(TestDatabase, TableFolder)> {
    let files = [("dictionary.toml", EVERY_TYPE), ("migrations/20261121_create_things/up.sql", CREATE)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let folder = TableFolder::parse("sql", &files.into())?;
    Ok((TestDatabase::migrated_with(&folder).await?, folder))
}

#[tokio::test]
async fn columns_of_every_type_are_recognised() -> Result<()> {
    let (test, folder) = things().await?;
    assert_eq!(found(&test, &folder.dictionary).await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn differences_are_found_in_the_database_itself() -> Result<()> {
    let (test, folder) = things().await?;
    for statement in [
        "ALTER TABLE things MODIFY code VARCHAR(20) NOT NULL",
        "ALTER TABLE things MODIFY number BIGINT UNSIGNED NOT NULL",
        "ALTER TABLE things MODIFY note TEXT CHARACTER SET latin1 NULL",
        "ALTER TABLE things MODIFY milli TIMESTAMP(3) NULL",
        "ALTER TABLE things DROP KEY one_a_day, ADD UNIQUE KEY of_a_day (day)",
        "ALTER TABLE things DROP KEY by_parent",
        "ALTER TABLE things ADD CONSTRAINT positive CHECK (price > 0)",
        "CREATE TABLE extra (id INT PRIMARY KEY)",
        "CREATE TRIGGER watcher BEFORE INSERT ON things FOR EACH ROW SET @seen = 1",
        "CREATE VIEW things_of_today AS SELECT code FROM things",
    ] {
        test.sql(statement).await?;
    }
    let found = found(&test, &folder.dictionary).await?;
    let starts = [
        "things.code has the collation utf8mb4_unicode_520_ci;",
        "things.number is bigint",
        "things.note has the collation latin1_swedish_ci;",
        "things.milli is TIMESTAMP(3); in the dictionary timestamp(3), which is DATETIME(3)",
        "things has the unique key of_a_day (day),",
        "things.small is unique in the dictionary, but has no UNIQUE KEY (small, day)",
        "things.parent_code is a reference without an index that begins with (parent_code, parent_number)",
        "things has a check constraint, positive",
        "things has a trigger, watcher",
        "things.parent_code has the collation utf8mb4_bin; things.code, to which it refers, has utf8mb4_unicode_520_ci",
        "extra is not in the dictionary",
    ];
    let is_expected = |(found, start): (&String, &&str)| found.starts_with(*start);
    assert!(found.len() == starts.len() && found.iter().zip(&starts).all(is_expected), "{found:#?}");
    Ok(())
}
