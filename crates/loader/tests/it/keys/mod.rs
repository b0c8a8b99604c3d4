//! Tables whose keys are no single numbers, with unique columns and references that must be there.

mod lanes;
mod races;
mod references;
mod values;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::folder::TableFolder;
use domain::load::LoadRecord;

use crate::support::World;

const DICTIONARY: &str = r#"
[[table]]
name = "places"
columns = [
    { name = "code", type = "string(40)", key = true },
    { name = "label", type = "string(100)" },
    { name = "within", type = "string(40)", required = false, references = "places", on_unknown = "reject" },
]

[[table]]
name = "items"
unique = [["owner", "tag"]]
columns = [
    { name = "place", type = "string(40)", key = true, references = "places", on_unknown = { files = "reject" } },
    { name = "number", type = "integer", key = true },
    { name = "serial", type = "string(40)", unique = true, required = false },
    { name = "owner", type = "integer", required = false },
    { name = "tag", type = "date", required = false },
]

[[table]]
name = "notes"
references = [{ columns = ["place", "number"], table = "items" }]
columns = [
    { name = "id", type = "uuid", key = true },
    { name = "place", type = "string(40)", required = false },
    { name = "number", type = "integer", required = false },
    { name = "body", type = "text" },
]

[[table]]
name = "badges"
columns = [
    { name = "id", type = "bigint", key = true },
    { name = "code", type = "string(40)", unique = true },
    { name = "label", type = "string(100)" },
]
"#;

const MIGRATION: &str = "
CREATE TABLE places (
    code VARCHAR(40) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    label VARCHAR(100) NOT NULL,
    within VARCHAR(40) COLLATE utf8mb4_bin NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE items (
    place VARCHAR(40) COLLATE utf8mb4_bin NOT NULL,
    number INT NOT NULL,
    serial VARCHAR(40) COLLATE utf8mb4_bin NULL,
    owner INT NULL,
    tag DATE NULL,
    PRIMARY KEY (place, number),
    UNIQUE KEY items_by_serial (serial),
    UNIQUE KEY items_by_tag (owner, tag)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE notes (
    id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    place VARCHAR(40) COLLATE utf8mb4_bin NULL,
    number INT NULL,
    body TEXT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE badges (
    id BIGINT NOT NULL PRIMARY KEY,
    code VARCHAR(40) COLLATE utf8mb4_bin NOT NULL,
    label VARCHAR(100) NOT NULL,
    UNIQUE KEY badges_by_code (code)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;
";

static FOLDER: LazyLock<TableFolder> = LazyLock::new(|| {
    let files = [("dictionary.toml", DICTIONARY), ("migrations/20260110_create_places/up.sql", MIGRATION)];
    let files: BTreeMap<String, String> = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    TableFolder::parse("keys", &files).unwrap()
});

async fn world() -> World {
    World::over(&FOLDER, |_| {}).await
}

/// The rows of a query, each with a space between its values and `-` for none.
async fn rows(world: &World, sql: &str) -> Vec<String> {
    let text = |row: Vec<Option<String>>| {
        let values: Vec<String> = row.into_iter().map(|value| value.unwrap_or_else(|| "-".into())).collect();
        values.join(" ")
    };
    world.db.sql(sql).await.unwrap().into_iter().map(text).collect()
}

/// Line and code of each rejected record of a load.
fn refused(world: &World, load: &LoadRecord) -> Vec<String> {
    let files = crate::cloud::rejects(&world.store, load);
    let mut refused: Vec<(u64, String)> = Vec::new();
    for (_, file) in files {
        let mut reader = csv::Reader::from_reader(file.as_bytes());
        // Behind the table's columns, one of which may be called `code`.
        let line = reader.headers().unwrap().len() - 3;
        let code = line + 1;
        for record in reader.records() {
            let record = record.unwrap();
            refused.push((record[line].parse().unwrap(), record[code].to_owned()));
        }
    }
    refused.sort();
    refused.into_iter().map(|(line, code)| format!("{line}: {code}")).collect()
}
