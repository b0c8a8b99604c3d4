use apache_avro::types::Value as Avro;
use apache_avro::{Codec, Decimal, Duration, Uuid};

use super::*;

/// The row or the codes of one field of `things` beside an id, where the field has this type.
fn field(name: &str, schema: &str, value: Avro) -> String {
    let schema = format!(
        r#"{{"type": "record", "name": "t", "namespace": "a.b", "fields": [
            {{"name": "id", "type": "long"}}, {{"name": "{name}", "type": {schema}}}]}}"#
    );
    let row = Avro::Record(vec![("id".into(), Avro::Long(7)), (name.into(), value)]);
    let rows =
        read("things", &file(&schema, vec![row])).unwrap_or_else(|reason| panic!("{schema}: {reason}"));
    match (&rows.rows[..], &rows.rejects[..]) {
        ([row], []) => {
            let position = table("things").column_index(name).unwrap();
            row.split(',').nth(position).unwrap().to_owned()
        }
        ([], [reject]) => {
            let fields: Vec<&str> = reject.split(',').collect();
            format!("{} {}", fields[3], fields[1])
        }
        _ => panic!("{rows:?}"),
    }
}

#[test]
fn reads_every_logical_type() {
    for (name, schema, value, expected) in [
        ("day", r#"{"type": "int", "logicalType": "date"}"#, Avro::Date(18_938), "20211107"),
        (
            "moment",
            r#"{"type": "long", "logicalType": "timestamp-millis"}"#,
            Avro::TimestampMillis(1_636_253_322_000),
            "20211107024842",
        ),
        (
            "moment",
            r#"{"type": "long", "logicalType": "timestamp-micros"}"#,
            Avro::TimestampMicros(1_636_253_322_000_000),
            "20211107024842",
        ),
        (
            "moment",
            r#"{"type": "long", "logicalType": "timestamp-nanos"}"#,
            Avro::TimestampNanos(1_636_253_322_000_000_001),
            "timestamp 2021-11-07T02:48:42.000000001Z",
        ),
        (
            "moment",
            r#"{"type": "long", "logicalType": "local-timestamp-millis"}"#,
            Avro::LocalTimestampMillis(-1_000),
            "19691231235959",
        ),
        (
            "moment",
            r#"{"type": "long", "logicalType": "local-timestamp-micros"}"#,
            Avro::LocalTimestampMicros(0),
            "19700101000000",
        ),
        (
            "moment",
            r#"{"type": "long", "logicalType": "local-timestamp-nanos"}"#,
            Avro::LocalTimestampNanos(0),
            "19700101000000",
        ),
        (
            "moment",
            r#"{"type": "int", "logicalType": "time-millis"}"#,
            Avro::TimeMillis(57_728_500),
            "type 16:02:08.5",
        ),
        (
            "moment",
            r#"{"type": "long", "logicalType": "time-micros"}"#,
            Avro::TimeMicros(57_728_000_000),
            "type 16:02:08",
        ),
        ("at", r#"{"type": "int", "logicalType": "time-millis"}"#, Avro::TimeMillis(57_728_000), "160208"),
        (
            "at",
            r#"{"type": "long", "logicalType": "time-micros"}"#,
            Avro::TimeMicros(57_728_000_001),
            "timestamp 16:02:08.000001",
        ),
        (
            "exact",
            r#"{"type": "long", "logicalType": "timestamp-micros"}"#,
            Avro::TimestampMicros(1),
            "19700101000000.000001",
        ),
        ("ratio", r#""double""#, Avro::Double(0.5), "5e-1"),
        (
            "it",
            r#"{"type": "string", "logicalType": "uuid"}"#,
            Avro::Uuid(Uuid::nil()),
            "X'30303030303030302D303030302D303030302D303030302D303030303030303030303030'",
        ),
        (
            "it",
            r#"{"type": {"type": "fixed", "name": "u", "size": 16}, "logicalType": "uuid"}"#,
            Avro::Uuid(Uuid::nil()),
            "X'30303030303030302D303030302D303030302D303030302D303030303030303030303030'",
        ),
        ("picture", r#""bytes""#, Avro::Bytes(vec![0, 0xFF]), "X'00FF'"),
        ("picture", r#"{"type": "fixed", "name": "f", "size": 1}"#, Avro::Fixed(1, vec![7]), "X'07'"),
        ("moment", r#""long""#, Avro::Long(1_636_253_322_000), "type 1636253322000"),
        ("moment", r#"{"type": "int", "logicalType": "date"}"#, Avro::Date(18_938), "timestamp 2021-11-07"),
        (
            "price",
            r#"{"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 2}"#,
            Avro::Decimal(Decimal::from(vec![0xFF, 0x85])),
            "-1.23",
        ),
        (
            "price",
            r#"{"type": {"type": "fixed", "name": "d", "size": 16}, "logicalType": "decimal", "precision": 38, "scale": 3}"#,
            Avro::Decimal(Decimal::from(vec![0; 16])),
            "0.00",
        ),
        (
            "price",
            r#"{"type": "bytes", "logicalType": "big-decimal"}"#,
            Avro::BigDecimal("12.50".parse().unwrap()),
            "12.50",
        ),
        ("price", r#""double""#, Avro::Double(0.1), "0.10"),
        ("price", r#""float""#, Avro::Float(0.1), "0.10"),
        ("price", r#""string""#, Avro::String("0.1".into()), "0.10"),
        (
            "name",
            r#"{"type": "string", "logicalType": "uuid"}"#,
            Avro::Uuid(Uuid::nil()),
            "X'30303030303030302D303030302D303030302D303030302D303030303030303030303030'",
        ),
        (
            "name",
            r#"{"type": {"type": "fixed", "name": "u", "size": 16}, "logicalType": "uuid"}"#,
            Avro::Uuid(Uuid::nil()),
            "X'30303030303030302D303030302D303030302D303030302D303030303030303030303030'",
        ),
        (
            "name",
            r#"{"type": {"type": "fixed", "name": "d", "size": 12}, "logicalType": "duration"}"#,
            Avro::Duration(Duration::from([0; 12])),
            "type (duration)",
        ),
        (
            "name",
            r#"{"type": "enum", "name": "e", "symbols": ["A", "B"]}"#,
            Avro::Enum(1, "B".into()),
            "X'42'",
        ),
        ("name", r#""bytes""#, Avro::Bytes(b"B".to_vec()), "X'42'"),
        ("name", r#""bytes""#, Avro::Bytes(vec![0xFF]), "encoding \u{FFFD}"),
        ("name", r#"{"type": "fixed", "name": "f", "size": 1}"#, Avro::Fixed(1, b"B".to_vec()), "X'42'"),
        ("name", r#""null""#, Avro::Null, "NULL"),
        ("open", r#""boolean""#, Avro::Boolean(true), "1"),
        ("open", r#""int""#, Avro::Int(0), "0"),
    ] {
        assert_eq!(field(name, schema, value), expected, "{name}: {schema}");
    }
}

#[test]
fn unions_are_what_their_value_is_wherever_null_stands() {
    let some = |index, value| Avro::Union(index, Box::new(value));
    for (schema, value, expected) in [
        (r#"["null", "string"]"#, some(1, Avro::String("B".into())), "X'42'"),
        (r#"["string", "null"]"#, some(0, Avro::String("B".into())), "X'42'"),
        (r#"["string", "null"]"#, some(1, Avro::Null), "NULL"),
        (r#"["int", "null", "string"]"#, some(2, Avro::String("B".into())), "X'42'"),
        (r#"["int", "null", "string"]"#, some(0, Avro::Int(5)), "type 5"),
        (r#"["string"]"#, some(0, Avro::String("B".into())), "X'42'"),
        (
            r#"["null", {"type": "array", "items": "string"}]"#,
            some(1, Avro::Array(vec![Avro::String("B".into())])),
            "type (array)",
        ),
    ] {
        assert_eq!(field("name", schema, value), expected, "{schema}");
    }
}

#[test]
fn reads_over_nested_fields_and_refuses_them_in_a_column() {
    let schema = r#"{"type": "record", "name": "t", "namespace": "a.b", "fields": [
        {"name": "list", "type": {"type": "array", "items": ["null", "Node_", {"type": "map", "values": "bytes"}]}},
        {"name": "node", "type": {"type": "record", "name": "Node", "fields": [
            {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A"]}},
            {"name": "next", "type": ["null", "Node"]}, {"name": "again", "type": "a.b.Kind"}]}},
        {"name": "name", "type": ["null", "Node"]},
        {"name": "id", "type": "long"}]}"#
        .replace("\"Node_\"", "\"double\"");
    let node = |next| {
        let next = Avro::Union(u32::from(next != Avro::Null), Box::new(next));
        let kind = || Avro::Enum(0, "A".into());
        Avro::Record(vec![("kind".into(), kind()), ("next".into(), next), ("again".into(), kind())])
    };
    let mut deep = node(Avro::Null);
    for _ in 0..10 {
        deep = node(deep);
    }
    let map = [("k".to_owned(), Avro::Bytes(vec![1, 2])), ("l".to_owned(), Avro::Bytes(vec![]))];
    let row = |id, name: Avro| {
        let list = vec![
            Avro::Union(0, Box::new(Avro::Null)),
            Avro::Union(1, Box::new(Avro::Double(0.5))),
            Avro::Union(2, Box::new(Avro::Map(map.clone().into()))),
        ];
        Avro::Record(vec![
            ("list".into(), Avro::Array(list)),
            ("node".into(), deep.clone()),
            ("name".into(), name),
            ("id".into(), Avro::Long(id)),
        ])
    };
    let rows = vec![
        row(1, Avro::Union(0, Box::new(Avro::Null))),
        row(2, Avro::Union(1, Box::new(node(Avro::Null)))),
        row(3, Avro::Union(0, Box::new(Avro::Null))),
    ];
    let file = file_of_blocks(&schema, Codec::Null, &[rows]);
    let found = read_ignoring("things", &file, &["*"]).unwrap();
    let nulls = ",NULL".repeat(10);
    assert_eq!(found.rows, [format!("1{nulls}"), format!("3{nulls}")]);
    assert_eq!(found.rejects, ["(record),2,2,type,name must be text"]);
    assert_eq!(
        read("things", &file).unwrap_err(),
        "the field \"list\" is for no column; to leave it out, name it in \"ignore\"; \
         the field \"node\" is for no column; to leave it out, name it in \"ignore\""
    );
}

#[test]
fn reads_over_lists_by_their_size_where_it_is_given() {
    let schema = r#"{"type": "record", "name": "t", "fields": [
        {"name": "list", "type": {"type": "array", "items": "string"}}, {"name": "id", "type": "long"}]}"#;
    let mut file = file(schema, Vec::new());
    let sync: [u8; 16] = file[file.len() - 16..].try_into().unwrap();
    // One row: three items of six bytes, their count negative and the size behind it; no more
    // items; the id 7.
    let row = [5, 12, 2, b'a', 2, b'b', 2, b'c', 0, 14];
    file.extend_from_slice(&[2, 2 * row.len() as u8]);
    file.extend_from_slice(&row);
    file.extend_from_slice(&sync);
    let expected = format!("7{}", ",NULL".repeat(10));
    assert_eq!(read_ignoring("things", &file, &["list"]).unwrap().rows, [expected]);
}
