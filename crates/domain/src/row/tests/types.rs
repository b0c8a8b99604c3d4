//! The types beside those of the other tests: every way in, and back out.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use serde_json::value::RawValue;

use crate::dictionary::{ColumnType, Dictionary, Table};
use crate::json_row::{value_text, write_json_value};
use crate::row::{CsvColumns, check_csv_row, check_json_row, json_texts};
use crate::value::Value;

const TYPES: [&str; 10] = [
    "smallint",
    "double",
    "text",
    "time",
    "timestamp(3)",
    "timestamp(6)",
    "uuid",
    "json",
    "binary(4)",
    "decimal(38,30)",
];

/// A table of an id and a column of this type, with these properties and these settings of files.
fn dictionary(column_type: &str, properties: &str, files: &str) -> Dictionary {
    let text = format!(
        "[[table]]\nname = \"things\"\ncolumns = [{{ name = \"id\", type = \"integer\", key = true }}, \
         {{ name = \"it\", type = \"{column_type}\", required = false{properties} }}]\n[table.files]\n{files}"
    );
    Dictionary::parse("test", &text).unwrap()
}

/// Returns the value of a field in JSON, or what is wrong with it.
fn from_json(table: &Table, json: &str) -> Result<Value<'static>, String> {
    let row = format!("{{\"id\": 1, \"it\": {json}}}");
    let raw: &RawValue = serde_json::from_str(&row).unwrap();
    let mut checked = check_json_row(table, raw);
    match checked.errors.first() {
        Some(error) => Err(format!("{}: {error}", error.code().as_str())),
        None => Ok(checked.values.swap_remove(1).into_owned()),
    }
}

/// Returns the value of a field in CSV, or what is wrong with it.
fn from_csv(table: &Table, field: &[u8]) -> Result<Value<'static>, String> {
    let fields = [&b"1"[..], field];
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    let columns = CsvColumns::in_dictionary_order(table);
    let passed = check_csv_row(table, &columns, 2, |index| fields[index], &mut values, &mut errors);
    assert_eq!(passed, errors.is_empty());
    match errors.first() {
        Some(error) => Err(format!("{}: {error}", error.code().as_str())),
        None => Ok(values.swap_remove(1).into_owned()),
    }
}

/// Returns what a field in JSON becomes as JSON and as text, or what is wrong with it. CSV must
/// come to the same.
fn through(column_type: &str, json: &str) -> Result<(String, String), String> {
    let dictionary = dictionary(column_type, "", "");
    let table = &dictionary.tables()[0];
    let plain = match serde_json::from_str::<String>(json) {
        Ok(text) if column_type != "json" => text,
        _ => json.to_owned(),
    };
    let (value, of_csv) = (from_json(table, json), from_csv(table, plain.as_bytes()));
    assert_eq!(value, of_csv, "{column_type} {json}");
    let value = value?;
    let mut written = String::new();
    write_json_value(&value, &mut written);
    Ok((written, value_text(&value).unwrap_or_default()))
}

#[test]
fn values_come_out_in_one_form() {
    for (column_type, json, written, text) in [
        ("smallint", "-32768", "-32768", "-32768"),
        ("double", "-0.0", "0", "0"),
        ("double", "1E2", "100", "100"),
        ("double", "-12.50e-1", "-1.25", "-1.25"),
        ("double", "1e300", "1e300", "1e300"),
        ("double", "1e-400", "0", "0"),
        ("text", "\" añb\\n\"", "\" añb\\n\"", " añb\n"),
        ("time", "\"16:02:08\"", "\"16:02:08\"", "16:02:08"),
        ("time", "\"00:00:59.000\"", "\"00:00:59\"", "00:00:59"),
        (
            "timestamp(3)",
            "\"2021-07-27T16:02:08Z\"",
            "\"2021-07-27T16:02:08.000Z\"",
            "2021-07-27T16:02:08.000Z",
        ),
        (
            "timestamp(3)",
            "\"2021-07-27 16:02:08.12\"",
            "\"2021-07-27T16:02:08.120Z\"",
            "2021-07-27T16:02:08.120Z",
        ),
        (
            "timestamp(6)",
            "\"2021-07-27T16:02:08.000007000+02:00\"",
            "\"2021-07-27T14:02:08.000007Z\"",
            "2021-07-27T14:02:08.000007Z",
        ),
        (
            "uuid",
            "\"1F0E7C1C-6c9d-4f2a-8f51-0a4f6d1c2b3A\"",
            "\"1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a\"",
            "1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a",
        ),
        (
            "json",
            "{\"b\":[1, 2.0],\"a\":\"x\"}",
            "{\"a\": \"x\", \"b\": [1, 2.0]}",
            "{\"a\": \"x\", \"b\": [1, 2.0]}",
        ),
        ("json", "\"x\"", "\"x\"", "\"x\""),
        ("json", "7", "7", "7"),
        ("json", "null", "null", ""),
        ("binary(4)", "\"AP8=\"", "\"AP8=\"", "AP8="),
        ("binary(4)", "\"\"", "null", ""),
        ("text", "\" \"", "null", ""),
        ("uuid", "\" \"", "null", ""),
    ] {
        let expected = Ok((written.to_owned(), text.to_owned()));
        assert_eq!(through(column_type, json), expected, "{column_type} {json}");
    }
}

