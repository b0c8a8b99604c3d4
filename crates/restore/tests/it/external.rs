//! Tables from Avro files that Rowgate did not write.

use std::time::Duration;

use apache_avro::types::Value as Avro;
use apache_avro::{Codec, Schema, Writer};
use aurora::Deadline;
use domain::dictionary::Dictionary;
use restore::{Answer, invoke};
use serde_json::json;
use testkit::TestDatabase;
use testkit::local_data_api::{Effect, Faults, Rule};

use crate::support::{INVOCATION, World};

/// The schema that Spark writes for collections, with one more column.
const SCHEMA: &str = r#"{"type": "record", "name": "topLevelRecord", "fields": [
    {"name": "COLLECTION", "type": ["string", "null"]}, {"name": "budget", "type": ["double", "null"]},
    {"name": "id", "type": ["double", "string", "null"]}]}"#;

/// A file with these ids; an id that divides by 1000 has no name.
fn file(ids: impl Iterator<Item = i32>) -> Vec<u8> {
    let schema = Schema::parse_str(SCHEMA).unwrap();
    let mut writer = Writer::with_codec(&schema, Vec::new(), Codec::Snappy).unwrap();
    let some = |index, value| Avro::Union(index, Box::new(value));
    for id in ids {
        let name = if id % 1_000 == 0 { String::new() } else { format!("Name {id}") };
        let id = if id % 2 == 0 {
            some(0, Avro::Double(id.into()))
        } else {
            some(1, Avro::String(id.to_string()))
        };
        let row = vec![
            ("COLLECTION".to_owned(), some(0, Avro::String(name))),
            ("budget".to_owned(), some(1, Avro::Null)),
            ("id".to_owned(), id),
        ];
        writer.append_value(Avro::Record(row)).unwrap();
    }
    writer.into_inner().unwrap()
}

/// A database with one collection, and files of which the second repeats ids of the first.
async fn world() -> World {
    let world = World::start().await;
    world.sql("INSERT INTO collections VALUES (7, 'before')").await;
    world.bucket.insert("avro/run/part-0", file(1..=60_000));
    world.bucket.insert("avro/run/part-1", file((50_001..=110_000).rev()));
    world.bucket.insert("avro/run/_SUCCESS", "");
    // Of a task that was run twice and killed.
    world.bucket.insert("avro/run/_temporary/0/task_1/part-0", file(900_001..=900_009));
    world
}

const SUMS: &str =
    "SELECT CONCAT(COUNT(*), ' ', SUM(id), ' ', COUNT(DISTINCT collection_name)) FROM collections";

#[tokio::test]
async fn the_first_of_rows_with_one_id_counts_and_every_other_is_rejected_with_its_reason() {
    let world = world().await;
    let restored =
        world.restore(json!({ "from": "avro/run/", "tables": ["collections"], "ignore": ["budget"] })).await;
    let answer = serde_json::to_value(&restored.tables["collections"]).unwrap();
    // 110 of the 110,000 ids have no name, 10 of them twice; 9,990 others are there twice.
    let (read, good) = (120_000_u64, 110_000 - 110);
    assert_eq!(
        [&answer["rows_read"], &answer["rows_restored"], &answer["rows_rejected"]],
        [read, good, read - good]
    );
    let sum: u64 = (1..=110_000_u64).filter(|id| id % 1_000 != 0).sum();
    assert_eq!(world.db.value(SUMS).await.unwrap(), format!("{good} {sum} {good}"));
    let folder = format!("rejected/collections/{}/", restored.restore);
    let (mut required, mut repeated) = (0, 0);
    for key in world.bucket.keys().iter().filter(|key| key.starts_with("rejected/")) {
        assert!(key.starts_with(&format!("{folder}{}-", restored.restore)), "{key}");
        let content = String::from_utf8(world.bucket.content(key).unwrap().to_vec()).unwrap();
        let mut lines = content.lines();
        assert_eq!(lines.next(), Some("\u{FEFF}collection_name,id,line,code,reason"));
        for line in lines {
            let fields: Vec<&str> = line.split(',').collect();
            let id: u32 = fields[1].parse().unwrap();
            match fields[3] {
                "required" => (assert_eq!(id % 1_000, 0), required += 1),
                "duplicate_in_batch" => (assert!((50_001..=60_000).contains(&id)), repeated += 1),
                _ => panic!("{line}"),
            };
        }
    }
    assert_eq!((required, repeated), (120, 9_990));
}

