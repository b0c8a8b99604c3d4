//! One table with every type, checked from values as other programs write them.

use std::collections::HashSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::check::check_fields;
use super::*;
use crate::avro::tests::random::{Sample, sample};
use crate::dictionary::{Dictionary, Table};
use crate::load::{CheckedChunk, Chunker, Layout};
use crate::row::{check_json_row, is_blank};
use crate::value::{CivilDate, CivilTime, Decimal, Double, Key, Timestamp, Value};

const THINGS: &str = r#"
    [[table]]
    name = "things"
    columns = [
        { name = "id", type = "integer", key = true, auto_increment = true },
        { name = "big", type = "bigint", required = false },
        { name = "price", type = "decimal(6,2)", required = false },
        { name = "name", type = "string(5)", aliases = ["title"], required = false },
        { name = "open", type = "boolean", required = false },
        { name = "day", type = "date", required = false },
        { name = "moment", type = "timestamp", aliases = ["moment_"], required = false },
        { name = "must", type = "string(5)" },
    ]
"#;

fn things() -> &'static Table {
    static DICTIONARY: std::sync::LazyLock<Dictionary> =
        std::sync::LazyLock::new(|| Dictionary::parse("things.toml", THINGS).unwrap());
    &DICTIONARY.tables()[0]
}

/// The value of one field beside others that are in order, or the code it is refused with.
fn field<'a>(name: &str, loose: Loose<'a>) -> Result<Value<'a>, &'static str> {
    let table = things();
    let mut fields = vec![Loose::Null; 8];
    (fields[0], fields[7]) = (Loose::Integer(1), Loose::Text("x"));
    let index = table.column_index(name).unwrap();
    fields[index] = loose;
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    let passed = check_fields(table, &fields, &mut values, &mut errors);
    assert_eq!((values.len(), passed), (8, errors.is_empty()));
    match errors.pop() {
        Some(error) => Err(error.code().as_str()),
        None => Ok(values.swap_remove(index)),
    }
}

fn text(name: &str, text: &'static str) -> Result<Value<'static>, &'static str> {
    let as_bytes = field(name, Loose::Bytes(text.as_bytes()));
    let as_text = field(name, Loose::Text(text));
    assert_eq!(as_text, as_bytes, "{text}");
    as_text
}

fn second(year: u16, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Value<'static> {
    let time = CivilTime::new(hour, minute, second).unwrap();
    Value::Timestamp(Timestamp::of_second(CivilDate::new(year, month, day).unwrap(), time))
}

fn date(year: u16, month: u8, day: u8) -> Value<'static> {
    Value::Date(CivilDate::new(year, month, day).unwrap())
}

#[test]
fn takes_whole_numbers_in_every_form_that_is_exact() {
    assert_eq!(field("id", Loose::Integer(-7)), Ok(Value::Integer(-7)));
    assert_eq!(text("id", "7"), Ok(Value::Integer(7)));
    assert_eq!(field("id", Loose::Double(7.0)), Ok(Value::Integer(7)));
    assert_eq!(field("id", Loose::Float(-7.0)), Ok(Value::Integer(-7)));
    let hundred = Loose::Decimal { unscaled: &[0x27, 0x10], scale: 2 };
    assert_eq!(field("id", hundred), Ok(Value::Integer(100)));
    assert_eq!(field("big", Loose::Integer(i64::MIN)), Ok(Value::Integer(i64::MIN)));
    assert_eq!(field("big", Loose::Double(9_007_199_254_740_992.0)), Ok(Value::Integer(1 << 53)));
    for (name, loose, code) in [
        ("id", Loose::Integer(i64::from(i32::MAX) + 1), "out_of_range"),
        ("id", Loose::Integer(0), "out_of_range"),
        ("id", Loose::Double(0.0), "out_of_range"),
        ("id", Loose::Double(2_147_483_648.0), "out_of_range"),
        ("id", Loose::Double(7.5), "type"),
        ("big", Loose::Double(9_007_199_254_740_994.0), "type"),
        ("big", Loose::Float(16_777_218.0), "type"),
        ("big", Loose::Double(f64::NAN), "type"),
        ("big", Loose::Double(f64::INFINITY), "type"),
        ("id", Loose::Boolean(true), "type"),
        ("id", Loose::Decimal { unscaled: &[0x27, 0x11], scale: 2 }, "type"),
        ("id", Loose::Decimal { unscaled: &[], scale: 2 }, "type"),
        ("id", Loose::Decimal { unscaled: &[1; 17], scale: 0 }, "out_of_range"),
        ("id", Loose::Days(7), "type"),
        ("id", Loose::Other("array"), "type"),
        ("id", Loose::Text("7.0"), "type"),
        ("id", Loose::Text(" 7"), "type"),
        ("id", Loose::Text(""), "required"),
        ("id", Loose::Null, "required"),
        ("id", Loose::Bytes(b"\xFF"), "encoding"),
    ] {
        assert_eq!(field(name, loose), Err(code), "{name} {loose:?}");
    }
}

