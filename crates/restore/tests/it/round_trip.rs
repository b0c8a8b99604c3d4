//! Random tables of every column type, through files and the real database, come back exactly.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use domain::avro::Codec;
use domain::dictionary::{ColumnType, Dictionary, Table};
use domain::value::{CivilDate, CivilTime, Decimal, Value};
use fastrand::Rng;
use serde_json::json;
use testkit::TestDatabase;

use crate::support::{Made, Row, World, text};

const TABLES: u32 = 14;

#[tokio::test]
async fn random_tables_of_every_type_come_back_exactly() {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    let db = TestDatabase::migrated().await.unwrap();
    let mut world = World::over(db, testkit::dictionary());
    for number in 0..TABLES {
        let (dictionary, form) = random_table(&mut random, number);
        world.dictionary = Box::leak(Box::new(Dictionary::parse("test", &dictionary).unwrap()));
        world.sql(&form).await;
        let table = &world.dictionary.tables()[0];
        let nullable = crate::support::nullable(&world.db.database(), table).await;
        let rows = random_rows(&mut random, table, &nullable);
        let codec = *random.choice(&[Codec::Null, Codec::Deflate, Codec::Zstandard]).unwrap();
        let made = Made { part_rows: random.usize(1..200), codec };
        let id = format!("20261121-020000-{number:08x}");
        world.back_up(&id, &[(table.name(), &rows)], made).await;
        world.restore(json!({ "backup": id })).await;
        let mut expected: Vec<Vec<Option<String>>> =
            rows.iter().map(|row| row.iter().map(as_printed).collect()).collect();
        let key = table.key_index();
        expected.sort_by_key(|row| row[key].as_ref().unwrap().parse::<i64>().unwrap());
        assert_eq!(world.rows(table.name()).await, expected, "seed {seed}, table {number}: {form}");
    }
}

/// A table's dictionary, and the statement that makes it.
fn random_table(random: &mut Rng, number: u32) -> (String, String) {
    let mut types: Vec<(String, String)> = Vec::new();
    let mut add = |kind: &str, sql: &str| types.push((kind.to_owned(), sql.to_owned()));
    add("integer", "INT");
    add("bigint", "BIGINT");
    add("boolean", "BOOLEAN");
    add("date", "DATE");
    add("timestamp", "DATETIME");
    let length = random.u32(1..=255);
    add(&format!("string({length})"), &format!("VARCHAR({length})"));
    let precision = random.u32(1..=38);
    let scale = random.u32(0..=precision.min(30));
    add(&format!("decimal({precision},{scale})"), &format!("DECIMAL({precision},{scale})"));
    random.shuffle(&mut types);
    let key = random.usize(0..=types.len());
    let (key_type, key_sql) = if random.bool() { ("integer", "INT") } else { ("bigint", "BIGINT") };
    let mut columns = String::new();
    let mut form = Vec::new();
    for position in 0..=types.len() {
        if position == key {
            let _ = writeln!(
                columns,
                "{{ name = \"id\", type = \"{key_type}\", key = true, description = \"x\" }},"
            );
            form.push(format!("id {key_sql} NOT NULL PRIMARY KEY"));
        }
        if let Some((kind, sql)) = types.get(position) {
            let name = format!("c{position}");
            let _ = writeln!(columns, "{{ name = \"{name}\", type = \"{kind}\", description = \"x\" }},");
            form.push(format!("{name} {sql} {}", random.choice(["NULL", "NOT NULL"]).unwrap()));
        }
    }
    let name = format!("random_{number}");
    let dictionary = format!("[[table]]\nname = \"{name}\"\ndescription = \"x\"\ncolumns = [\n{columns}]\n");
    let form = format!("CREATE TABLE {name} ({}) DEFAULT CHARACTER SET = utf8mb4", form.join(", "));
    (dictionary, form)
}

