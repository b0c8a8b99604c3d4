//! Refusals before anything is changed.

use domain::dictionary::Dictionary;
use domain::value::Value;
use restore::InvocationError;
use serde_json::json;
use testkit::TestDatabase;

use crate::support::{BACKUP, Made, World, all_of_it, named, text};

#[tokio::test]
async fn a_backup_that_is_not_there() {
    let world = World::start().await;
    assert_eq!(world.fails(all_of_it()).await, format!("there is no complete backup {BACKUP}"));
    let reason = world.fails(json!({ "backup": "latest" })).await;
    assert_eq!(reason, "there is no good backup that has all of the tables");
    // One without a manifest was never completed.
    world.bucket.insert(&format!("backups/{BACKUP}/tags/part-00000.avro"), "Obj");
    assert_eq!(world.fails(all_of_it()).await, format!("there is no complete backup {BACKUP}"));
    let source = world.db.value("SELECT GROUP_CONCAT(source ORDER BY source) FROM rowgate_restores").await;
    assert_eq!(source.unwrap(), format!("{BACKUP},{BACKUP},latest"));
}

#[tokio::test]
async fn a_table_that_the_backup_does_not_have() {
    let world = World::start().await;
    world.back_up(BACKUP, &[("tags", &named([1]))], Made::default()).await;
    let reason = world.fails(json!({ "backup": BACKUP, "tables": ["tags", "documents"] })).await;
    assert_eq!(reason, format!("backup {BACKUP} has no table documents"));
}

#[tokio::test]
async fn a_request_that_cannot_be_understood_begins_nothing() {
    let world = World::start().await;
    for payload in [
        json!({}),
        json!({ "backup": "../secrets" }),
        json!({ "backup": BACKUP, "tables": ["people"] }),
        json!({ "backup": BACKUP, "mode": "append" }),
    ] {
        let error = world.invoke(payload).await.unwrap_err();
        assert!(matches!(error, InvocationError::Request(_)), "{error}");
    }
    let unknown = json!({ "continue": { "restore": "20261121-100000-0000000a" } });
    assert!(matches!(world.invoke(unknown).await, Err(InvocationError::Unknown(_))));
    assert_eq!(world.db.value("SELECT COUNT(*) FROM rowgate_restores").await.unwrap(), "0");
}

#[tokio::test]
async fn a_table_that_was_dropped() {
    let world = World::start().await;
    let tables = [("collections", &*named([1])), ("tags", &named([1]))];
    world.back_up(BACKUP, &tables, Made::default()).await;
    world.sql("DROP TABLE tags").await;
    let reason = world.fails(all_of_it()).await;
    assert!(reason.starts_with("the table tags is not in the database: run its CREATE TABLE"), "{reason}");
    assert!(world.rows("collections").await.is_empty());
}

#[tokio::test]
async fn a_table_with_more_rows_than_can_be_summed_up() {
    let world = World::start().await;
    let mut manifest = world.back_up(BACKUP, &[("tags", &named([1]))], Made::default()).await;
    let tags = manifest.tables.get_mut("tags").unwrap();
    (tags.rows, tags.files[0].rows) = (2_000_000_001, 2_000_000_001);
    world.put_manifest(&manifest);
    let reason = world.fails(all_of_it()).await;
    assert!(reason.contains("2000000001 rows of tags, more than the 2000000000 that"), "{reason}");
}

fn dictionary(text: &str) -> &'static Dictionary {
    Box::leak(Box::new(Dictionary::parse("test", text).unwrap()))
}

/// Tables as they were when the backup was made.
const THEN: &str = r#"
[[table]]
name = "things"
description = "Things."
columns = [
    { name = "id", type = "integer", key = true, description = "Number." },
    { name = "old_name", type = "string(50)", description = "Name." },
    { name = "size", type = "bigint", description = "Size." },
]
"#;

async fn then_and_now(now: &str, form: &str) -> World {
    let mut world = World::over(TestDatabase::migrated().await.unwrap(), dictionary(THEN));
    world
        .sql("CREATE TABLE things (id INT PRIMARY KEY, old_name VARCHAR(50) NOT NULL, size BIGINT NOT NULL)")
        .await;
    let row = |id| vec![Value::Integer(id), text(format!("thing {id}")), Value::Integer(id * 10)];
    let rows: Vec<_> = (1..=3).map(row).collect();
    world.back_up(BACKUP, &[("things", &rows)], Made::default()).await;
    world.sql("DROP TABLE things").await;
    world.sql(&format!("CREATE TABLE things ({form})")).await;
    world.dictionary = dictionary(now);
    world
}

#[tokio::test]
async fn a_table_that_cannot_take_the_backup_says_all_reasons() {
    let now = THEN.replace("old_name", "name").replace("\"bigint\"", "\"integer\"");
    let form = "id INT PRIMARY KEY, name VARCHAR(50) NOT NULL, size INT NOT NULL";
    let world = then_and_now(&now, form).await;
    world.sql("INSERT INTO things VALUES (9, 'stays', 1)").await;
    let reason = world.fails(all_of_it()).await;
    for expected in ["old_name", "name", "size"] {
        assert!(reason.contains(expected), "{reason}");
    }
    assert!(reason.matches("; ").count() >= 2, "{reason}");
    assert_eq!(world.rows("things").await.len(), 1);
    let noted = world.bucket.content(&format!("backups/{BACKUP}/verified.json"));
    assert_eq!(noted, None, "the backup is as good as it was");
}