#[test]
fn takes_decimals_without_losing_a_digit() {
    let cents = |unscaled| Ok(Value::Decimal(Decimal { unscaled, scale: 2 }));
    assert_eq!(field("price", Loose::Integer(-12)), cents(-1200));
    assert_eq!(field("price", Loose::Double(0.1)), cents(10));
    assert_eq!(field("price", Loose::Float(0.1)), cents(10), "as people write it, not 0.10000000149");
    assert_eq!(field("price", Loose::Double(-0.0)), cents(0));
    assert_eq!(text("price", "-1234.50"), cents(-123_450));
    assert_eq!(field("price", Loose::Decimal { unscaled: &[0xFF], scale: 2 }), cents(-1));
    assert_eq!(field("price", Loose::Decimal { unscaled: &[0xFF; 40], scale: 1 }), cents(-10));
    assert_eq!(field("price", Loose::Decimal { unscaled: &[0x27, 0x10], scale: 4 }), cents(100));
    assert_eq!(field("price", Loose::Decimal { unscaled: &[0], scale: u32::MAX }), cents(0));
    for (loose, code) in [
        (Loose::Double(0.125), "out_of_range"),
        (Loose::Double(1e300), "out_of_range"),
        (Loose::Float(f32::MAX), "out_of_range"),
        (Loose::Double(1e-300), "out_of_range"),
        (Loose::Double(f64::NAN), "type"),
        (Loose::Float(f32::NEG_INFINITY), "type"),
        (Loose::Decimal { unscaled: &[1], scale: 3 }, "out_of_range"),
        (Loose::Decimal { unscaled: &[1], scale: u32::MAX }, "out_of_range"),
        (Loose::Decimal { unscaled: &[0x7F; 16], scale: 0 }, "out_of_range"),
        (
            Loose::Decimal { unscaled: &[0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], scale: 30 },
            "out_of_range",
        ),
        (Loose::Boolean(true), "type"),
        (Loose::Text("1e2"), "type"),
        (Loose::Text("12345"), "out_of_range"),
    ] {
        assert_eq!(field("price", loose), Err(code), "{loose:?}");
    }
}

#[test]
fn takes_text_as_it_is_and_nothing_else_for_text() {
    assert_eq!(text("name", " a😀 "), Ok(Value::Text(" a😀 ".into())));
    assert_eq!(text("name", ""), Ok(Value::Null));
    assert_eq!(text("must", ""), Err("required"));
    assert_eq!(text("name", "123456"), Err("too_long"));
    assert_eq!(field("name", Loose::Bytes(b"a\xFF")), Err("encoding"));
    assert_eq!(field("name", Loose::NotUtf8(b"a\xFF")), Err("encoding"));
    for loose in
        [Loose::Integer(7), Loose::Double(7.0), Loose::Boolean(true), Loose::Days(1), Loose::Other("map")]
    {
        assert_eq!(field("name", loose), Err("type"), "{loose:?}");
    }
    assert_eq!(field("name", Loose::Uuid([7; 16])), Err("too_long"), "36 characters");
}

#[test]
fn takes_truth_as_words_and_as_one_and_zero() {
    for (loose, truth) in [
        (Loose::Boolean(true), true),
        (Loose::Integer(1), true),
        (Loose::Integer(0), false),
        (Loose::Text("true"), true),
        (Loose::Text("0"), false),
    ] {
        assert_eq!(field("open", loose), Ok(Value::Boolean(truth)), "{loose:?}");
    }
    for loose in
        [Loose::Integer(2), Loose::Double(1.0), Loose::Text("True"), Loose::Text("yes"), Loose::Days(1)]
    {
        assert_eq!(field("open", loose), Err("type"), "{loose:?}");
    }
}

#[test]
fn accepts_times_as_other_programs_write_them() {
    let moment = second(2021, 11, 7, 2, 48, 42);
    for written in [
        "2021-11-07 02:48:42.0",
        "2021-11-07 02:48:42",
        "2021-11-07 02:48:42.000000000",
        "2021-11-07T02:48:42Z",
        "2021-11-07T02:48:42",
        "2021-11-07T02:48:42.000Z",
        "2021-11-07T02:48:42.000+00:00",
        "2021-11-07T02:48:42+0000",
        "2021-11-07 02:48:42Z",
    ] {
        assert_eq!(text("moment", written), Ok(moment.clone()), "{written}");
    }
    for written in [
        "2021-11-07 02:48:42.5",
        "2021-11-07 02:48:42.05",
        "2021-11-07 02:48:42.",
        "2021-11-07 02:48:42.0000000000",
        "2021-11-07 02:48:42.0 ",
        "2021-11-07 02:48:42 UTC",
        "2021-11-07t02:48:42z",
        "2021-11-07",
        "2021-11-07 02:48",
        "2021-11-07  2:48:42",
        "2021-02-29 02:48:42",
        "2021-11-07 24:00:00",
        "2021-11-07 02:48:60",
        "0999-11-07 02:48:42",
        "２021-11-07 02:48:42",
        "1636253322000",
    ] {
        assert_eq!(text("moment", written), Err("timestamp"), "{written}");
    }
    for (count, unit) in [
        (1_636_253_322_000, Unit::Millis),
        (1_636_253_322_000_000, Unit::Micros),
        (1_636_253_322_000_000_000, Unit::Nanos),
    ] {
        assert_eq!(field("moment", Loose::Timestamp { count, unit }), Ok(moment.clone()));
        assert_eq!(field("moment", Loose::Timestamp { count: count + 1, unit }), Err("timestamp"));
        assert_eq!(field("moment", Loose::Timestamp { count: i64::MAX, unit }), Err("timestamp"));
        assert_eq!(field("moment", Loose::Timestamp { count: i64::MIN, unit }), Err("timestamp"));
    }
    assert_eq!(
        field("moment", Loose::Timestamp { count: -1_000, unit: Unit::Millis }),
        Ok(second(1969, 12, 31, 23, 59, 59))
    );
    assert_eq!(field("moment", Loose::Days(18_938)), Err("timestamp"), "no time of day is known");
    assert_eq!(field("moment", Loose::Integer(1_636_253_322_000)), Err("type"), "no unit is known");
    assert_eq!(field("moment", Loose::Time { count: 0, unit: Unit::Millis }), Err("type"));
    assert_eq!(text("moment", ""), Ok(Value::Null));
}

