//! Files of a table as it was, read as the table as it is; both ways of each change.

use apache_avro::types::Value as Theirs;
use apache_avro::{Schema as TheirSchema, Writer};

use super::*;
use crate::row_text::write_row_text;
use crate::value::Double;

const BOTH: [bool; 2] = [false, true];

/// Writes `row` as a row of the table with the columns `before`, and reads it as one of the table
/// with the columns `after`: the row in the table, or what is said.
fn change(
    before: &str,
    row: &[Value<'static>],
    after: &str,
    nullable: &[bool],
) -> Result<Vec<Value<'static>>, String> {
    let written = [&[Value::Integer(1)], row].concat();
    let bytes = file(&table(before), &[false, true, true], std::slice::from_ref(&written), Codec::Null);
    match read(&bytes, &table(after), nullable) {
        Ok(mut rows) => {
            let (read, row) = rows.remove(0);
            assert_eq!(text_of(&read), text_of(&written), "the checksum is made of what is in the file");
            assert!(rows.is_empty());
            Ok(row[1..].to_vec())
        }
        Err(Failure::Avro(error)) => Err(error.to_string()),
        Err(Failure::Reasons(reasons)) => {
            Err(reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
    }
}

fn text_of(row: &[Value<'_>]) -> String {
    let mut text = String::new();
    write_row_text(row, &mut text);
    text
}

fn decimal(unscaled: i128, scale: u8) -> Value<'static> {
    Value::Decimal(Decimal { unscaled, scale })
}

fn double(number: f64) -> Value<'static> {
    Value::Double(Double::new(number).unwrap())
}

fn text(text: &str) -> Value<'static> {
    Value::Text(text.to_owned().into())
}

const A: &str = r#"{ name = "a", type = "integer" }"#;
const A_AND_B: &str = r#"{ name = "a", type = "integer" }, { name = "b", type = "date" }"#;
const B_AND_A: &str = r#"{ name = "b", type = "date" }, { name = "a", type = "integer" }"#;

#[test]
fn a_column_that_came_is_null_where_it_can_be() {
    let row = [Value::Integer(7)];
    assert_eq!(change(A, &row, A_AND_B, &[false, false, true]), Ok(vec![Value::Integer(7), Value::Null]));
    assert_eq!(change(A, &row, B_AND_A, &[false, true, true]), Ok(vec![Value::Null, Value::Integer(7)]));
    assert_eq!(
        change(A, &row, A_AND_B, &[false, false, false]),
        Err("the column b is not in the file, the database does not let it be NULL, and the dictionary names no default".to_owned())
    );
}

#[test]
fn a_column_that_came_with_a_default_is_that_whatever_the_database_lets_be_null() {
    let day = Value::Date(CivilDate::new(2021, 7, 27).unwrap());
    for (kind, default, expected) in [
        ("bigint", "-7", Value::Integer(-7)),
        ("decimal(5,2)", "\"-1.5\"", decimal(-150, 2)),
        ("string(9)", "\"añ\"", text("añ")),
        ("boolean", "true", Value::Boolean(true)),
        ("date", "\"2021-07-27\"", day),
        ("smallint", "7", Value::Integer(7)),
        ("double", "\"0.5\"", double(0.5)),
        ("text", "\"añ\"", text("añ")),
        ("json", "'{\"a\": 1}'", Value::Json("{\"a\": 1}".into())),
        ("time", "\"16:02:08\"", Value::Time(CivilTime::new(16, 2, 8).unwrap())),
        ("timestamp(6)", "\"2021-07-27T16:02:08.000007Z\"", moment(7, 6)),
        ("binary(3)", "\"AAE=\"", Value::Binary([0, 1].as_slice().into())),
    ] {
        let came = format!("{A}, {{ name = \"b\", type = \"{kind}\", default = {default} }}");
        for nullable in [&[false, false, false], &[false, false, true]] {
            let row = change(A, &[Value::Integer(8)], &came, nullable);
            assert_eq!(row, Ok(vec![Value::Integer(8), expected.clone()]), "{kind}");
        }
        // A value that is there stays, and so does a NULL.
        for value in [expected, Value::Null] {
            let row = [Value::Integer(8), value];
            assert_eq!(change(&came, &row, &came, &[false, false, true]), Ok(row.to_vec()));
        }
        let said = change(&came, &[Value::Integer(8), Value::Null], &came, &[]).unwrap_err();
        assert!(said.contains("it is NULL"), "a default is for no row that says NULL: {said}");
    }
}