#[test]
fn a_rejected_object_becomes_texts_that_csv_reads_alike() {
    let texts = |column_type: &str, json: &str| {
        let dictionary = dictionary(column_type, "", "");
        json_texts(&dictionary.tables()[0], &format!("{{\"it\": {json}}}")).unwrap().swap_remove(1)
    };
    for (column_type, json, expected) in [
        ("json", "\"x\"", "\"x\""),
        ("json", "{\"a\":1}", "{\"a\":1}"),
        ("json", "null", ""),
        ("text", "\"x\"", "x"),
        ("double", "1.5", "1.5"),
    ] {
        assert_eq!(texts(column_type, json), expected, "{column_type} {json}");
    }
}

#[test]
fn says_what_is_wrong_with_a_value() {
    let millis = "timestamp: it must be a moment in UTC that exists, written like 2021-07-27T16:02:08.123Z";
    let micros =
        "timestamp: it must be a moment in UTC that exists, written like 2021-07-27T16:02:08.123456Z";
    let uuid = "type: it must be a UUID like 1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a";
    let time = "timestamp: it must be a second of a day, written like 16:02:08";
    let base64 = "type: it must be bytes in base64, with padding";
    for (column_type, json, expected) in [
        ("smallint", "32768", "out_of_range: it must be between -32768 and 32767"),
        ("smallint", "1.0", "type: it must be a whole number"),
        (
            "double",
            "1e309",
            "out_of_range: it must be between -1.7976931348623157e308 and 1.7976931348623157e308",
        ),
        ("double", "true", "type: it must be a number"),
        ("double", "\"x\"", "type: it must be a number"),
        ("time", "\"24:00:00\"", time),
        ("time", "\"16:02\"", time),
        ("time", "\"16:02:08.5\"", time),
        ("time", "\"16:02:08Z\"", time),
        ("timestamp(3)", "\"2021-07-27T16:02:08.1234Z\"", millis),
        ("timestamp(3)", "\"2021-07-27T16:02:08.Z\"", millis),
        ("timestamp(6)", "\"2021-07-27T16:02:08.1234567Z\"", micros),
        ("timestamp(6)", "\"2021-07-27T16:02:08.1234560000Z\"", micros),
        ("uuid", "\"1f0e7c1c6c9d4f2a8f510a4f6d1c2b3a\"", uuid),
        ("uuid", "\"{1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a}\"", uuid),
        ("uuid", "\"1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3g\"", uuid),
        ("binary(4)", "\"AP8\"", base64),
        ("binary(4)", "\"AP9=\"", base64),
        ("binary(4)", "\"A-8=\"", base64),
        ("binary(4)", "\"AAECAwQ=\"", "too_long: it has 5 bytes, at most 4 are allowed"),
    ] {
        assert_eq!(through(column_type, json), Err(expected.to_owned()), "{column_type} {json}");
    }
    let column_of = |column_type| dictionary(column_type, "", "");
    let long = "é".repeat(32_768);
    let too_long = Err("too_long: it has 65536 bytes, at most 65535 are allowed".to_owned());
    assert_eq!(from_csv(&column_of("text").tables()[0], long.as_bytes()), too_long);
    assert_eq!(from_json(&column_of("text").tables()[0], &format!("\"{long}\"")), too_long);
    let document = column_of("json");
    let table = &document.tables()[0];
    assert_eq!(from_csv(table, b"{a: 1}"), Err("type: it must be JSON".to_owned()));
    assert!(
        from_json(table, "[18446744073709551616]")
            .unwrap_err()
            .starts_with("out_of_range: it has a number that")
    );
    let nested = "[".repeat(32) + &"]".repeat(32);
    assert_eq!(from_json(table, &nested), Err("too_long: it is nested deeper than 31 levels".to_owned()));
    assert_eq!(
        from_json(&column_of("double").tables()[0], "\"1.5\""),
        Err("type: it must be a number".to_owned())
    );
    for field in ["1.", ".5", "+1", "inf", "nan", "1e", "1e+", "0x1", "1_0", "-"] {
        let table = &column_of("double").tables()[0].clone();
        assert_eq!(from_csv(table, field.as_bytes()), Err("type: it must be a number".to_owned()), "{field}");
    }
}