#[test]
fn takes_days_and_midnights_for_days() {
    assert_eq!(text("day", "2024-02-29"), Ok(date(2024, 2, 29)));
    assert_eq!(text("day", "2024-02-29 00:00:00.0"), Ok(date(2024, 2, 29)));
    assert_eq!(text("day", "2024-02-29 00:00:01"), Err("timestamp"));
    assert_eq!(text("day", "2023-02-29"), Err("timestamp"));
    assert_eq!(field("day", Loose::Days(0)), Ok(date(1970, 1, 1)));
    assert_eq!(field("day", Loose::Days(-1)), Ok(date(1969, 12, 31)));
    assert_eq!(field("day", Loose::Days(2_932_896)), Ok(date(9999, 12, 31)));
    assert_eq!(field("day", Loose::Days(-354_285)), Ok(date(1000, 1, 1)));
    for days in [2_932_897, -354_286, i64::MIN, i64::MAX] {
        assert_eq!(field("day", Loose::Days(days)), Err("timestamp"));
    }
    let midnight = Loose::Timestamp { count: 86_400_000_000, unit: Unit::Micros };
    assert_eq!(field("day", midnight), Ok(date(1970, 1, 2)));
    assert_eq!(field("day", Loose::Timestamp { count: 1_000, unit: Unit::Millis }), Err("timestamp"));
    assert_eq!(field("day", Loose::Integer(0)), Err("type"));
}

/// A table of every type that `things` has not.
fn more() -> &'static Table {
    static DICTIONARY: std::sync::LazyLock<Dictionary> = std::sync::LazyLock::new(|| {
        let text = r#"
            [[table]]
            name = "more"
            unique = [["code", "small"], ["email"]]
            check = "least <= most"
            columns = [
                { name = "code", type = "string(40)", key = true, pattern = "^[A-Z]" },
                { name = "day", type = "date", key = true, minimum = "2000-01-01" },
                { name = "small", type = "smallint", required = false, maximum = 100 },
                { name = "ratio", type = "double", required = false },
                { name = "long", type = "text", required = false },
                { name = "open_at", type = "time", required = false },
                { name = "exact", type = "timestamp(6)", required = false },
                { name = "about", type = "timestamp(3)", required = false },
                { name = "it", type = "uuid", required = false },
                { name = "document", type = "json", required = false },
                { name = "picture", type = "binary(4)", required = false },
                { name = "email", type = "string(40)", required = false },
                { name = "least", type = "integer", required = false },
                { name = "most", type = "integer", required = false },
            ]
        "#;
        Dictionary::parse("more.toml", text).unwrap()
    });
    DICTIONARY.table("more").unwrap()
}

const DAY: Loose<'static> = Loose::Days(18_938);

