use proptest::prelude::*;

use super::*;
use crate::avro::tests::random::{Sample, sample};
use crate::avro::tests::table;

fn text_of(row: &[Value<'_>]) -> String {
    let mut text = String::new();
    write_row_text(row, &mut text);
    text
}

fn parse(table: &Table, nullable: &[bool], text: &str) -> Result<Vec<Value<'static>>, String> {
    let mut values = vec![Value::Boolean(true)];
    let result = parse_row_text(table, nullable, text, &mut values);
    let owned = |values: Vec<Value<'_>>| values.into_iter().map(Value::into_owned).collect();
    result.map(|()| owned(values)).map_err(|error| error.to_string())
}

#[test]
fn writes_values_as_the_database_prints_them() {
    let day = CivilDate::new(1000, 1, 2).unwrap();
    let time = CivilTime::new(3, 4, 5).unwrap();
    let decimal = |unscaled, scale| Value::Decimal(Decimal { unscaled, scale });
    let moment = |micros, digits| Value::Timestamp(Timestamp::new(day, time, micros, digits).unwrap());
    let row = [
        Value::Integer(i64::MIN),
        Value::Null,
        Value::Text("Łoś,\0\u{1F600}".into()),
        Value::Text("".into()),
        Value::Text("N".into()),
        Value::Boolean(true),
        decimal(-5, 2),
        decimal(0, 1),
        decimal(7, 0),
        Value::Date(day),
        moment(0, 0),
        moment(120_000, 3),
        moment(7, 6),
        Value::Time(time),
        Value::Double(Double::new(-0.5).unwrap()),
        Value::Json("{\"a\": \"Łoś\"}".into()),
        Value::Uuid(Uuid::from_u128(0xA)),
        Value::Binary([0, 0xAB, 0xFF].as_slice().into()),
        Value::Binary([].as_slice().into()),
    ];
    assert_eq!(
        text_of(&row),
        "-9223372036854775808,N,6:Łoś,\0\u{1F600},0:,1:N,1,-0.05,0.0,7,1000-01-02,1000-01-02 03:04:05,\
         1000-01-02 03:04:05.120,1000-01-02 03:04:05.000007,03:04:05,-0.5,12:{\"a\": \"Łoś\"},\
         36:00000000-0000-0000-0000-00000000000a,00ABFF,"
    );
}