#[tokio::test]
async fn files_that_cannot_be_restored_leave_the_table_as_it_was() {
    let world = world().await;
    let asked = |prefix: &str, ignore: &str, strict: bool| json!({ "from": prefix, "tables": ["collections"], "ignore": [ignore], "strict": strict });
    let reason = world.fails(asked("avro/run/", "other", false)).await;
    assert!(reason.contains("avro/run/part-1: the field \"budget\" is for no column"), "{reason}");
    let reason = world.fails(asked("avro/none/", "*", false)).await;
    assert!(reason.contains("there is no file under avro/none/"), "{reason}");
    let reason = world.fails(asked("avro/run/", "*", true)).await;
    assert!(reason.contains("avro/run/part-0: row 1000: required: collection_name is required"), "{reason}");
    world.bucket.insert("avro/bad/1", file((1..=5).map(|id| id * 1_000)));
    let reason = world.fails(asked("avro/bad/", "*", false)).await;
    assert!(reason.contains("all 5 rows were rejected"), "{reason}");
    let whole = file(1..=1_000);
    world.bucket.insert("avro/cut/1", whole[..whole.len() - 20].to_vec());
    let reason = world.fails(asked("avro/cut/", "*", false)).await;
    assert!(reason.contains("avro/cut/1: it is cut off"), "{reason}");
    assert_eq!(world.db.value(SUMS).await.unwrap(), "1 7 1");
}

#[tokio::test]
async fn files_where_the_function_may_not_read_are_refused_with_where_it_may() {
    let world = world().await;
    world.bucket.insert("exports/run/part-0", file(1..=10));
    // Nothing there is even listed.
    world.bucket.deny("exports/");
    let reason =
        world.fails(json!({ "from": "exports/run/", "tables": ["collections"], "ignore": ["*"] })).await;
    let expected = "the function may not read files under exports/run/, only those under avro/ or backups/: copy them there, \
                    or add their folder to the deployment's restorePrefixes";
    assert_eq!(reason, expected);
    assert_eq!(world.db.value(SUMS).await.unwrap(), "1 7 1");
}

#[tokio::test]
async fn files_that_change_while_they_are_restored_end_it() {
    let world = world().await;
    // One chunk is committed in the time of the first invocation, the others are not.
    let slow = Rule::new(Effect::DelayMs(20_000)).sql("INSERT INTO rowgate_restore_chunks").after(1);
    world.db.data_api().set(Faults::default().with(slow));
    let payload = json!({ "from": "avro/run/", "tables": ["collections"], "ignore": ["budget"] });
    let Answer::Restored(begun) = world.invoke_within(payload, Duration::from_secs(12)).await.unwrap() else {
        panic!("no restore")
    };
    assert_eq!(serde_json::to_value(&begun).unwrap()["status"], "running");
    world.db.data_api().clear();
    world.bucket.insert("avro/run/part-00", file(1..=10));
    let next = json!({ "continue": { "restore": begun.restore } });
    let error = world.invoke_within(next, INVOCATION).await.unwrap_err();
    assert!(error.to_string().contains("the files under avro/run/ have changed"), "{error}");
    assert_eq!(world.db.value(SUMS).await.unwrap(), "1 7 1");
}

/// Returns a dictionary of one table whose texts have at most `chars` characters.
fn cities(chars: u32) -> &'static Dictionary {
    let text = format!(
        "[[table]]\nname = \"cities\"\ncolumns = [{{ name = \"id\", type = \"integer\", key = true }}, \
         {{ name = \"city\", type = \"string({chars})\" }}]"
    );
    Box::leak(Box::new(Dictionary::parse("test", &text).unwrap()))
}

/// A table of cities with up to nine characters, and a file with these. A transaction that is left
/// open ends soon.
async fn world_of_cities(names: &[&str]) -> World {
    let test = TestDatabase::start_with(|config| {
        config.limits.transaction_idle = Duration::from_millis(300);
    });
    let test = test.await.unwrap();
    test.migrate().await.unwrap();
    let world = World::over(test, cities(9));
    world.sql("CREATE TABLE cities (id INT PRIMARY KEY, city VARCHAR(9) NOT NULL)").await;
    let schema = r#"{"type": "record", "name": "r", "fields": [{"name": "id", "type": "int"}, {"name": "city", "type": "string"}]}"#;
    let schema = Schema::parse_str(schema).unwrap();
    let mut writer = Writer::new(&schema, Vec::new()).unwrap();
    for (id, city) in (1..).zip(names) {
        let row =
            vec![("id".to_owned(), Avro::Int(id)), ("city".to_owned(), Avro::String((*city).to_owned()))];
        writer.append_value(Avro::Record(row)).unwrap();
    }
    world.bucket.insert("avro/cities/1", writer.into_inner().unwrap());
    world
}

/// The restore that [`cities_payload`] asks for.
const RESTORE: &str = "20261121-100000-00000001";

fn cities_payload() -> serde_json::Value {
    json!({ "from": "avro/cities/", "tables": ["cities"], "restore": RESTORE })
}

