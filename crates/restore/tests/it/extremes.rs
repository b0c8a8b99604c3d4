//! Values at the ends of what there can be.

use domain::dictionary::Dictionary;
use domain::value::Value;
use testkit::TestDatabase;

use crate::support::{BACKUP, Made, Row, World, all_of_it, text};

fn tag(id: i64, name: impl Into<String>) -> Row {
    vec![Value::Integer(id), text(name)]
}

async fn names(world: &World) -> Vec<(String, String)> {
    let rows = world.db.sql("SELECT id, HEX(tag_name) FROM tags ORDER BY id").await.unwrap();
    rows.into_iter().map(|row| (row[0].clone().unwrap(), row[1].clone().unwrap())).collect()
}

#[tokio::test]
async fn ids_at_both_ends_four_byte_characters_and_nuls_come_back() {
    let world = World::start().await;
    let wide = "\u{1F600}".repeat(255);
    let texts = ["", " ", "\0", "a\0b\0", "'\"\\\r\n\t,", "Ünïcödé \u{FFFD}", &wide, "N", "3:abc"];
    let ids = [i64::from(i32::MIN), -1, 1, 2, 3, 4, 5, 6, i64::from(i32::MAX)];
    let rows: Vec<Row> = ids.iter().zip(texts).map(|(id, name)| tag(*id, name)).collect();
    world.back_up(BACKUP, &[("tags", &rows)], Made::default()).await;
    world.restore(all_of_it()).await;
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02X}")).collect::<String>();
    let expected: Vec<(String, String)> =
        ids.iter().zip(texts).map(|(id, text)| (id.to_string(), hex(text))).collect();
    assert_eq!(names(&world).await, expected);
}

#[tokio::test]
async fn a_row_that_somebody_gave_the_id_0_keeps_it() {
    let world = World::start().await;
    world.back_up(BACKUP, &[("tags", &[tag(0, "none"), tag(7, "b")])], Made::default()).await;
    world.restore(all_of_it()).await;
    let ids: Vec<String> = names(&world).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["0", "7"]);
}

#[tokio::test]
async fn values_that_no_statement_holds_as_literals_come_back() {
    let dictionary = r#"
[[table]]
name = "wide"
description = "Wide rows."
columns = [
    { name = "id", type = "bigint", key = true, description = "Number." },
    { name = "a", type = "text", description = "Text." },
    { name = "b", type = "string(4000)", description = "Text." },
    { name = "c", type = "binary(30000)", description = "Bytes." },
    { name = "d", type = "json", description = "A document." },
]
"#;
    let dictionary: &'static Dictionary = Box::leak(Box::new(Dictionary::parse("test", dictionary).unwrap()));
    let world = World::over(TestDatabase::migrated().await.unwrap(), dictionary);
    let form = "id BIGINT PRIMARY KEY, a TEXT NOT NULL, b VARCHAR(4000) NOT NULL, c VARBINARY(30000) NOT NULL, \
                d JSON NOT NULL";
    world.sql(&format!("CREATE TABLE wide ({form}) DEFAULT CHARACTER SET = utf8mb4")).await;
    let row = |id: i64, characters: usize, bytes: usize| {
        vec![
            Value::Integer(id),
            text("\u{10FFFF}".repeat(characters)),
            text("\u{1F600}".repeat(characters.min(4000))),
            Value::Binary(vec![0xFF; bytes].into()),
            Value::Json(format!("\"{}\"", "\\\"".repeat(bytes)).into()),
        ]
    };
    // Around the 2,048 bytes up to which values are literals; and as long as can be, many of them.
    let mut rows = vec![row(i64::MIN, 512, 2048), row(-1, 513, 2049), row(0, 0, 0)];
    rows.extend((1..=60).map(|id| row(id, 16_383, 30_000)));
    world.back_up(BACKUP, &[("wide", &rows)], Made::default()).await;
    let restored = world.restore(all_of_it()).await;
    assert_eq!(restored.tables["wide"].rows_restored, 63);
    let sql = "SELECT CONCAT_WS(' ', MIN(id), SUM(CHAR_LENGTH(a)), SUM(CHAR_LENGTH(b)), SUM(LENGTH(c)), \
               SUM(CHAR_LENGTH(d))) FROM wide";
    let (characters, bytes) = (512 + 513, 2048 + 2049 + 60 * 30_000);
    let expected = format!(
        "{} {} {} {bytes} {}",
        i64::MIN,
        characters + 60 * 16_383,
        characters + 60 * 4000,
        2 * bytes + 2 * 63
    );
    assert_eq!(world.db.value(sql).await.unwrap(), expected);
}
