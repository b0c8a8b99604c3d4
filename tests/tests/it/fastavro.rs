//! fastavro reads every file that Rowgate writes, to equal values.

use std::fs;

use domain::avro::{Codec, FileWriter, Meta, Schema};
use domain::backup::BackupId;
use domain::dictionary::{Column, Dictionary, Table};
use domain::value::{CivilDate, CivilTime, Decimal, Timestamp, Value};
use fastrand::Rng;
use serde_json::json;

use crate::support::{AvroFile, read_avro};

/// Every type of a column, with numbers of every width.
const COLUMNS: &str = r#"
    { name = "id", type = "integer", key = true, description = "The \"key\"." },
    { name = "large", type = "bigint" },
    { name = "price", type = "decimal(10,2)" },
    { name = "exact", type = "decimal(38,18)" },
    { name = "whole", type = "decimal(3,0)" },
    { name = "name", type = "string(255)" },
    { name = "is_so", type = "boolean" },
    { name = "day", type = "date" },
    { name = "moment", type = "timestamp" },
"#;
/// Some hundreds of kilobytes: several blocks.
const ROWS: usize = 4_000;

fn table() -> Table {
    let text = format!("[[table]]\nname = \"things\"\ndescription = \"Things.\"\ncolumns = [{COLUMNS}]");
    Dictionary::parse("test", &text).unwrap().tables()[0].clone()
}

/// A value, and how the database prints it.
type Printed = (Value<'static>, Option<String>);

fn integer(number: i64) -> Printed {
    (Value::Integer(number), Some(number.to_string()))
}

fn decimal(unscaled: i128, scale: u8) -> Printed {
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, part) = digits.split_at(digits.len() - usize::from(scale));
    let sign = if unscaled < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    (Value::Decimal(Decimal { unscaled, scale }), Some(format!("{sign}{whole}{point}{part}")))
}

fn text(text: String) -> Printed {
    (Value::Text(text.clone().into()), Some(text))
}

fn day(random: &mut Rng) -> (CivilDate, String) {
    let (year, month, day) = match random.u8(..8) {
        0 => (1000, 1, 1),
        1 => (9999, 12, 31),
        2 => (1970, 1, 1),
        3 => (2024, 2, 29),
        _ => (random.u16(1000..=9999), random.u8(1..=12), random.u8(1..=28)),
    };
    (CivilDate::new(year, month, day).unwrap(), format!("{year}-{month:02}-{day:02}"))
}

/// Returns one of the edge cases, or any number.
fn any(random: &mut Rng, edges: &[i128], most: i128) -> i128 {
    match random.usize(..edges.len() * 2) {
        index if index < edges.len() => edges[index],
        _ => random.i128(-most..=most),
    }
}

fn row(random: &mut Rng, id: i64, has_nulls: bool) -> Vec<Printed> {
    let ten = 10_i128;
    let large = any(random, &[i64::MIN.into(), i64::MAX.into(), 0, -1], i64::MAX.into());
    let price = any(random, &[ten.pow(10) - 1, 1 - ten.pow(10), 0, -1, 127, 128], ten.pow(10) - 1);
    let exact = any(random, &[ten.pow(38) - 1, 1 - ten.pow(38), 0, 255], ten.pow(38) - 1);
    let names =
        ["", "Ada", "O'Brien", "\u{1F600}\u{1F600}", "a\0b", "\"quoted\"\r\n\t\\", "\u{e9}", "\u{FEFF}x"];
    let name = match random.usize(..names.len() + 2) {
        index if index < names.len() => names[index].to_owned(),
        _ => "\u{1F980}".repeat(random.usize(1..=255)),
    };
    let ((date, date_text), (moment, moment_text)) = (day(random), day(random));
    let (hour, minute, second) = (random.u8(..24), random.u8(..60), random.u8(..60));
    let time = CivilTime::new(hour, minute, second).unwrap();
    let is_so = random.bool();
    let mut row = vec![
        integer(id),
        integer(i64::try_from(large).unwrap()),
        decimal(price, 2),
        decimal(exact, 18),
        decimal(random.i128(-999..=999), 0),
        text(name),
        (Value::Boolean(is_so), Some(u8::from(is_so).to_string())),
        (Value::Date(date), Some(date_text)),
        (
            Value::Timestamp(Timestamp::of_second(moment, time)),
            Some(format!("{moment_text} {hour:02}:{minute:02}:{second:02}")),
        ),
    ];
    for value in &mut row[1..] {
        if has_nulls && random.u8(..4) == 0 {
            *value = (Value::Null, None);
        }
    }
    row
}

fn file(table: &Table, nullable: &[bool], rows: &[Vec<Printed>], codec: Codec) -> Vec<u8> {
    let backup = BackupId::new(1_795_226_400, 7);
    let meta = Meta { backup: backup.as_str(), part: 3, dictionary: "0123456789abcdef", version: "0.1.0" };
    let sync = std::array::from_fn(|_| fastrand::u8(..));
    let mut writer = FileWriter::new(&Schema::of(table, nullable), &meta, codec, sync).unwrap();
    let mut bytes = writer.take();
    for row in rows {
        let values: Vec<Value<'_>> = row.iter().map(|(value, _)| value.clone()).collect();
        writer.push(&values).unwrap();
        bytes.extend(writer.take());
    }
    bytes.extend(writer.finish().unwrap());
    bytes
}

#[test]
fn fastavro_reads_every_type_and_codec_to_equal_values() {
    let (table, seed) = (table(), fastrand::u64(..));
    let mut random = Rng::with_seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let (mut paths, mut expected) = (Vec::new(), Vec::new());
    for (codec, has_nulls, count) in [
        (Codec::Null, false, ROWS),
        (Codec::Deflate, true, ROWS),
        (Codec::Zstandard, true, ROWS),
        (Codec::Deflate, false, 0),
    ] {
        let ids = [i64::from(i32::MIN), i64::from(i32::MAX), 0, -1].into_iter().chain(1..).take(count);
        let rows: Vec<Vec<Printed>> = ids.map(|id| row(&mut random, id, has_nulls)).collect();
        let mut nullable = [has_nulls; 9];
        nullable[0] = false;
        let path = folder.path().join(format!("{codec}-{count}.avro"));
        fs::write(&path, file(&table, &nullable, &rows, codec)).unwrap();
        paths.push(path);
        expected.push((codec, has_nulls, rows));
    }
    let found = read_avro(&paths);
    assert_eq!(found.len(), expected.len());
    for (AvroFile { metadata, codec: found_codec, schema, columns, rows: found }, (codec, has_nulls, rows)) in
        found.iter().zip(expected)
    {
        assert_eq!(found_codec, codec.as_str());
        assert_eq!(metadata["rowgate.table"], "things");
        assert_eq!(metadata["rowgate.backup"], BackupId::new(1_795_226_400, 7).as_str());
        assert_eq!(
            (&metadata["rowgate.part"], &metadata["rowgate.dictionary"]),
            (&json!("3"), &json!("0123456789abcdef"))
        );
        assert_eq!(schema["doc"], "Things.");
        assert_eq!(schema["fields"][0]["doc"], "The \"key\".");
        assert_eq!(schema["fields"][1]["type"].is_array(), has_nulls, "{schema}");
        let names: Vec<&str> = table.columns().iter().map(Column::name).collect();
        assert_eq!(*columns, names);
        assert_eq!(found.len(), rows.len());
        for (found, row) in found.iter().zip(rows) {
            let row: Vec<Option<String>> = row.into_iter().map(|(_, text)| text).collect();
            assert_eq!(*found, row, "seed {seed}, {codec}");
        }
    }
}