/// Returns how many records the ledger counts as rejected, and fails unless the rejects files are
/// those that it names, each with as many records as it counts.
async fn rejects_as_in_ledger(world: &World) -> u64 {
    let sql = "SELECT rejects_key, rows_rejected FROM rowgate_restore_chunks WHERE rejects_key IS NOT NULL \
               ORDER BY rejects_key";
    let (mut named, mut total) = (Vec::new(), 0);
    for row in world.db.sql(sql).await.unwrap() {
        let [Some(key), Some(rows)] = &row[..] else { panic!("{row:?}") };
        let content = world.bucket.content(key).unwrap();
        let records = String::from_utf8_lossy(&content).lines().count() - 1;
        assert_eq!(records.to_string(), *rows, "{key}");
        named.push(key.clone());
        total += records as u64;
    }
    let mut there = world.bucket.keys();
    there.retain(|key| key.starts_with("rejected/"));
    assert_eq!(there, named);
    total
}

#[tokio::test]
async fn a_function_that_wakes_up_late_leaves_the_rejects_files_as_the_ledger_has_them() {
    // Of which the frozen function, of an older release, rejects one more than the other function.
    for (names, rejected) in [(["Rome", "Bologna", "Wolverhampton"], 1), (["Rome", "Bologna", "Bari"], 0)] {
        let world = world_of_cities(&names).await;
        let mut older = world.restorer();
        older.dictionary = cities(6);
        let freeze = world.bucket.freeze_put("rejected/");
        let other = async {
            freeze.begun().await;
            while world.db.open_transactions() > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let restored = world.restore(cities_payload()).await;
            assert_eq!(restored.tables["cities"].rows_restored, 3 - rejected);
            assert_eq!(rejects_as_in_ledger(&world).await, rejected);
            freeze.end();
        };
        let frozen = invoke(&older, cities_payload(), Deadline::after(INVOCATION));
        let (frozen, ()) = tokio::join!(frozen, other);
        assert!(matches!(frozen, Ok(Answer::Restored(_))), "{frozen:?}");
        assert_eq!(rejects_as_in_ledger(&world).await, rejected);
    }
}

#[tokio::test]
async fn the_reaper_removes_orphaned_files_and_nothing_of_a_person() {
    let world = world_of_cities(&["Rome", "Wolverhampton"]).await;
    world.restore(cities_payload()).await;
    assert_eq!(rejects_as_in_ledger(&world).await, 1);
    let folder = format!("rejected/cities/{RESTORE}/");
    let orphan = format!("{folder}{RESTORE}-00000-0123abcd.csv");
    let kept = format!("{folder}fixed.csv");
    for key in [&orphan, &kept] {
        world.bucket.insert(key, "kept");
    }
    world.invoke(json!({ "sweep": {} })).await.unwrap();
    assert!(world.bucket.content(&orphan).is_none());
    assert_eq!(world.bucket.remove(&kept).unwrap(), "kept");
    assert_eq!(rejects_as_in_ledger(&world).await, 1);
}

#[tokio::test]
async fn a_column_that_no_file_has_gets_its_default() {
    const THINGS: &str = r#"
[[table]]
name = "things"
columns = [
    { name = "id", type = "integer", key = true },
    { name = "floors", type = "integer", default = 1 },
    { name = "city", type = "string(9)", required = false, default = "here" },
]
"#;
    let dictionary = Box::leak(Box::new(Dictionary::parse("test", THINGS).unwrap()));
    let world = World::over(TestDatabase::migrated().await.unwrap(), dictionary);
    world
        .sql("CREATE TABLE things (id INT PRIMARY KEY, floors INT NOT NULL, city VARCHAR(9) NOT NULL)")
        .await;
    let schema = r#"{"type": "record", "name": "r", "fields": [{"name": "id", "type": "int"}]}"#;
    let schema = Schema::parse_str(schema).unwrap();
    let mut writer = Writer::new(&schema, Vec::new()).unwrap();
    writer.append_value(Avro::Record(vec![("id".to_owned(), Avro::Int(7))])).unwrap();
    world.bucket.insert("avro/things/1", writer.into_inner().unwrap());
    world.restore(json!({ "from": "avro/things/", "tables": ["things"] })).await;
    let row = ["7", "1", "here"].map(|cell| Some(cell.to_owned()));
    assert_eq!(world.rows("things").await, [row]);
}

/// Visits of a place on a day, each with a badge that nobody else has.
const VISITS: &str = r#"
[[table]]
name = "visits"
check = "ends_at >= begins_at"
columns = [
    { name = "place", type = "string(20)", key = true },
    { name = "day", type = "date", key = true },
    { name = "badge", type = "string(9)", unique = true, required = false },
    { name = "begins_at", type = "time" },
    { name = "ends_at", type = "time", required = false },
]
"#;