/// A row of `more` with the key `code`, 2021-11-07 and these fields.
fn of_more<'a>(code: &'a str, named: &[(&str, Loose<'a>)]) -> Vec<Loose<'a>> {
    let mut fields = vec![Loose::Absent; more().columns().len()];
    (fields[0], fields[1]) = (Loose::Text(code), DAY);
    for (name, loose) in named {
        fields[more().column_index(name).unwrap()] = *loose;
    }
    fields
}

/// The value of one field of `more`, or the code it is refused with.
fn another<'a>(name: &str, loose: Loose<'a>) -> Result<Value<'a>, &'static str> {
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    check_fields(more(), &of_more("A", &[(name, loose)]), &mut values, &mut errors);
    match errors.pop() {
        Some(error) => Err(error.code().as_str()),
        None => Ok(values.swap_remove(more().column_index(name).unwrap())),
    }
}

#[test]
fn takes_every_other_type_as_exactly_as_the_file_has_it() {
    let double = |number| Ok(Value::Double(Double::new(number).unwrap()));
    let moment = |count, digits| Ok(Value::Timestamp(Timestamp::from_unix_micros(count, digits).unwrap()));
    let time = |hour, minute, second| Ok(Value::Time(CivilTime::new(hour, minute, second).unwrap()));
    let millis = |count| Loose::Timestamp { count, unit: Unit::Millis };
    let nanos = |count| Loose::Timestamp { count, unit: Unit::Nanos };
    let uuid = uuid::Uuid::from_u128(7);
    for (name, loose, expected) in [
        ("small", Loose::Integer(-32_768), Ok(Value::Integer(-32_768))),
        ("small", Loose::Integer(-32_769), Err("out_of_range")),
        ("small", Loose::Integer(101), Err("rule")),
        ("ratio", Loose::Double(-0.0), double(0.0)),
        ("ratio", Loose::Float(0.1), double(f64::from(0.1_f32))),
        ("ratio", Loose::Integer(7), double(7.0)),
        ("ratio", Loose::Decimal { unscaled: &[0xFF], scale: 2 }, double(-0.01)),
        ("ratio", Loose::Text("1.5e3"), double(1500.0)),
        ("ratio", Loose::Double(f64::NAN), Err("type")),
        ("ratio", Loose::Boolean(true), Err("type")),
        ("long", Loose::Text("é"), Ok(Value::Text("é".into()))),
        ("long", Loose::Uuid(uuid.into_bytes()), Ok(Value::Text(uuid.to_string().into()))),
        ("long", Loose::Integer(1), Err("type")),
        ("open_at", Loose::Time { count: 57_728_000, unit: Unit::Millis }, time(16, 2, 8)),
        ("open_at", Loose::Time { count: 86_399_000_000, unit: Unit::Micros }, time(23, 59, 59)),
        ("open_at", Loose::Time { count: 86_400_000, unit: Unit::Millis }, Err("timestamp")),
        ("open_at", Loose::Time { count: 1, unit: Unit::Millis }, Err("timestamp")),
        ("open_at", Loose::Text("16:02:08"), time(16, 2, 8)),
        ("open_at", Loose::Integer(57_728_000), Err("type")),
        ("exact", millis(-1), moment(-1000, 6)),
        ("exact", nanos(1_000), moment(1, 6)),
        ("exact", nanos(1), Err("timestamp")),
        ("about", millis(1), moment(1000, 3)),
        ("about", nanos(1_000), Err("timestamp")),
        ("it", Loose::Uuid(uuid.into_bytes()), Ok(Value::Uuid(uuid))),
        ("it", Loose::Text("00000000-0000-0000-0000-00000000000G"), Err("type")),
        ("document", Loose::Text("{\"b\":1, \"a\":2}"), Ok(Value::Json("{\"a\": 2, \"b\": 1}".into()))),
        ("document", Loose::Text("{"), Err("type")),
        ("document", Loose::Other("record"), Err("type")),
        ("picture", Loose::Bytes(&[0xFF, 0]), Ok(Value::Binary([0xFF, 0].as_slice().into()))),
        ("picture", Loose::Text("AP8="), Ok(Value::Binary([0, 0xFF].as_slice().into()))),
        ("picture", Loose::Bytes(&[]), Ok(Value::Null)),
        ("picture", Loose::Bytes(&[1; 5]), Err("too_long")),
        ("picture", Loose::NotUtf8(&[0xFF]), Err("encoding")),
        ("code", Loose::Text("a"), Err("rule")),
        ("code", Loose::Text("A "), Err("rule")),
        ("day", Loose::Days(0), Err("rule")),
        ("day", Loose::Text("1999-12-31 00:00:00"), Err("rule")),
    ] {
        assert_eq!(another(name, loose), expected, "{name} {loose:?}");
    }
}

#[test]
fn of_rows_with_one_key_or_one_unique_value_the_first_one_counts() {
    let fields = ["code", "day", "small", "picture", "email", "least", "most"].map(|name| (name, &[][..]));
    let map = FieldMap::new(more(), fields.into_iter(), &IgnoredFields::default()).unwrap();
    let mut rows = RowCollector::new(more(), Arc::new(map));
    let email = |text| ("email", Loose::Text(text));
    let small = |number| ("small", Loose::Integer(number));
    assert_eq!(rows.push(1, &of_more("A", &[email("a"), small(1)])), None);
    assert_eq!(
        rows.push(2, &of_more("A", &[email("b")])).unwrap(),
        "duplicate_in_batch: code, day together are already taken by an earlier row"
    );
    assert_eq!(
        rows.push(3, &of_more("B", &[email("a")])).unwrap(),
        "duplicate_value: email is already taken by an earlier row"
    );
    let mut other_day = of_more("A", &[email("d"), small(1)]);
    other_day[1] = Loose::Days(18_939);
    assert_eq!(
        rows.push(4, &other_day).unwrap(),
        "duplicate_value: code, small together are already taken by an earlier row"
    );
    // A field without a value is no duplicate of another.
    assert_eq!(rows.push(5, &of_more("C", &[])), None);
    assert_eq!(rows.push(6, &of_more("D", &[])), None);
    let unordered = [("least", Loose::Integer(2)), ("most", Loose::Integer(1))];
    assert_eq!(rows.push(7, &of_more("E", &unordered)).unwrap(), "rule: the row must keep least <= most");
    let large = ("picture", Loose::Bytes(&[0xFF; 5]));
    assert!(rows.push(8, &of_more("F", &[large])).unwrap().starts_with("too_long: picture has 5 bytes"));
    let rows = rows.finish();
    let email = |text: &'static str| Key::of([&Value::Text(text.into())]).unwrap();
    assert_eq!((rows.rows_read(), rows.keys().len()), (8, 5));
    // In the order of their columns.
    assert_eq!(rows.unique_values(0).len(), 1);
    assert_eq!(rows.unique_values(1), ["a", "b", "d"].map(email));
    let filling = rows.filling("t", &Taken::default()).unwrap();
    assert_eq!((filling.rejected, filling.restored.rows()), (5, 3));
    assert_eq!(filling.first_repeated.unwrap().0, 2);
    let rejects = String::from_utf8(filling.rejects.unwrap()).unwrap();
    assert!(rejects.contains("\r\nF,2021-11-07,,//////8=,,,,8,too_long,"), "{rejects}");

    // What another file has taken: the first row gives way, and those behind it take its place.
    let of_others = Taken { keys: rows.keys()[..1].iter().cloned().collect(), unique: Vec::new() };
    let filling = rows.filling("t", &of_others).unwrap();
    let rejects = String::from_utf8(filling.rejects.unwrap()).unwrap();
    assert_eq!((filling.rejected, filling.restored.rows()), (4, 4), "{rejects}");
    let of_others = Taken { keys: HashSet::new(), unique: vec![HashSet::new(), HashSet::from([email("a")])] };
    let filling = rows.filling("t", &of_others).unwrap();
    let rejects = String::from_utf8(filling.rejects.unwrap()).unwrap();
    assert_eq!((filling.rejected, filling.restored.rows()), (4, 4), "{rejects}");
    assert!(rejects.contains("\r\nA,2021-11-07,1,,a,,,1,duplicate_value,"), "{rejects}");
}

fn map(fields: &[(&str, &[&str])], ignored: &[&str]) -> Result<FieldMap, Vec<String>> {
    let fields: Vec<(&str, Vec<String>)> = fields
        .iter()
        .map(|(name, aliases)| (*name, aliases.iter().map(ToString::to_string).collect()))
        .collect();
    let ignored = IgnoredFields::new(ignored.iter().map(ToString::to_string));
    FieldMap::new(things(), fields.iter().map(|(name, aliases)| (*name, &aliases[..])), &ignored)
        .map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[test]
fn finds_columns_by_name_then_by_alias_in_any_order() {
    let map = map(&[("MUST", &[]), ("title", &[]), ("renamed", &["other", "moment"]), ("id", &["big"])], &[])
        .unwrap();
    assert_eq!(map.columns_in_file_order().collect::<Vec<_>>(), [7, 3, 6, 0]);
    assert_eq!(map.column_of(3), Some(0), "a field's own name comes before its aliases");
}

#[test]
fn refuses_fields_that_are_no_rows_of_the_table_with_every_reason() {
    assert_eq!(
        map(&[("moment_", &[]), ("moment", &[]), ("salary", &[]), ("name", &[]), ("x", &["TITLE"])], &[])
            .unwrap_err(),
        [
            "the fields \"moment_\" and \"moment\" are both for the column \"moment\"",
            "the field \"salary\" is for no column; to leave it out, name it in \"ignore\"",
            "the fields \"name\" and \"x\" are both for the column \"name\"",
            "no field is for the column \"id\", which needs a value",
            "no field is for the column \"must\", which needs a value",
        ]
    );
    let good: [(&str, &[&str]); 4] = [("id", &[]), ("must", &[]), ("moment_", &[]), ("moment", &[])];
    let chosen = map(&good, &["moment_"]).unwrap();
    assert_eq!(chosen.columns_in_file_order().collect::<Vec<_>>(), [0, 7, 6]);
    assert_eq!(map(&good, &["*"]).unwrap_err().len(), 1, "it stands for fields without a column alone");
    assert!(map(&[("id", &[]), ("must", &[]), ("salary", &[])], &["*"]).is_ok());
    assert!(map(&[("id", &[]), ("must", &[]), ("salary", &[])], &["salary"]).is_ok());
    assert_eq!(map(&[("id", &[]), ("must", &[])], &["must"]).unwrap_err().len(), 1);
    let long = map(&[("id", &[]), ("must", &[]), (&"x".repeat(100_000), &[])], &[]).unwrap_err();
    assert!(long[0].len() < 200);
}

/// A file with the fields `must`, `moment`, `id`.
fn collector() -> RowCollector<'static> {
    let map = map(&[("must", &[]), ("moment", &[]), ("id", &[])], &[]).unwrap();
    RowCollector::new(things(), Arc::new(map))
}

fn row<'a>(id: Loose<'a>, moment: Loose<'a>, must: Loose<'a>) -> [Loose<'a>; 8] {
    let mut fields = [Loose::Null; 8];
    (fields[0], fields[6], fields[7]) = (id, moment, must);
    fields
}