#[test]
fn refuses_every_other_spelling() {
    let table = table(
        r#"{ name = "i", type = "integer" }, { name = "d", type = "decimal(3,1)" }, { name = "s", type = "string(3)" },
           { name = "b", type = "boolean" }, { name = "y", type = "date" }, { name = "t", type = "timestamp" }"#,
    );
    let nullable = [false, true, true, true, true, true, true];
    let good = ["1", "2", "3.0", "1:a", "1", "2021-07-27", "2021-07-27 16:02:08"];
    assert!(parse(&table, &nullable, &good.join(",")).is_ok());
    assert!(parse(&table, &nullable, "1,N,N,N,N,N,N").is_ok());
    let with = |column: usize, field: &str| {
        let mut fields = good;
        fields[column] = field;
        parse(&table, &nullable, &fields.join(","))
    };
    for (column, fields) in [
        (0, &["", "N", "n", "01", "-0", "+1", "-", "1.0", "9223372036854775808", "18446744073709551617"][..]),
        (1, &["2147483648", "-2147483649", " 1", "0x1", "1e3", "--1", "1-"]),
        (
            2,
            &[
                "3",
                "3.",
                ".0",
                "-.0",
                "03.0",
                "-0.0",
                "100.0",
                "3.00",
                "3,0",
                "0.1.0",
                "N1",
                "99999999999999.9",
            ],
        ),
        (3, &["a", "2:a", ":a", "0:a", "-1:a", "1:", "01:a", "1a:a", "99999999999:a", "1:ab", "Na"]),
        (4, &["2", "-1", "true", "00", ""]),
        (
            5,
            &["2021-7-27", "2021-02-29", "0000-00-00", "0999-12-31", "2021-07-27 ", "20210727", "2021/07/27"],
        ),
        (
            6,
            &[
                "2021-07-27",
                "2021-07-27T16:02:08",
                "2021-07-27 24:00:00",
                "2021-07-27 16:02:08.000",
                "16:02:08",
            ],
        ),
    ] {
        for field in fields {
            assert!(with(column, field).is_err(), "{column}: {field}");
        }
    }
    assert_eq!(with(0, "N"), Err("column id: it is NULL, which the column cannot be".to_owned()));
    assert_eq!(with(3, "90:a"), Err("column s: its text ends too soon".to_owned()));
    assert_eq!(parse(&table, &nullable, "1,2"), Err("column d: it is missing".to_owned()));
    assert_eq!(
        parse(&table, &nullable, &(good.join(",") + ",1")),
        Err("column t: there is something behind it".to_owned())
    );
    let table = self::table(
        r#"{ name = "n", type = "smallint" }, { name = "f", type = "double" }, { name = "t", type = "time" },
           { name = "m", type = "timestamp(3)" }, { name = "u", type = "uuid" }, { name = "j", type = "json" },
           { name = "x", type = "binary(2)" }, { name = "l", type = "text" }"#,
    );
    let nullable = [false, true, true, true, true, true, true, true, true];
    let uuid = "36:1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a";
    let good = ["1", "-7", "0.5", "16:02:08", "2021-07-27 16:02:08.120", uuid, "2:{}", "0A", "1:a"];
    assert!(parse(&table, &nullable, &good.join(",")).is_ok());
    assert!(parse(&table, &nullable, "1,N,N,N,N,N,N,N,N").is_ok());
    let upper = uuid.to_uppercase();
    for (column, fields) in [
        (1, &["32768", "-32769", "1.0"][..]),
        (2, &["0.50", "5e-1", ".5", "inf", ""]),
        (3, &["24:00:00", "6:02:08", "16:02", "16:02:08.0", "-16:02:08"]),
        (
            4,
            &[
                "2021-07-27 16:02:08",
                "2021-07-27 16:02:08.12",
                "2021-07-27 16:02:08.1200",
                "2021-07-27 16:02:08,120",
            ],
        ),
        (5, &["1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a", "32:1f0e7c1c6c9d4f2a8f510a4f6d1c2b3a", &upper]),
        (6, &["{}", "1:{}"]),
        (7, &["0a", "A", "0x0A", "2:0A"]),
        (8, &["a", "2:a"]),
    ] {
        for field in fields {
            let mut row = good;
            row[column] = field;
            assert!(parse(&table, &nullable, &row.join(",")).is_err(), "{column}: {field}");
        }
    }
}

#[test]
fn counts_the_characters_of_a_text() {
    let table = table(r#"{ name = "s", type = "string(3)" }"#);
    let with = |text: &str| parse(&table, &[], &format!("1,{text}"));
    // A text in UTF-8 whose length counts characters, not bytes, and one that is one character
    // short.
    assert!(with("3:é\u{1F600}a").is_ok());
    assert!(with("4:é\u{1F600}a").is_err());
}

proptest! {
    #[test]
    fn text_and_values_are_two_spellings_of_one_row(sample in sample(20)) {
        let Sample { table, nullable, rows } = sample;
        for row in rows {
            let text = text_of(&row);
            prop_assert_eq!(parse(&table, &nullable, &text), Ok(row));
        }
    }

    /// Whatever the text, what is read writes it again.
    #[test]
    fn nothing_is_read_that_would_be_written_otherwise(
        text in "-?[0-9]{0,3}(\\.[0-9]{0,2})?,(N|[0-3]:[a-cé,]{0,4}|[0-9]{1,2}),(N|-?[0-9.]{0,5})",
    ) {
        let table = table(r#"{ name = "a", type = "string(3)" }, { name = "b", type = "decimal(3,1)" }"#);
        if let Ok(row) = parse(&table, &[false, true, true], &text) {
            prop_assert_eq!(text_of(&row), text);
        }
    }
}
