//! The dictionary is the source of everything about a table; the schema is what the database makes
//! of it. They must agree.

use anyhow::Result;
use domain::dictionary::{Column, Dictionary, Table};
use testkit::TestDatabase;

/// One column as the database has it.
struct Found {
    name: String,
    /// As the dictionary would write it.
    column_type: String,
    nullable: bool,
    auto_increment: bool,
    /// `PRI` for the primary key.
    key: String,
}

async fn columns(test: &TestDatabase, table: &str) -> Result<Vec<Found>> {
    let rows = test
        .sql(&format!(
            "SELECT COLUMN_NAME, CASE DATA_TYPE WHEN 'int' THEN 'integer' WHEN 'varchar' THEN \
             CONCAT('string(', CHARACTER_MAXIMUM_LENGTH, ')') WHEN 'decimal' THEN \
             CONCAT('decimal(', NUMERIC_PRECISION, ',', NUMERIC_SCALE, ')') WHEN 'tinyint' THEN 'boolean' \
             WHEN 'datetime' THEN 'timestamp' ELSE DATA_TYPE END, IS_NULLABLE = 'YES', EXTRA LIKE '%auto_increment%', COLUMN_KEY, \
             COALESCE(CHARACTER_SET_NAME, 'utf8mb4') FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{table}' ORDER BY ORDINAL_POSITION"
        ))
        .await?;
    let found = rows.into_iter().map(|row| {
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || row.next().unwrap_or_default();
        let (name, column_type, nullable) = (next(), next(), next() == "1");
        let (auto_increment, key, charset) = (next() == "1", next(), next());
        let column_type =
            if charset == "utf8mb4" { column_type } else { format!("{column_type} in {charset}") };
        Found { name, column_type, nullable, auto_increment, key }
    });
    Ok(found.collect())
}

/// Everything in which schema and dictionary differ, a sentence each.
async fn differences(test: &TestDatabase, dictionary: &Dictionary) -> Result<Vec<String>> {
    let mut differences = Vec::new();
    for table in dictionary.tables() {
        let found = columns(test, table.name()).await?;
        let in_schema: Vec<&str> = found.iter().map(|column| column.name.as_str()).collect();
        let in_dictionary: Vec<&str> = table.columns().iter().map(Column::name).collect();
        if in_schema != in_dictionary {
            let name = table.name();
            differences
                .push(format!("{name} has the columns {in_schema:?}, in the dictionary {in_dictionary:?}"));
            continue;
        }
        for (column, found) in table.columns().iter().zip(&found) {
            compare(table, column, found, &mut differences);
        }
        for (index, _) in table.references() {
            let column = table.columns()[index].name();
            let sql = format!(
                "SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() \
                 AND TABLE_NAME = '{}' AND COLUMN_NAME = '{column}' AND SEQ_IN_INDEX = 1",
                table.name()
            );
            if test.value(&sql).await? == "0" {
                differences.push(format!("{}.{column} is a reference without an index", table.name()));
            }
        }
    }
    for table in dictionary.tables() {
        // A load takes every duplicate key for a taken id, and a table that is swapped in has
        // neither foreign keys nor triggers.
        for (what, sql) in [
            (
                "a unique key beside the primary one",
                "SELECT DISTINCT INDEX_NAME FROM information_schema.STATISTICS \
                 WHERE NON_UNIQUE = 0 AND INDEX_NAME <> 'PRIMARY' AND TABLE_SCHEMA = DATABASE() AND TABLE_NAME",
            ),
            (
                "a foreign key",
                "SELECT CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS \
                 WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME",
            ),
            (
                "a trigger",
                "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS \
                 WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE",
            ),
        ] {
            for name in
                test.sql(&format!("{sql} = '{}'", table.name())).await?.into_iter().flatten().flatten()
            {
                differences.push(format!("{} has {what}, {name}", table.name()));
            }
        }
    }
    let sql = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
               AND TABLE_NAME NOT LIKE 'rowgate\\_%'";
    for table in test.sql(sql).await?.into_iter().flatten().flatten() {
        if !dictionary.tables().iter().any(|known| known.name() == table) {
            differences.push(format!("{table} is not in the dictionary"));
        }
    }
    Ok(differences)
}

fn compare(table: &Table, column: &Column, found: &Found, differences: &mut Vec<String>) {
    let name = format!("{}.{}", table.name(), column.name());
    let expected = column.column_type().to_string();
    if found.column_type != expected {
        differences.push(format!("{name} is {}, in the dictionary {expected}", found.column_type));
    }
    // The database may allow more than the dictionary, never less.
    if !column.required() && !found.nullable {
        differences.push(format!("{name} may be missing in the dictionary but is NOT NULL"));
    }
    if found.auto_increment != column.auto_increment() {
        differences.push(format!("{name} differs in AUTO_INCREMENT"));
    }
    let is_key = table.key().name() == column.name();
    if (found.key == "PRI") != is_key {
        differences.push(format!("{name} differs in being the primary key"));
    }
}

#[tokio::test]
async fn the_migrated_schema_is_what_the_dictionary_says() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let dictionary = testkit::dictionary();
    let differences = differences(&test, dictionary).await?;
    assert!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn every_kind_of_difference_is_found() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    test.sql("ALTER TABLE departments MODIFY department_name VARCHAR(254) NOT NULL").await?;
    test.sql("ALTER TABLE jobs MODIFY id INT NOT NULL").await?;
    test.sql("ALTER TABLE employees DROP KEY employees_by_job, DROP PRIMARY KEY, MODIFY id BIGINT NOT NULL")
        .await?;
    test.sql("CREATE TABLE extra (id INT)").await?;
    test.sql("ALTER TABLE jobs ADD UNIQUE KEY one_name (job_name)").await?;
    test.sql("ALTER TABLE departments ADD CONSTRAINT of_a_job FOREIGN KEY (id) REFERENCES jobs (id)").await?;
    test.sql("CREATE TRIGGER watcher BEFORE INSERT ON jobs FOR EACH ROW SET @seen = 1").await?;
    let dictionary = testkit::dictionary();
    let mut differences = differences(&test, dictionary).await?;
    differences.sort();
    assert_eq!(
        differences,
        [
            "departments has a foreign key, of_a_job",
            "departments.department_name is string(254), in the dictionary string(255)",
            "employees.id differs in AUTO_INCREMENT",
            "employees.id differs in being the primary key",
            "employees.id is bigint, in the dictionary integer",
            "employees.job_id is a reference without an index",
            "extra is not in the dictionary",
            "jobs has a trigger, watcher",
            "jobs has a unique key beside the primary one, one_name",
            "jobs.id differs in AUTO_INCREMENT",
        ]
    );
    Ok(())
}