#[test]
fn a_column_without_a_field_gets_its_default_and_a_null_does_not() {
    let text = "[[table]]\nname = \"t\"\ncolumns = [{ name = \"id\", type = \"integer\", key = true }, \
                { name = \"floors\", type = \"integer\", default = 1 }, \
                { name = \"city\", type = \"string(9)\", required = false, default = \"here\" }]";
    let dictionary = Dictionary::parse("t.toml", text).unwrap();
    let table = &dictionary.tables()[0];
    let id = ("id", &[][..]);
    let map = Arc::new(FieldMap::new(table, [id].into_iter(), &IgnoredFields::default()).unwrap());
    let mut rows = RowCollector::new(table, map);
    assert_eq!(rows.push(1, &[Loose::Integer(7), Loose::Absent, Loose::Absent]), None);
    let null = rows.push(2, &[Loose::Integer(8), Loose::Null, Loose::Null]);
    assert_eq!(null.as_deref(), Some("required: floors is required"));
    assert_eq!(rows.push(3, &[Loose::Integer(9), Loose::Integer(2), Loose::Null]), None);
    let filling = rows.finish().filling("t", &Taken::default()).unwrap();
    assert_eq!(
        filling.statements[0].sql,
        "INSERT INTO `t` (`id`,`floors`,`city`) VALUES (7,1,X'68657265'),(9,2,NULL)"
    );
}

