mod damage;
mod oracle;
pub(crate) mod random;
mod resolution;

use super::*;
use crate::dictionary::{Dictionary, Table};
use crate::value::{CivilDate, CivilTime, Decimal, Timestamp, Value};

const CODECS: [Codec; 3] = [Codec::Null, Codec::Deflate, Codec::Zstandard];

const SYNC: [u8; 16] = *b"0123456789abcdef";

/// The table `things` with the key `id` and these columns, in the dictionary's own words.
pub(crate) fn table(columns: &str) -> Table {
    let text = format!(
        "[[table]]\nname = \"things\"\naliases = [\"stuff\"]\ndescription = \"What \\\"there\\\" is.\"\n\
         columns = [{{ name = \"id\", type = \"bigint\", key = true }}, {columns}]"
    );
    Dictionary::parse("test", &text).unwrap().tables()[0].clone()
}

/// A file of these rows, taken piece by piece as a backup does.
fn file(table: &Table, nullable: &[bool], rows: &[Vec<Value<'_>>], codec: Codec) -> Vec<u8> {
    let meta = Meta {
        backup: "20261121-020000-00000007",
        part: 3,
        dictionary: "0123456789abcdef",
        version: "0.1.0",
    };
    let mut writer = FileWriter::new(&Schema::of(table, nullable), &meta, codec, SYNC).unwrap();
    let mut bytes = writer.take();
    for row in rows {
        writer.push(row).unwrap();
        let finished = writer.take();
        assert!(finished.len() < 2 * 1024 * 1024);
        bytes.extend(finished);
    }
    assert_eq!(writer.rows(), rows.len() as u64);
    bytes.extend(writer.finish().unwrap());
    bytes
}

/// The rows of a file: as they are in the file, and as they are in the table.
type Rows = Vec<(Vec<Value<'static>>, Vec<Value<'static>>)>;

#[derive(Debug)]
enum Failure {
    Avro(AvroError),
    Reasons(Vec<Reason>),
}

impl From<AvroError> for Failure {
    fn from(error: AvroError) -> Self {
        Self::Avro(error)
    }
}

/// Reads a file as rows of a table: all rows, or the reason.
fn read(bytes: &[u8], table: &Table, nullable: &[bool]) -> Result<Rows, Failure> {
    let mut reader = FileReader::open(bytes)?;
    let resolution = Resolution::new(reader.writer_schema(), table, nullable).map_err(Failure::Reasons)?;
    let (mut block, mut rows) = (Block::default(), Vec::new());
    while reader.next_block(&mut block)? {
        assert_eq!(block.first_row, rows.len() as u64);
        resolution.decode(&block, |read, row| {
            let owned =
                |values: &[Value<'_>]| values.iter().cloned().map(Value::into_owned).collect::<Vec<_>>();
            assert_eq!(resolution.is_identity(), std::ptr::eq(read, row));
            rows.push((owned(read), owned(row)));
        })?;
        assert_eq!(block.first_row + block.rows(), rows.len() as u64);
    }
    assert_eq!(reader.rows, rows.len() as u64);
    Ok(rows)
}

/// A moment of 2021-07-27 at 16:02:08, with so many microseconds and digits.
fn moment(micros: u32, digits: u8) -> Value<'static> {
    let (date, time) = (CivilDate::new(2021, 7, 27).unwrap(), CivilTime::new(16, 2, 8).unwrap());
    Value::Timestamp(Timestamp::new(date, time, micros, digits).unwrap())
}

#[test]
fn a_file_says_what_it_is() {
    let table = table(r#"{ name = "a", type = "string(3)" }"#);
    let bytes = file(&table, &[false, true], &[], Codec::Deflate);
    let mut reader = FileReader::open(&bytes[..]).unwrap();
    for (name, expected) in [
        ("avro.codec", Some("deflate")),
        ("rowgate.table", Some("things")),
        ("rowgate.backup", Some("20261121-020000-00000007")),
        ("rowgate.part", Some("3")),
        ("rowgate.dictionary", Some("0123456789abcdef")),
        ("rowgate.version", Some("0.1.0")),
        ("rowgate.moment", None),
    ] {
        assert_eq!(reader.meta(name), expected, "{name}");
    }
    let schema = Schema::of(&table, &[false, true]);
    assert_eq!(reader.writer_schema().name(), "things");
    assert_eq!(reader.writer_schema().fingerprint(), schema.fingerprint());
    assert_eq!(reader.writer_schema().columns().collect::<Vec<_>>(), ["id", "a"]);
    assert!(!reader.next_block(&mut Block::default()).unwrap());
    assert_eq!(reader.skip_block().unwrap(), None);
}

#[test]
fn skips_blocks_by_their_counts() {
    let table = table(r#"{ name = "a", type = "string(200)" }"#);
    let row = |id| vec![Value::Integer(id), Value::Text("x".repeat(200).into())];
    let rows: Vec<_> = (0..2000).map(row).collect();
    for codec in CODECS {
        let bytes = file(&table, &[], &rows, codec);
        let mut reader = FileReader::open(&bytes[..]).unwrap();
        let first = reader.skip_block().unwrap().unwrap();
        let mut block = Block::default();
        assert!(reader.next_block(&mut block).unwrap());
        assert_eq!(block.first_row, first);
        let resolution = Resolution::new(reader.writer_schema(), &table, &[]).unwrap();
        let mut ids = Vec::new();
        resolution.decode(&block, |read, _| ids.extend(read[0].as_integer())).unwrap();
        assert_eq!(ids.first(), Some(&first.cast_signed()));
        while reader.skip_block().unwrap().is_some() {}
        assert_eq!(reader.rows, 2000);
    }
}

#[test]
fn refuses_a_row_that_is_none_of_the_table_and_continues() {
    let table = table(r#"{ name = "a", type = "integer" }, { name = "b", type = "decimal(3,1)" }"#);
    let meta = Meta { backup: "20261121-020000-00000007", part: 0, dictionary: "", version: "" };
    let mut writer = FileWriter::new(&Schema::of(&table, &[]), &meta, Codec::Null, SYNC).unwrap();
    let decimal = |unscaled, scale| Value::Decimal(Decimal { unscaled, scale });
    let good = vec![Value::Integer(1), Value::Integer(i64::from(i32::MIN)), decimal(-999, 1)];
    writer.push(&good).unwrap();
    let mut message = |column: usize, value: Value<'static>| {
        let mut bad = good.clone();
        bad[column] = value;
        writer.push(&bad).unwrap_err().to_string()
    };
    assert_eq!(message(1, Value::Null), "row 2, column a: it is NULL, which the column cannot be");
    for (column, value) in [
        (1, Value::Integer(i64::from(i32::MAX) + 1)),
        (1, Value::Boolean(true)),
        (2, decimal(1000, 1)),
        (2, decimal(1, 2)),
        (2, Value::Integer(1)),
    ] {
        let name = ["id", "a", "b"][column];
        let expected = format!("row 2, column {name}: the value is none of the column's type");
        assert_eq!(message(column, value), expected);
    }
    assert!(writer.push(&good[..2]).is_err());
    writer.push(&good).unwrap();
    let rows = read(&writer.finish().unwrap(), &table, &[]).unwrap();
    assert_eq!(rows, [(good.clone(), good.clone()), (good.clone(), good)]);
}
