//! The audit trail: what is recorded, and reading it page by page.

use std::collections::BTreeSet;

use anyhow::Result;
use aurora::Error;
use aurora::audit::{Actor, Filter, MAX_ENTRIES, page, record};
use domain::audit::{Action, AuditPage};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use testkit::TestDatabase;
use testkit::local_data_api::{ErrorKind, Faults, Rule};

const ANN: Actor<'_> = Actor { username: "ann@x.example", request_id: "r-1" };

fn ids(page: &AuditPage) -> Vec<i64> {
    page.entries.iter().map(|entry| entry.id).collect()
}

#[tokio::test]
async fn records_what_is_asked_for() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let database = test.database();
    let detail = json!({"file": "o'brien \"é\" 😀\\.csv", "mode": null});
    record(&database, Some(ANN), Action::Upload, Some("documents"), &detail).await?;
    record(&database, Some(ANN), Action::Logout, None, &json!({})).await?;
    record(&database, None, Action::Upload, None, &json!({})).await?;
    let mut found = serde_json::to_value(page(&database, &Filter::default(), 10).await?)?;
    for entry in found["entries"].as_array_mut().unwrap() {
        let at = entry["at"].take();
        let at = at.as_str().unwrap();
        assert!(at.len() == "2021-07-27T16:02:08.123Z".len() && at.ends_with('Z'), "{at}");
    }
    let entry = |id: i64, action: &str, table: Value, detail: &Value| {
        json!({"id": id, "at": null, "username": "ann@x.example", "action": action, "table": table, "row": null,
               "before": null, "after": null, "detail": detail, "request_id": "r-1"})
    };
    let expected =
        [entry(2, "logout", Value::Null, &json!({})), entry(1, "upload", json!("documents"), &detail)];
    assert_eq!(found, json!({"entries": expected, "next": null}));
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_recorded_is_an_error() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    test.data_api().set(Faults::default().with(Rule::error(ErrorKind::ForbiddenException)));
    let (database, detail) = (test.database(), json!({}));
    let record = || record(&database, Some(ANN), Action::StartBackup, None, &detail);
    assert!(record().await.is_err());
    test.data_api().set(Faults::default().with(Rule::lose_answer().times(1)));
    record().await?;
    test.data_api().clear();
    // Twice, because the first answer was lost; never not at all.
    assert_eq!(test.value("SELECT COUNT(*) FROM rowgate_audit").await?, "2");
    Ok(())
}

#[tokio::test]
async fn pages_and_filters_give_every_entry_once() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let database = test.database();
    test.sql(&format!(
        "INSERT INTO rowgate_audit (at, username, action, table_name, row_key, after_json, request_id) \
         SELECT UTC_TIMESTAMP(3), IF(seq % 3 = 0, 'ann@x.example', 'bob'), 'put-row', IF(seq % 2 = 0, 'tags', 'documents'), \
         seq % 5, '{{}}', 'r' FROM {} ORDER BY seq",
        testkit::numbers(60)
    ))
    .await?;
    let all: Vec<i64> = test
        .sql("SELECT id FROM rowgate_audit ORDER BY id DESC")
        .await?
        .into_iter()
        .map(|row| row[0].as_ref().unwrap().parse().unwrap())
        .collect();
    let newest = all[0];
    let seq = |id: i64| id - newest + 60;
    for (filter, wanted) in [
        (Filter::default(), (|_| true) as fn(i64) -> bool),
        (Filter { username: Some("ann@x.example"), ..Filter::default() }, |seq| seq % 3 == 0),
        (Filter { table: Some("tags"), ..Filter::default() }, |seq| seq % 2 == 0),
        (Filter { table: Some("tags"), row: Some("4"), ..Filter::default() }, |seq| {
            seq % 2 == 0 && seq % 5 == 4
        }),
        (Filter { username: Some("ANN@x.example"), ..Filter::default() }, |_| false),
        (Filter { table: Some("tag' OR '1'='1"), ..Filter::default() }, |_| false),
        (Filter { row: Some("é"), ..Filter::default() }, |_| false),
    ] {
        let expected: Vec<i64> = all.iter().copied().filter(|id| wanted(seq(*id))).collect();
        for limit in [1, 7, 30, 100] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = page(&database, &Filter { after, ..filter }, limit).await?;
                assert!(page.entries.len() <= limit as usize);
                found.extend(ids(&page));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected, "{filter:?} {limit}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn entries_of_any_size_come_whole() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    let database = test.database();
    // Around what comes inline and what one piece holds, with characters of one to four bytes, and
    // those that JSON escapes.
    for length in [0, 3_970, 3_990, 4_010, 7_990, 7_998, 8_000, 8_006, 16_000, 48_000] {
        for text in ["a", "é", "😀", "\"", "\u{1}"] {
            let text = text.repeat(length);
            let detail = json!({ "t": text });
            record(&database, Some(ANN), Action::Upload, None, &detail).await?;
            let newest = page(&database, &Filter::default(), 1).await?;
            assert_eq!(newest.entries[0].detail.as_ref().unwrap().get(), detail.to_string());
        }
    }
    let (mut found, mut after, mut pages) = (BTreeSet::new(), None, 0);
    loop {
        let page = page(&database, &Filter { after, ..Filter::default() }, MAX_ENTRIES).await?;
        let size = serde_json::to_string(&page)?.len();
        assert!(size < 3_000_000, "{size}");
        found.extend(ids(&page));
        (after, pages) = (page.next, pages + 1);
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), 50);
    assert!(pages > 1);
    Ok(())
}