#[test]
fn writes_rejects_that_can_be_put_right_and_dropped_again() {
    let mut rows = collector();
    let good = Loose::Text("2021-11-07 02:48:42.0");
    assert_eq!(rows.push(1, &row(Loose::Integer(5), good, Loose::Text("a"))), None);
    let odd = Loose::Timestamp { count: 1_500, unit: Unit::Millis };
    assert_eq!(
        rows.push(2, &row(Loose::Double(6.0), odd, Loose::Bytes(b"\xFF,"))).unwrap(),
        "timestamp: moment must be a moment in UTC that exists, written like 2021-07-27T16:02:08Z; \
         encoding: must is not UTF-8 text"
    );
    assert_eq!(
        rows.push(3, &row(Loose::Text("5"), good, Loose::Text("b"))).unwrap(),
        "duplicate_in_batch: id is already taken by an earlier row"
    );
    assert!(rows.push(4, &row(Loose::Other("array"), good, Loose::Text("\"c\""))).is_some());
    assert_eq!(rows.push(5, &row(Loose::Integer(-1), Loose::Null, Loose::Text("d"))), None);
    assert!(!rows.is_full());
    let rows = rows.finish();
    assert_eq!((rows.rows_read(), rows.keys()), (5, &[Key::from(-1), Key::from(5)][..]));
    let filling = rows.filling("shadow", &taken([5])).unwrap();
    assert_eq!((filling.rejected, filling.restored.rows()), (4, 1));
    assert_eq!(
        filling.statements[0].sql,
        "INSERT INTO `shadow` (`id`,`big`,`price`,`name`,`open`,`day`,`moment`,`must`) VALUES \
         (-1,NULL,NULL,NULL,NULL,NULL,NULL,X'64')"
    );
    let expected: &[u8] = b"\xEF\xBB\xBFmust,moment,id,line,code,reason\r\n\
        a,2021-11-07T02:48:42Z,5,1,duplicate_in_batch,id is already taken by an earlier row\r\n\
        \"\xFF,\",1970-01-01T00:00:01.5Z,6,2,timestamp; encoding,\"moment must be a moment in UTC that exists, \
        written like 2021-07-27T16:02:08Z; must is not UTF-8 text\"\r\n\
        b,2021-11-07T02:48:42Z,5,3,duplicate_in_batch,id is already taken by an earlier row\r\n\
        \"\"\"c\"\"\",2021-11-07T02:48:42Z,(array),4,type,id must be a whole number\r\n";
    assert_eq!(filling.rejects.unwrap(), expected, "{}", String::from_utf8_lossy(expected));
    let first = |taken: &Taken| rows.filling("shadow", taken).unwrap().first_repeated.unwrap();
    assert_eq!(first(&taken([-1, 5])).0, 1);
    let reason = "duplicate_in_batch: id is already taken by an earlier row".to_owned();
    assert_eq!(first(&taken([6])), (3, reason));
    let all = rows.filling("shadow", &Taken::default()).unwrap();
    assert_eq!((all.rejected, all.restored.rows()), (3, 2));
}

fn taken(ids: impl IntoIterator<Item = i64>) -> Taken {
    Taken { keys: ids.into_iter().map(Key::from).collect(), unique: Vec::new() }
}

