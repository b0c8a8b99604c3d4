//! Values at the ends of what there can be.

use domain::dictionary::Dictionary;
use domain::value::Value;
use testkit::TestDatabase;

use crate::support::{BACKUP, Made, Row, World, all_of_it, text};

fn job(id: i64, name: impl Into<String>) -> Row {
    vec![Value::Integer(id), text(name)]
}

async fn names(world: &World) -> Vec<(String, String)> {
    let rows = world.db.sql("SELECT id, HEX(job_name) FROM jobs ORDER BY id").await.unwrap();
    rows.into_iter().map(|row| (row[0].clone().unwrap(), row[1].clone().unwrap())).collect()
}

#[tokio::test]
async fn ids_at_both_ends_four_byte_characters_and_nuls_come_back() {
    let world = World::start().await;
    let wide = "\u{1F600}".repeat(255);
    let texts = ["", " ", "\0", "a\0b\0", "'\"\\\r\n\t,", "Ünïcödé \u{FFFD}", &wide, "N", "3:abc"];
    let ids = [i64::from(i32::MIN), -1, 1, 2, 3, 4, 5, 6, i64::from(i32::MAX)];
    let rows: Vec<Row> = ids.iter().zip(texts).map(|(id, name)| job(*id, name)).collect();
    world.back_up(BACKUP, &[("jobs", &rows)], Made::default()).await;
    world.restore(all_of_it()).await;
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02X}")).collect::<String>();
    let expected: Vec<(String, String)> =
        ids.iter().zip(texts).map(|(id, text)| (id.to_string(), hex(text))).collect();
    assert_eq!(names(&world).await, expected);
}

#[tokio::test]
async fn a_row_that_somebody_gave_the_id_0_keeps_it() {
    let world = World::start().await;
    world.back_up(BACKUP, &[("jobs", &[job(0, "none"), job(7, "b")])], Made::default()).await;
    world.restore(all_of_it()).await;
    let ids: Vec<String> = names(&world).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["0", "7"]);
}

#[tokio::test]
async fn rows_that_fill_a_statement_come_back() {
    // The widest that a dictionary may have: one row takes all of the 65,536 characters of a
    // statement.
    let table = r#"
[[table]]
name = "wide"
description = "Wide rows."
columns = [
    { name = "id", type = "bigint", key = true, description = "Number." },
    { name = "a", type = "string(4000)", description = "Text." },
    { name = "b", type = "string(LENGTH)", description = "Text." },
]
"#;
    let parse = |length: usize| Dictionary::parse("test", &table.replace("LENGTH", &length.to_string()));
    let length = (1..=4200).rev().find(|length| parse(*length).is_ok()).unwrap();
    assert!(length > 4000 && parse(length + 1).is_err(), "{length}");
    let dictionary: &'static Dictionary = Box::leak(Box::new(parse(length).unwrap()));
    let world = World::over(TestDatabase::migrated().await.unwrap(), dictionary);
    let form = format!("id BIGINT PRIMARY KEY, a VARCHAR(4000) NOT NULL, b VARCHAR({length}) NOT NULL");
    world.sql(&format!("CREATE TABLE wide ({form}) DEFAULT CHARACTER SET = utf8mb4")).await;
    let row =
        |id: i64| vec![Value::Integer(id), text("\u{1F600}".repeat(4000)), text("\u{10FFFF}".repeat(length))];
    let rows: Vec<Row> = [i64::MIN, 0, i64::MAX].map(row).into();
    world.back_up(BACKUP, &[("wide", &rows)], Made::default()).await;
    let restored = world.restore(all_of_it()).await;
    assert_eq!(restored.tables["wide"].rows_restored, 3);
    let expected = format!("-9223372036854775808 9223372036854775807 {}", 3 * (4000 + length));
    let sql = "SELECT CONCAT(MIN(id), ' ', MAX(id), ' ', SUM(CHAR_LENGTH(a) + CHAR_LENGTH(b))) FROM wide";
    assert_eq!(world.db.value(sql).await.unwrap(), expected);
}