#[tokio::test]
async fn rows_that_todays_table_does_not_take_are_no_damage_of_the_backup() {
    let short = THEN.replace("string(50)", "string(5)");
    for (now, form, expected) in [
        (&*short, "old_name VARCHAR(5) NOT NULL, size BIGINT NOT NULL", "longer than the table's column"),
        (
            THEN,
            "old_name VARCHAR(50) NOT NULL, size BIGINT NOT NULL, UNIQUE (size)",
            "a unique index of today's table things refuses a row",
        ),
    ] {
        let mut world = then_and_now(now, &format!("id INT PRIMARY KEY, {form}")).await;
        if now == THEN {
            let things = |id| vec![Value::Integer(id), text("thing"), Value::Integer(7)];
            let rows: Vec<_> = (1..=3).map(things).collect();
            world.back_up(BACKUP, &[("things", &rows)], Made::default()).await;
        }
        world.sql("INSERT INTO things VALUES (9, 'stays', 1)").await;
        let reason = world.fails(all_of_it()).await;
        assert!(reason.contains(expected), "{reason}");
        assert_eq!(world.rows("things").await.len(), 1);
        let noted = world.bucket.content(&format!("backups/{BACKUP}/verified.json"));
        assert_eq!(noted, None, "the backup is as good as it was");
        world.dictionary = dictionary(THEN);
    }
}

#[tokio::test]
async fn what_the_function_may_not_read_fails_the_restore_at_once() {
    let world = World::start().await;
    world.back_up(BACKUP, &[("tags", &named([1]))], Made::default()).await;
    world.bucket.deny(&format!("backups/{BACKUP}/tags/"));
    let expected =
        format!("the function may not read or write backups/{BACKUP}/tags/part-00000.avro: S3 says 403");
    assert_eq!(world.fails(all_of_it()).await, expected);
    world.bucket.deny("avro/");
    let from = json!({ "from": "avro/tags/", "tables": ["tags"] });
    assert_eq!(world.fails(from).await, "the function may not read or write avro/tags/: S3 says 403");
}

#[tokio::test]
async fn a_backup_from_before_columns_were_renamed_and_added_comes_back() {
    let renamed = r#"name = "name", aliases = ["old_name"]"#;
    let added = r#"    { name = "note", type = "string(9)", required = false, description = "Note." },
    { name = "floors", type = "integer", default = 1, description = "Floors." },
    { name = "rent", type = "decimal(5,2)", default = "9.5", description = "Rent." },
]"#;
    let now = THEN.replace(r#"name = "old_name""#, renamed);
    let now = format!("{}{added}\n", now.trim_end().trim_end_matches(']'));
    let form = "id INT PRIMARY KEY, name VARCHAR(50) NOT NULL, size BIGINT NOT NULL, note VARCHAR(9) NULL, \
                floors INT NOT NULL DEFAULT 1, rent DECIMAL(5,2) NULL DEFAULT 9.5";
    let world = then_and_now(&now, form).await;
    world.restore(all_of_it()).await;
    let cell = |text: &str| Some(text.to_owned());
    let expected = [cell("2"), cell("thing 2"), cell("20"), None, cell("1"), cell("9.50")];
    assert_eq!(world.rows("things").await[1], expected);
    // Restored rows are backed up, and restored, in their present form.
    let now = vec![
        Value::Integer(2),
        text("thing 2"),
        Value::Integer(20),
        Value::Null,
        Value::Integer(2),
        Value::Null,
    ];
    world.back_up(BACKUP, &[("things", &[now])], Made::default()).await;
    world.restore(all_of_it()).await;
    let expected = [cell("2"), cell("thing 2"), cell("20"), None, cell("2"), None];
    assert_eq!(world.rows("things").await, [expected]);
}

#[tokio::test]
async fn a_manifest_of_another_dictionary() {
    let mut world = World::start().await;
    let tables = [("collections", &*named([1])), ("tags", &named([1]))];
    world.back_up(BACKUP, &tables, Made::default()).await;
    let text = include_str!("../../../testkit/sql/dictionary.toml");
    let all: Vec<&str> = text.split("[[table]]").collect();
    let without_tags = all
        .iter()
        .filter(|block| !block.contains("name = \"tags\"") && !block.contains("name = \"documents\""));
    world.dictionary = dictionary(&without_tags.copied().collect::<Vec<_>>().join("[[table]]"));
    let reason = world.fails(all_of_it()).await;
    assert_eq!(reason, "the backup's table tags is not in the dictionary; name the tables to restore");
    world.restore(json!({ "backup": BACKUP, "tables": ["collections"] })).await;
    assert_eq!(world.rows("collections").await.len(), 1);
}