#[test]
fn writes_what_no_column_holds_so_that_a_person_can_tell() {
    for (loose, expected) in [
        (Loose::Boolean(true), "true"),
        (Loose::Float(0.1), "0.1"),
        (Loose::Double(1e300), "1e300"),
        (Loose::Decimal { unscaled: &[0xFF, 0x85], scale: 2 }, "-1.23"),
        (Loose::Decimal { unscaled: &[7], scale: 1_000 }, "7e-1000"),
        (Loose::Decimal { unscaled: &[1; 17], scale: 0 }, "(a number of more than 128 bits)"),
        (Loose::Days(18_938), "2021-11-07"),
        (Loose::Days(i64::MAX), "(day 9223372036854775807 after 1970-01-01)"),
        (Loose::Timestamp { count: -1, unit: Unit::Nanos }, "1969-12-31T23:59:59.999999999Z"),
        (Loose::Timestamp { count: 1_050, unit: Unit::Millis }, "1970-01-01T00:00:01.05Z"),
        (
            Loose::Timestamp { count: i64::MIN, unit: Unit::Millis },
            "(-9223372036854775808 milliseconds after 1970-01-01T00:00:00Z)",
        ),
        (Loose::Time { count: 57_728_500, unit: Unit::Millis }, "16:02:08.5"),
        (
            Loose::Time { count: 86_400_000_000, unit: Unit::Micros },
            "(86400000000 microseconds after midnight)",
        ),
        (Loose::Time { count: -1, unit: Unit::Micros }, "(-1 microseconds after midnight)"),
        (Loose::Other("map"), "(map)"),
        (Loose::Uuid([0; 16]), "00000000-0000-0000-0000-000000000000"),
    ] {
        assert_eq!(std::str::from_utf8(&loose.to_csv()).unwrap(), expected);
    }
}

#[test]
fn a_refused_value_is_cut_between_its_characters() {
    let large = "é".repeat(1 << 20);
    for refused in [Loose::Text(&large), Loose::Bytes(large.as_bytes())] {
        let mut rows = collector();
        rows.push(1, &row(Loose::Integer(1), Loose::Null, refused));
        let file = rows.finish().filling("t", &Taken::default()).unwrap().rejects.unwrap();
        assert!((64 * 1024..65 * 1024).contains(&file.len()), "{}", file.len());
        assert!(String::from_utf8(file).unwrap().contains("é… (cut),"));
    }
}

#[test]
fn a_chunk_is_full_by_its_rows_alone() {
    let fill = |must: &'static str| {
        let mut rows = collector();
        let mut count = 0;
        while !rows.is_full() {
            count += 1;
            rows.push(count, &row(Loose::Integer(count as i64), Loose::Null, Loose::Text(must)));
        }
        let filling = rows.finish().filling("t", &Taken::default()).unwrap();
        (count, filling.rejects.map_or(0, |file| file.len()) as u64)
    };
    let (count, size) = fill("x");
    assert_eq!((count, size), (20_000, 0));
    let (count, size) = fill("too long");
    assert!(count < 20_000 && (512 * 1024..600 * 1024).contains(&size), "{count} {size}");
}

fn unscaled(value: &Value<'_>) -> [u8; 16] {
    if let Value::Decimal(decimal) = value { decimal.unscaled.to_be_bytes() } else { [0; 16] }
}

/// A value as a file of another program has it; `digits` are those of a decimal.
fn as_loose<'a>(value: &'a Value<'_>, digits: &'a [u8; 16]) -> Loose<'a> {
    match value {
        Value::Null => Loose::Null,
        Value::Integer(number) => Loose::Integer(*number),
        Value::Double(number) => Loose::Double(number.get()),
        Value::Decimal(decimal) => Loose::Decimal { unscaled: digits, scale: decimal.scale.into() },
        Value::Text(text) | Value::Json(text) => Loose::Text(text),
        Value::Boolean(truth) => Loose::Boolean(*truth),
        Value::Date(day) => Loose::Days(day.days()),
        Value::Time(time) => Loose::Time { count: i64::from(time.seconds()) * 1000, unit: Unit::Millis },
        Value::Timestamp(moment) => Loose::Timestamp { count: moment.unix_micros(), unit: Unit::Micros },
        Value::Uuid(uuid) => Loose::Uuid(uuid.into_bytes()),
        Value::Binary(bytes) => Loose::Bytes(bytes),
    }
}

fn any_loose() -> impl Strategy<Value = (Loose<'static>, Option<String>)> {
    let leak = |text: String| &*Box::leak(text.into_boxed_str());
    prop_oneof![
        any::<i64>().prop_map(|n| (Loose::Integer(n), Some(n.to_string()))),
        any::<i32>().prop_map(|n| (Loose::Integer(n.into()), Some(n.to_string()))),
        any::<bool>().prop_map(|b| (Loose::Boolean(b), Some(b.to_string()))),
        "[ -~]{0,8}".prop_map(move |s| {
            let json = serde_json::to_string(&s).unwrap();
            (Loose::Text(leak(s)), Some(json))
        }),
        "-?[0-9]{1,5}(\\.[0-9]{1,3})?"
            .prop_map(move |s| (Loose::Text(leak(s.clone())), Some(format!("\"{s}\"")))),
        Just((Loose::Null, Some("null".to_owned()))),
        any::<f64>().prop_map(|n| (Loose::Double(n), None)),
        any::<i64>().prop_map(|n| (Loose::Days(n), None)),
        any::<i64>().prop_map(|count| (Loose::Timestamp { count, unit: Unit::Micros }, None)),
        Just((Loose::Other("array"), None)),
    ]
}