#[test]
fn files_may_have_values_in_declared_forms() {
    let value = |column_type: &str, files: &str, field: &str| {
        let dictionary = dictionary(column_type, "", files);
        from_csv(&dictionary.tables()[0], field.as_bytes())
            .map(|value| value_text(&value).unwrap_or_default())
    };
    let ok = |text: &str| Ok(text.to_owned());
    let formats = "timestamp_formats = [\"%d.%m.%Y %H:%M:%S%.f\", \"%d.%m.%Y %H:%M\"]";
    assert_eq!(value("timestamp(3)", formats, "27.10.2021 16:02:08.120"), ok("2021-10-27T16:02:08.120Z"));
    assert_eq!(value("timestamp(3)", formats, "27.10.2021 16:02:08"), ok("2021-10-27T16:02:08.000Z"));
    assert_eq!(
        value("timestamp(6)", formats, "27.10.2021 16:02:08.000007"),
        ok("2021-10-27T16:02:08.000007Z")
    );
    assert_eq!(value("timestamp(6)", formats, "27.10.2021 16:02"), ok("2021-10-27T16:02:00.000000Z"));
    assert!(value("timestamp(3)", formats, "27.10.2021 16:02:08.1234").is_err());
    assert!(value("timestamp(3)", formats, "27.10.2021 16:02:60.1").is_err());
    let zone = "time_zone = \"Europe/Berlin\"";
    assert_eq!(value("timestamp(3)", zone, "2021-07-27 16:02:08.5"), ok("2021-07-27T14:02:08.500Z"));
    assert_eq!(value("timestamp(3)", zone, "2021-07-27 16:02:08.5Z"), ok("2021-07-27T16:02:08.500Z"));
    let comma = "decimal_comma = true";
    assert_eq!(value("double", comma, "-12,5e1"), ok("-125"));
    assert!(value("double", comma, "12.5").is_err());
    assert_eq!(value("json", "null_values = [\"-\"]", "-"), ok(""));
}

fn matching(pattern: &str) -> impl Strategy<Value = String> + use<> {
    proptest::string::string_regex(pattern).unwrap()
}

fn of_type(column_type: &'static str) -> BoxedStrategy<String> {
    let quoted = |text: String| serde_json::to_string(&text).unwrap();
    let moment =
        "[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]";
    match column_type {
        "smallint" => any::<i16>().prop_map(|number| number.to_string()).boxed(),
        "double" => (prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO)
            .prop_map(|number| format!("{number:e}"))
            .boxed(),
        "text" => ".{1,20}".prop_map(quoted).boxed(),
        "time" => "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]".prop_map(quoted).boxed(),
        "timestamp(3)" => matching(&format!("{moment}\\.[0-9]{{3}}Z")).prop_map(quoted).boxed(),
        "timestamp(6)" => matching(&format!("{moment}\\.[0-9]{{6}}Z")).prop_map(quoted).boxed(),
        "uuid" => "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}".prop_map(quoted).boxed(),
        "json" => ("[a-z]{0,3}", any::<i64>(), ".*")
            .prop_map(|(name, number, text)| serde_json::json!([{ name: number }, text, 1.5]).to_string())
            .boxed(),
        "binary(4)" => proptest::collection::vec(any::<u8>(), 1..=4)
            .prop_map(move |bytes| quoted(BASE64_STANDARD.encode(bytes)))
            .boxed(),
        _ => ("-?[0-9]{1,8}\\.[0-9]{30}").prop_map(quoted).boxed(),
    }
}

proptest! {
    /// A value that was written is read as what it was.
    #[test]
    fn every_value_comes_back(
        (column_type, json) in proptest::sample::select(&TYPES[..]).prop_flat_map(|it| (Just(it), of_type(it))),
    ) {
        let dictionary = dictionary(column_type, "", "");
        let table = &dictionary.tables()[0];
        let value = from_json(table, &json).unwrap();
        let mut written = String::new();
        write_json_value(&value, &mut written);
        prop_assert_eq!(from_json(table, &written), Ok(value.clone()));
        let text = value_text(&value).unwrap_or_default();
        prop_assert_eq!(from_csv(table, text.as_bytes()), Ok(value));
    }

    /// Whatever comes in, it is a value or an error.
    #[test]
    fn no_bytes_panic(
        column_type in proptest::sample::select(&TYPES[..]),
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
        text in "[0-9a-fA-F:.+eE \"\\[\\]{},TZ-]{0,40}",
    ) {
        let files = "decimal_comma = true\ntime_zone = \"Europe/Berlin\"\ntimestamp_formats = [\"%d.%m.%Y %H:%M:%S%.f\"]";
        for files in ["", files] {
            let dictionary = dictionary(column_type, "", files);
            let table = &dictionary.tables()[0];
            let _ = from_csv(table, &bytes);
            let _ = from_csv(table, text.as_bytes());
        }
        let dictionary = dictionary(column_type, "", "");
        let _ = from_json(&dictionary.tables()[0], &serde_json::to_string(&text).unwrap());
        if serde_json::from_str::<&RawValue>(&text).is_ok() {
            let _ = from_json(&dictionary.tables()[0], &text);
        }
    }

    /// A column holds exactly the fractions of its digits.
    #[test]
    fn a_fraction_is_never_cut(micros in 0..1_000_000_u32, digits in proptest::sample::select(&[0_u8, 3, 6][..])) {
        let column_type = ColumnType::Timestamp { digits }.to_string();
        let dictionary = dictionary(&column_type, "", "");
        let fits = micros.is_multiple_of(10_u32.pow(u32::from(6 - digits)));
        let field = format!("2021-07-27T16:02:08.{micros:06}Z");
        prop_assert_eq!(from_csv(&dictionary.tables()[0], field.as_bytes()).is_ok(), fits);
    }
}