const VISITS_SCHEMA: &str = r#"{"type": "record", "name": "r", "fields": [
    {"name": "place", "type": "string"},
    {"name": "day", "type": {"type": "int", "logicalType": "date"}},
    {"name": "badge", "type": ["null", "string"]},
    {"name": "begins_at", "type": {"type": "int", "logicalType": "time-millis"}},
    {"name": "ends_at", "type": ["null", {"type": "long", "logicalType": "time-micros"}]}]}"#;

/// A file of visits: place, day after 1970-01-01, badge and hour of the end; all begin at ten.
fn visits(rows: &[(&str, i32, Option<&str>, Option<i64>)]) -> Vec<u8> {
    let schema = Schema::parse_str(VISITS_SCHEMA).unwrap();
    let mut writer = Writer::new(&schema, Vec::new()).unwrap();
    let optional = |value: Option<Avro>| match value {
        Some(value) => Avro::Union(1, Box::new(value)),
        None => Avro::Union(0, Box::new(Avro::Null)),
    };
    for (place, day, badge, end) in rows {
        let row = vec![
            ("place".to_owned(), Avro::String((*place).to_owned())),
            ("day".to_owned(), Avro::Date(*day)),
            ("badge".to_owned(), optional(badge.map(|badge| Avro::String(badge.to_owned())))),
            ("begins_at".to_owned(), Avro::TimeMillis(36_000_000)),
            ("ends_at".to_owned(), optional(end.map(|hour| Avro::TimeMicros(hour * 3_600_000_000)))),
        ];
        writer.append_value(Avro::Record(row)).unwrap();
    }
    writer.into_inner().unwrap()
}

async fn world_of_visits() -> World {
    let dictionary = Box::leak(Box::new(Dictionary::parse("test", VISITS).unwrap()));
    let world = World::over(TestDatabase::migrated().await.unwrap(), dictionary);
    world
        .sql(
            "CREATE TABLE visits (place VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, day DATE NOT NULL, \
             badge VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin NULL, begins_at TIME NOT NULL, ends_at TIME NULL, \
             PRIMARY KEY (place, day), UNIQUE KEY (badge))",
        )
        .await;
    world
}

#[tokio::test]
async fn keys_of_several_columns_unique_values_and_rules_hold_across_files() {
    let world = world_of_visits().await;
    let first = [("Inn", 0, Some("a"), None), ("Inn", 1, Some("b"), Some(10)), ("Bar", 0, None, None)];
    let second = [
        ("Inn", 1, Some("c"), None),
        ("Inn", 2, Some("a"), None),
        ("Inn", 3, None, Some(11)),
        ("Inn", 4, Some("d"), Some(9)),
        ("Bar", 1, None, None),
    ];
    world.bucket.insert("avro/visits/part-0", visits(&first));
    world.bucket.insert("avro/visits/part-1", visits(&second));
    let restored = world.restore(json!({ "from": "avro/visits/", "tables": ["visits"] })).await;
    let figures = &restored.tables["visits"];
    assert_eq!((figures.rows_restored, figures.rows_rejected), (5, 3));
    let shown: Vec<String> = world
        .rows("visits")
        .await
        .iter()
        .map(|row| row.iter().map(|cell| cell.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        shown,
        [
            "Bar 1970-01-01 NULL 10:00:00 NULL",
            "Bar 1970-01-02 NULL 10:00:00 NULL",
            "Inn 1970-01-01 a 10:00:00 NULL",
            "Inn 1970-01-02 b 10:00:00 10:00:00",
            "Inn 1970-01-04 NULL 10:00:00 11:00:00",
        ]
    );
    let rejects: Vec<String> =
        world.bucket.keys().into_iter().filter(|key| key.starts_with("rejected/")).collect();
    let [rejects] = &rejects[..] else { panic!("{rejects:?}") };
    let content = String::from_utf8(world.bucket.content(rejects).unwrap().to_vec()).unwrap();
    let lines: Vec<&str> = content.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "Inn,1970-01-02,c,10:00:00,,1,duplicate_in_batch,\"place, day together are already taken by an earlier row\"",
            "Inn,1970-01-03,a,10:00:00,,2,duplicate_value,badge is already taken by an earlier row",
            "Inn,1970-01-05,d,10:00:00,09:00:00,4,rule,the row must keep ends_at >= begins_at",
        ]
    );
}

#[tokio::test]
async fn strict_refuses_a_unique_value_that_another_file_has() {
    let world = world_of_visits().await;
    world.bucket.insert("avro/visits/part-0", visits(&[("Inn", 0, Some("a"), None)]));
    world.bucket.insert("avro/visits/part-1", visits(&[("Bar", 0, None, None), ("Bar", 1, Some("a"), None)]));
    let reason = world.fails(json!({ "from": "avro/visits/", "tables": ["visits"], "strict": true })).await;
    let expected = "avro/visits/part-1: row 2: duplicate_value: badge is already taken by an earlier row";
    assert!(reason.contains(expected), "{reason}");
}