fn random_rows(random: &mut Rng, table: &Table, nullable: &[bool]) -> Vec<Row> {
    let count = *random.choice(&[0, 1, 50, 400]).unwrap();
    let is_int = table.key().column_type() == ColumnType::Integer;
    let mut ids = BTreeSet::new();
    while ids.len() < count {
        let id = if is_int { i64::from(random.i32(..)) } else { random.i64(..) };
        ids.insert(
            *random.choice(&[id, id % 1000, if is_int { i32::MAX.into() } else { i64::MIN }]).unwrap(),
        );
    }
    let mut rows = Vec::new();
    for id in ids {
        let row = table.columns().iter().zip(nullable).enumerate().map(|(position, (column, nullable))| {
            if position == table.key_index() {
                Value::Integer(id)
            } else if *nullable && random.u8(..4) == 0 {
                Value::Null
            } else {
                random_value(random, column.column_type())
            }
        });
        rows.push(row.collect());
    }
    rows
}

fn random_value(random: &mut Rng, column_type: ColumnType) -> Value<'static> {
    match column_type {
        ColumnType::Integer => {
            Value::Integer((*random.choice(&[i32::MIN, i32::MAX, 0, random.clone().i32(..)]).unwrap()).into())
        }
        ColumnType::Bigint => {
            Value::Integer(*random.choice(&[i64::MIN, i64::MAX, 0, random.clone().i64(..)]).unwrap())
        }
        ColumnType::Decimal { precision, scale } => {
            let most = 10_i128.pow(precision.into()) - 1;
            let unscaled =
                *random.choice(&[0, 1, -1, most, -most, random.clone().i128(-most..=most)]).unwrap();
            Value::Decimal(Decimal { unscaled, scale })
        }
        ColumnType::String { max } => {
            let letters = [
                'a',
                'Z',
                '0',
                ',',
                ':',
                '\'',
                '"',
                '\\',
                '\0',
                '\n',
                ' ',
                'é',
                '€',
                '\u{1F600}',
                '\u{FFFF}',
            ];
            let length = *random.choice(&[0, 1, max, random.clone().u32(0..=max)]).unwrap();
            text((0..length).map(|_| *random.choice(&letters).unwrap()).collect::<String>())
        }
        ColumnType::Boolean => Value::Boolean(random.bool()),
        ColumnType::Date => Value::Date(random_day(random)),
        ColumnType::Timestamp => {
            let time = CivilTime::new(random.u8(..24), random.u8(..60), random.u8(..60)).unwrap();
            Value::Timestamp(random_day(random), time)
        }
    }
}

fn random_day(random: &mut Rng) -> CivilDate {
    let year =
        *random.choice(&[1000, 1582, 1969, 1970, 2024, 9999, random.clone().u16(1000..=9999)]).unwrap();
    (0..).find_map(|_| CivilDate::new(year, random.u8(1..=12), random.u8(1..=31))).unwrap()
}

/// A value as MariaDB prints it.
fn as_printed(value: &Value<'_>) -> Option<String> {
    let day = |date: &CivilDate| {
        let (year, month, day) = date.parts();
        format!("{year:04}-{month:02}-{day:02}")
    };
    Some(match value {
        Value::Null => return None,
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text.to_string(),
        Value::Boolean(truth) => u8::from(*truth).to_string(),
        Value::Date(date) => day(date),
        Value::Timestamp(date, time) => {
            let (hour, minute, second) = time.parts();
            format!("{} {hour:02}:{minute:02}:{second:02}", day(date))
        }
        Value::Decimal(Decimal { unscaled, scale: 0 }) => unscaled.to_string(),
        Value::Decimal(Decimal { unscaled, scale }) => {
            let one = 10_i128.pow((*scale).into());
            let sign = if *unscaled < 0 { "-" } else { "" };
            let (whole, rest) = (unscaled.abs() / one, unscaled.abs() % one);
            format!("{sign}{whole}.{rest:0width$}", width = usize::from(*scale))
        }
    })
}