#[test]
fn a_column_that_went_is_refused() {
    assert_eq!(
        change(A_AND_B, &[Value::Integer(7), Value::Null], A, &BOTH),
        Err("the field \"b\" is in the file, but no column of the table has that name or alias: its values would be lost"
            .to_owned())
    );
}

#[test]
fn columns_in_another_order_are_found_by_name() {
    let day = Value::Date(CivilDate::new(2021, 7, 27).unwrap());
    assert_eq!(
        change(A_AND_B, &[Value::Integer(7), day.clone()], B_AND_A, &[]),
        Ok(vec![day, Value::Integer(7)])
    );
}

#[test]
fn a_renamed_column_is_found_by_its_alias_and_its_own_name_goes_first() {
    let renamed = r#"{ name = "c", aliases = ["x", "a"], type = "integer" }"#;
    assert_eq!(change(A, &[Value::Integer(7)], renamed, &[]), Ok(vec![Value::Integer(7)]));
    // Back again: a name that is the alias of nothing any more.
    assert!(
        change(renamed, &[Value::Integer(7)], A, &[])
            .unwrap_err()
            .contains("the column a is not in the file")
    );
    let both = r#"{ name = "a", type = "integer" }, { name = "c", type = "integer" }"#;
    let said = change(both, &[Value::Integer(7), Value::Integer(8)], renamed, &[]).unwrap_err();
    assert!(said.starts_with("the field \"a\" is in the file"), "{said}");
}

#[test]
fn wider_types_are_read_and_narrower_ones_refused() {
    let column = |kind: &str| format!("{{ name = \"a\", type = \"{kind}\" }}");
    for (narrow, wide, value, expected) in [
        ("integer", "bigint", Value::Integer(-7), Value::Integer(-7)),
        ("smallint", "bigint", Value::Integer(-7), Value::Integer(-7)),
        ("timestamp", "timestamp(3)", moment(0, 0), moment(0, 3)),
        ("timestamp", "timestamp(6)", moment(0, 0), moment(0, 6)),
        ("timestamp(3)", "timestamp(6)", moment(120_000, 3), moment(120_000, 6)),
        ("decimal(3,1)", "decimal(4,1)", decimal(-999, 1), decimal(-999, 1)),
        ("decimal(3,1)", "decimal(4,2)", decimal(-999, 1), decimal(-9990, 2)),
        ("decimal(3,1)", "decimal(38,30)", decimal(999, 1), decimal(999 * 10_i128.pow(29), 30)),
        (
            "decimal(8,0)",
            "decimal(38,30)",
            decimal(-99_999_999, 0),
            decimal(-99_999_999 * 10_i128.pow(30), 30),
        ),
    ] {
        let row = std::slice::from_ref(&value);
        assert_eq!(change(&column(narrow), row, &column(wide), &[]), Ok(vec![expected.clone()]));
        assert_eq!(change(&column(narrow), &[Value::Null], &column(wide), &BOTH), Ok(vec![Value::Null]));
        let said = change(&column(wide), &[expected], &column(narrow), &[]).unwrap_err();
        assert!(said.starts_with(&format!("the column a is {narrow}, but ")), "{said}");
    }
    // More digits behind the point, but fewer before it.
    assert!(change(&column("decimal(3,1)"), &[decimal(1, 1)], &column("decimal(4,3)"), &[]).is_err());
}

