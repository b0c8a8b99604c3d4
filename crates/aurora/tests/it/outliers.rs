//! Rows that look wrong, in tables with keys of several columns.

use anyhow::{Context, Result};
use aurora::outliers::{far_dates, unknown_references, unusual_counts};
use domain::dictionary::Dictionary;
use domain::key_text::key_text;
use testkit::TestDatabase;

/// The columns are named as those of the statements are, which they must not be taken for.
const TABLES: &str = r#"
    [[table]]
    name = "places"
    columns = [
        { name = "k", type = "string(9)", key = true },
        { name = "rows", type = "date", key = true },
    ]
    [[table]]
    name = "visits"
    references = [{ columns = ["part0", "count"], table = "places" }]
    columns = [
        { name = "id", type = "uuid", key = true },
        { name = "line", type = "smallint", key = true },
        { name = "part0", type = "string(9)", required = false },
        { name = "count", type = "date", required = false },
        { name = "from", type = "timestamp(3)", required = false },
    ]
"#;

const SQL: [&str; 3] = [
    "CREATE TABLE places (k VARCHAR(9) COLLATE utf8mb4_bin NOT NULL, `rows` DATE NOT NULL, PRIMARY KEY (k, `rows`)) \
     DEFAULT CHARACTER SET = utf8mb4",
    "CREATE TABLE visits (id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, line SMALLINT NOT NULL, \
     part0 VARCHAR(9) COLLATE utf8mb4_bin NULL, `count` DATE NULL, `from` DATETIME(3) NULL, PRIMARY KEY (id, line)) \
     DEFAULT CHARACTER SET = utf8mb4",
    "INSERT INTO places VALUES ('a b', '2021-01-01'), ('b', '2021-01-01'), ('c', '2021-01-01'), ('d', '2021-01-01')",
];

#[tokio::test]
async fn keys_of_several_columns_are_named_whole() -> Result<()> {
    let test = TestDatabase::start().await?;
    for sql in SQL {
        test.sql(sql).await?;
    }
    let visit = |line: u32, place: &str, at: &str| {
        format!("('1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a',{line},{place},'2021-01-01','{at}')")
    };
    let mut visits = Vec::new();
    for line in 1..=40 {
        visits.push(visit(line, "'a b'", "2021-07-27 16:02:08.120"));
    }
    for (line, place) in [(41, "'b'"), (42, "'c'"), (43, "'d'"), (44, "'b '"), (45, "'B'"), (46, "NULL")] {
        visits.push(visit(line, place, "2021-07-27 16:02:08"));
    }
    visits.push(visit(47, "NULL", "1999-12-31 23:59:59.999"));
    test.sql(&format!("INSERT INTO visits VALUES {}", visits.join(","))).await?;

    let dictionary = Dictionary::parse("test", TABLES)?;
    let [places, visits] = ["places", "visits"].map(|name| dictionary.table(name));
    let (places, visits) = places.zip(visits).context("both tables")?;
    let reference = &visits.references()[0];
    let database = test.database();
    // A space at the end is none to a collation of this kind.
    let unknown = unknown_references(&database, visits, reference, places).await?;
    assert_eq!(unknown.count, 1);
    assert_eq!(unknown.rows[0].split(',').nth(1), Some("45"));
    let unusual = unusual_counts(&database, visits, reference, places).await?.context("keys are named")?;
    let groups: Vec<(String, u64)> =
        unusual.groups.iter().map(|(key, rows)| (key_text(key), *rows)).collect();
    assert_eq!(groups, [("a%20b,2021-01-01".to_owned(), 40)]);
    assert_eq!(unusual.count, 1);
    let far = far_dates(&database, visits, &visits.columns()[4]).await?.context("there are times")?;
    assert_eq!(far.found.count, 1);
    assert!(far.found.rows[0].ends_with(",1999-12-31 23:59:59.999"), "{:?}", far.found.rows);
    Ok(())
}