proptest! {
    /// Whatever JSON accepts is accepted here too, as the same value.
    #[test]
    fn accepts_what_json_accepts((loose, json) in any_loose(), column in 0_usize..8) {
        let Some(json) = json else { return Ok(()) };
        let name = things().columns()[column].name();
        let fixed = [("id", "1"), ("must", "\"x\"")];
        let rest: String = fixed.iter().filter(|(other, _)| *other != name).map(|(n, v)| format!(",\"{n}\":{v}")).collect();
        let object = format!("{{\"{name}\":{json}{rest}}}");
        let raw: &serde_json::value::RawValue = serde_json::from_str(&object).unwrap();
        let checked = check_json_row(things(), raw);
        if checked.is_valid() {
            prop_assert_eq!(field(name, loose), Ok(checked.values[column].clone()));
        }
    }

    /// Whatever the table, a value that comes in its own type is that value.
    #[test]
    fn takes_every_value_of_every_type(sample in sample(12)) {
        let Sample { table, rows, .. } = sample;
        for row in &rows {
            let digits: Vec<[u8; 16]> = row.iter().map(unscaled).collect();
            let fields: Vec<Loose<'_>> = row.iter().zip(&digits).map(|(value, digits)| as_loose(value, digits)).collect();
            let (mut values, mut errors) = (Vec::new(), Vec::new());
            check_fields(&table, &fields, &mut values, &mut errors);
            for ((column, came), found) in table.columns().iter().zip(row).zip(&values) {
                let is_refused = errors.iter().any(|error| error.column.as_deref() == Some(column.name()));
                match came {
                    Value::Null => prop_assert!(is_refused),
                    Value::Text(text) if is_blank(text) => prop_assert!(is_refused),
                    Value::Binary(bytes) if bytes.is_empty() => prop_assert!(is_refused),
                    Value::Json(document) if document == "null" => prop_assert!(is_refused),
                    // The database could not tell some of them from others.
                    Value::Text(_) if column.is_compared() && is_refused => {}
                    Value::Json(_) => prop_assert!(matches!(found, Value::Json(_)), "{:?}", errors),
                    came => prop_assert_eq!(found, came),
                }
            }
        }
    }

    /// Days and times agree with jiff.
    #[test]
    fn agrees_with_jiff_about_the_calendar(seconds in -40_000_000_000_i64..300_000_000_000) {
        let expected = jiff::Timestamp::from_second(seconds).ok().map(|moment| {
            moment.to_zoned(jiff::tz::TimeZone::UTC).datetime()
        });
        let expected = expected.filter(|at| at.year() >= 1000).map(|at| {
            let (month, day) = (at.month() as u8, at.day() as u8);
            second(at.year() as u16, month, day, at.hour() as u8, at.minute() as u8, at.second() as u8)
        });
        let found = field("moment", Loose::Timestamp { count: seconds * 1_000, unit: Unit::Millis });
        prop_assert_eq!(found.ok(), expected);
    }

    /// Every row is in exactly one place, and what is rejected is read by the loader with each
    /// field in its own column; those that were refused for their id alone pass there.
    #[test]
    fn a_rejects_file_is_a_file_for_the_loader(
        rows in proptest::collection::vec((1_i64..6, any_loose(), any_loose()), 0..12),
        taken_ids in proptest::collection::btree_set(1_i64..6, 0..4),
    ) {
        let mut collected = collector();
        for (number, (id, (moment, _), (must, _))) in (1..).zip(&rows) {
            collected.push(number, &row(Loose::Integer(*id), *moment, *must));
        }
        let collected = collected.finish();
        let filling = collected.filling("t", &taken(taken_ids)).unwrap();
        prop_assert_eq!(collected.rows_read(), rows.len() as u64);
        prop_assert_eq!(filling.rejected + filling.restored.rows(), rows.len() as u64);
        let inserted: usize = filling.statements.iter().map(|statement| statement.rows).sum();
        prop_assert_eq!(inserted as u64, filling.restored.rows());
        let Some(file) = filling.rejects else { return Ok(()) };
        let layout = Layout::of_values(things(), &file, true, b',').unwrap();
        let mut chunker = Chunker::new(layout.dialect, layout.start, crate::load::CHUNK_BYTES);
        prop_assert_eq!(chunker.feed(&file).unwrap(), (None, &[][..]));
        let chunk = chunker.finish().unwrap().unwrap();
        let columns = layout.columns;
        let text = String::from_utf8_lossy(&file).into_owned();
        let checked = CheckedChunk::check(things(), &columns, &chunk).unwrap();
        prop_assert_eq!(checked.rows_read as u64, filling.rejected, "{}", text);
        for refused in checked.rejected {
            prop_assert_ne!(refused.record.field(4), b"duplicate_in_batch", "{}", text);
        }
    }
}