#[tokio::test]
async fn what_is_no_json_comes_as_a_text() -> Result<()> {
    let test = TestDatabase::migrated().await?;
    test.sql(
        "INSERT INTO rowgate_audit (at, username, action, before_json, request_id) VALUES (UTC_TIMESTAMP(3), 'a', 'put-row', '{\"x', 'r')",
    )
    .await?;
    let page = page(&test.database(), &Filter::default(), 1).await?;
    assert_eq!(page.entries[0].before.as_ref().unwrap().get(), r#""{\"x""#);
    Ok(())
}

/// The database writes of any row the JSON that the API writes of it.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_writes_rows_as_the_api_does() -> Result<()> {
    use aurora::Statement;
    use domain::dictionary::Dictionary;
    use domain::json_row::write_json_row;
    use domain::sql::{InsertWriter, json_row_sql};
    use domain::value::Value;

    let text = r#"
        [[table]]
        name = "texts"
        columns = [
            { name = "id", type = "bigint", key = true },
            { name = "one", type = "string(60)", required = false },
            { name = "other", type = "string(60)", required = false },
        ]
    "#;
    let dictionary = Dictionary::parse("test", text)?;
    let table = dictionary.table("texts").unwrap();
    let test = TestDatabase::start().await?;
    test.sql(
        "CREATE TABLE texts (id BIGINT NOT NULL PRIMARY KEY, one VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, \
         other VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci)",
    )
    .await?;
    let mut rows = Vec::new();
    let strategy =
        (proptest::num::i64::ANY, proptest::option::of("(?s).{0,60}"), proptest::option::of("\\PC{0,60}"));
    let mut runner = TestRunner::deterministic();
    for _ in 0..400 {
        use proptest::strategy::{Strategy, ValueTree};
        rows.push(strategy.new_tree(&mut runner).unwrap().current());
    }
    rows.extend(
        (0_u32..0x3000).filter_map(char::from_u32).map(|c| (i64::from(c as u32), Some(c.to_string()), None)),
    );
    let ids: BTreeSet<i64> = rows.iter().map(|row| row.0).collect();
    assert!(ids.len() + 10 > rows.len());
    let value = |text: &Option<String>| text.clone().map_or(Value::Null, |text| Value::Text(text.into()));
    let mut writer = InsertWriter::new(table).upserting();
    let mut expected = std::collections::BTreeMap::new();
    let database = test.database();
    for (id, one, other) in &rows {
        let values = [Value::Integer(*id), value(one), value(other)];
        let mut json = String::new();
        write_json_row(table, &values, &mut json);
        expected.insert(*id, json);
        if let Some(full) = writer.push(&values) {
            database.execute(full.into()).await?;
        }
    }
    if let Some(last) = writer.finish() {
        database.execute(last.into()).await?;
    }
    #[derive(serde::Deserialize)]
    struct Row {
        id: i64,
        j: String,
    }
    for chunk in expected.keys().copied().collect::<Vec<_>>().chunks(500) {
        let list = chunk.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let sql = format!("SELECT id, {} AS j FROM texts WHERE id IN ({list})", json_row_sql(table));
        let found: Vec<Row> = database.query(Statement::new(sql)).await.map_err(|error: Error| error)?;
        assert_eq!(found.len(), chunk.len());
        for Row { id, j } in found {
            // Which characters are escaped, and how, is the database's affair.
            let parsed: serde_json::Value = serde_json::from_str(&j)?;
            assert_eq!(parsed, serde_json::from_str::<serde_json::Value>(&expected[&id])?, "{j}");
        }
    }
    Ok(())
}