#[test]
fn other_types_are_refused_whatever_their_bytes() {
    let types = [
        "integer",
        "double",
        "decimal(3,1)",
        "string(3)",
        "uuid",
        "binary(3)",
        "boolean",
        "date",
        "time",
        "timestamp",
    ];
    for from in types {
        for to in types.iter().filter(|to| **to != from) {
            let column = |kind: &str| format!("{{ name = \"a\", type = \"{kind}\" }}");
            let said = change(&column(from), &[Value::Null], &column(to), &BOTH).unwrap_err();
            assert!(said.starts_with(&format!("the column a is {to}, but ")), "{said}");
        }
    }
}

#[test]
fn what_only_the_rows_can_tell_is_decided_at_the_row() {
    assert_eq!(change(A, &[Value::Integer(7)], A, &[false, false]), Ok(vec![Value::Integer(7)]));
    assert_eq!(
        change(A, &[Value::Null], A, &[false, false]),
        Err("row 1, column a: it is NULL, which the table's column cannot be".to_owned())
    );
    let (long, short) = (r#"{ name = "s", type = "string(9)" }"#, r#"{ name = "s", type = "string(3)" }"#);
    assert_eq!(change(long, &[text("é\u{1F600}a")], short, &[]), Ok(vec![text("é\u{1F600}a")]));
    assert_eq!(
        change(long, &[text("abcd")], short, &[]),
        Err("row 1, column s: its text is longer than the table's column".to_owned())
    );
    assert_eq!(change(short, &[text("abc")], long, &[]), Ok(vec![text("abc")]));
}

#[test]
fn what_becomes_narrower_or_another_kind_of_text_is_decided_at_the_row() {
    let column = |kind: &str| format!("{{ name = \"a\", type = \"{kind}\" }}");
    let long = || text(&"é".repeat(40_000));
    let bytes = |bytes: &'static [u8]| Value::Binary(bytes.into());
    let json = |text: &'static str| Value::Json(text.into());
    for (from, to, value, expected) in [
        ("integer", "smallint", Value::Integer(-32_768), Ok(Value::Integer(-32_768))),
        ("smallint", "integer", Value::Integer(32_767), Ok(Value::Integer(32_767))),
        ("integer", "smallint", Value::Integer(32_768), Err("its number is beyond the table's column")),
        ("string(3)", "text", text("abc"), Ok(text("abc"))),
        ("text", "string(3)", text("abc"), Ok(text("abc"))),
        ("text", "string(3)", text("abcd"), Err("its text is longer than the table's column")),
        ("string(50000)", "text", long(), Err("its text is longer than the table's column")),
        ("binary(1)", "binary(3)", bytes(&[0]), Ok(bytes(&[0]))),
        ("binary(3)", "binary(1)", bytes(&[0]), Ok(bytes(&[0]))),
        ("binary(3)", "binary(1)", bytes(&[0, 1]), Err("it has more bytes than the table's column")),
        ("json", "text", json("[1]"), Ok(text("[1]"))),
        ("text", "json", text("[1]"), Ok(json("[1]"))),
        ("text", "json", text("[1"), Err("it is no JSON, which the table's column is")),
    ] {
        let said = change(&column(from), std::slice::from_ref(&value), &column(to), &[]);
        let expected = expected.map(|value| vec![value]);
        assert_eq!(said, expected.map_err(|problem| format!("row 1, column a: {problem}")), "{from} {to}");
    }
}

#[test]
fn what_only_the_table_does_not_take_is_no_damage() {
    let long = r#"{ name = "a", type = "string(9)" }"#;
    let bytes = file(&table(long), &[false, true], &[vec![Value::Integer(1), text("abcd")]], Codec::Null);
    for (today, nullable, is_fit) in
        [(long, [false, true], true), (r#"{ name = "a", type = "string(3)" }"#, [false, true], false)]
    {
        let found = read(&bytes, &table(today), &nullable);
        assert_eq!(matches!(found, Err(Failure::Avro(AvroError::DoesNotFit { .. }))), !is_fit, "{today}");
    }
    let bytes = file(&table(long), &[false, true], &[vec![Value::Integer(1), Value::Null]], Codec::Null);
    let found = read(&bytes, &table(long), &[false, false]);
    assert!(matches!(found, Err(Failure::Avro(AvroError::DoesNotFit { .. }))));
}

#[test]
fn names_all_reasons_at_once() {
    let before = r#"{ name = "a", type = "bigint" }, { name = "gone", type = "date" }"#;
    let after = r#"{ name = "a", type = "integer" }, { name = "b", type = "date" }"#;
    let bytes = file(&table(before), &[], &[], Codec::Null);
    let Err(Failure::Reasons(reasons)) = read(&bytes, &table(after), &[]) else { panic!("it was read") };
    assert_eq!(reasons.len(), 3, "{reasons:?}");
}

/// A file with this schema, whose rows are of no matter.
fn with_schema(schema: &str) -> Vec<u8> {
    Writer::new(&TheirSchema::parse_str(schema).unwrap(), Vec::new()).unwrap().into_inner().unwrap()
}

#[test]
fn refuses_the_file_of_another_table_but_knows_an_old_name() {
    let schema = |name: &str| {
        format!(r#"{{"type":"record","name":"{name}","fields":[{{"name":"id","type":"long"}}]}}"#)
    };
    let table = table("");
    assert!(read(&with_schema(&schema("things")), &table, &[]).is_ok());
    assert!(read(&with_schema(&schema("any.where.stuff")), &table, &[]).is_ok());
    let Err(Failure::Reasons(reasons)) = read(&with_schema(&schema("people")), &table, &[]) else {
        panic!("it was read")
    };
    assert_eq!(reasons[0].to_string(), "the file holds rows of \"people\", not of the table things");
}

#[test]
fn refuses_types_that_no_table_has() {
    for foreign in [
        r#"["int","string"]"#,
        r#"["null","int","string"]"#,
        r#"["null","float"]"#,
        r#"["null"]"#,
        r#"{"type":"array","items":"int"}"#,
        r#"{"type":"map","values":"int"}"#,
        r#"{"type":"enum","name":"e","symbols":["A"]}"#,
        r#"{"type":"record","name":"r","fields":[]}"#,
        r#"{"type":"long","logicalType":"timestamp-millis"},"digits":1"#,
        r#"{"type":"long","logicalType":"timestamp-nanos"}"#,
        r#"{"type":"long","logicalType":"time-micros"}"#,
        r#"{"type":"bytes","logicalType":"decimal","precision":39,"scale":2}"#,
        r#"{"type":"fixed","name":"f","size":8,"logicalType":"decimal","precision":9,"scale":2}"#,
    ] {
        let schema = format!(
            r#"{{"type":"record","name":"things","fields":[{{"name":"id","type":"long"}},{{"name":"a","type":{foreign}}}]}}"#
        );
        for kind in ["integer", "bigint", "string(3)", "timestamp", "decimal(9,2)"] {
            let table = table(&format!("{{ name = \"a\", type = \"{kind}\" }}"));
            let found = read(&with_schema(&schema), &table, &BOTH);
            assert!(
                matches!(found, Err(Failure::Reasons(ref reasons)) if reasons.len() == 1),
                "{foreign} {kind}"
            );
        }
    }
}

#[test]
fn null_may_be_the_second_branch() {
    let schema = r#"{"type":"record","name":"things","fields":[
        {"name":"id","type":"long"},{"name":"a","type":["string","null"]}]}"#;
    let schema = TheirSchema::parse_str(schema).unwrap();
    let mut writer = Writer::new(&schema, Vec::new()).unwrap();
    for (id, value) in [
        (1, Theirs::Union(0, Box::new(Theirs::String("x".into())))),
        (2, Theirs::Union(1, Box::new(Theirs::Null))),
    ] {
        let record = vec![("id".to_owned(), Theirs::Long(id)), ("a".to_owned(), value)];
        writer.append_value(Theirs::Record(record)).unwrap();
    }
    let bytes = writer.into_inner().unwrap();
    let rows = read(&bytes, &table(r#"{ name = "a", type = "string(3)" }"#), &BOTH).unwrap();
    let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
    assert_eq!(rows, [[Value::Integer(1), text("x")], [Value::Integer(2), Value::Null]]);
}
