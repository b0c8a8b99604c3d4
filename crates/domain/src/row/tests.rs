//! One table with every type, checked from JSON and from CSV.

mod rules;
mod types;

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::dictionary::Dictionary;

const EVERY_TYPE: &str = r#"
    [[table]]
    name = "things"
    columns = [
        { name = "id", type = "integer", key = true, auto_increment = true },
        { name = "big", type = "bigint", required = false },
        { name = "price", type = "decimal(6,2)", required = false },
        { name = "name", type = "string(255)", aliases = ["title"], required = false },
        { name = "open", type = "boolean", required = false },
        { name = "day", type = "date", required = false },
        { name = "moment", type = "timestamp", required = false },
    ]
"#;

fn dictionary() -> Dictionary {
    Dictionary::parse("things.toml", EVERY_TYPE).unwrap()
}

/// The messages of a JSON row's errors, each with its code.
fn json_errors(row: &str) -> Vec<String> {
    let dictionary = dictionary();
    let raw: &RawValue = serde_json::from_str(row).unwrap();
    let checked = check_json_row(&dictionary.tables()[0], raw);
    checked.errors.iter().map(|error| format!("{}: {error}", error.code().as_str())).collect()
}

/// The errors of one field beside a good id.
fn field(name: &str, json: &str) -> Vec<String> {
    json_errors(&format!(r#"{{"id": 1, "{name}": {json}}}"#))
}

/// The codes of a CSV record's errors.
fn csv_codes(fields: &[&[u8]]) -> Vec<&'static str> {
    let dictionary = dictionary();
    let table = &dictionary.tables()[0];
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    let columns = CsvColumns::in_dictionary_order(table);
    check_csv_row(table, &columns, fields.len(), |index| fields[index], &mut values, &mut errors);
    assert_eq!(values.len(), table.columns().len());
    errors.iter().map(|error| error.code().as_str()).collect()
}

#[test]
fn accepts_good_values_of_every_type() {
    let row = r#"{"id": -2147483648, "big": 9223372036854775807, "price": "-1234.50", "title": "O'Neil \u0000 \"x\"",
                  "open": true, "day": "2024-02-29", "moment": "2021-07-27T16:02:08Z"}"#;
    assert_eq!(json_errors(row), [""; 0]);
    let fields: [&[u8]; 7] = [
        b"2147483647",
        b"-9223372036854775808",
        b"0.10",
        b"a,b",
        b"false",
        b"2000-02-29",
        b"9999-12-31T23:59:59Z",
    ];
    assert_eq!(csv_codes(&fields), [""; 0]);
}

#[test]
fn tells_what_is_wrong_with_numbers() {
    assert_eq!(json_errors("{}"), ["required: id is required"]);
    assert_eq!(json_errors(r#"{"id": null}"#), ["required: id is required"]);
    assert_eq!(json_errors(r#"{"id": "7"}"#), ["type: id must be a whole number"]);
    assert_eq!(json_errors(r#"{"id": 1.0}"#), ["type: id must be a whole number"]);
    assert_eq!(json_errors(r#"{"id": 1e3}"#), ["type: id must be a whole number"]);
    assert_eq!(json_errors(r#"{"id": [1]}"#), ["type: id must be a whole number"]);
    let range = "out_of_range: id must be between -2147483648 and 2147483647";
    assert_eq!(json_errors(r#"{"id": 2147483648}"#), [range]);
    assert_eq!(json_errors(r#"{"id": 99999999999999999999999999}"#), [range]);
    assert_eq!(
        json_errors(r#"{"id": 0}"#),
        ["out_of_range: id must not be 0: the database would replace it by a new number"]
    );
    assert_eq!(
        field("big", "9223372036854775808"),
        ["out_of_range: big must be between -9223372036854775808 and 9223372036854775807"]
    );
    let digits = "out_of_range: price must be a number with at most 4 digits before the point and 2 after it";
    assert_eq!(field("price", "12345"), [digits]);
    assert_eq!(field("price", "0.125"), [digits]);
    assert_eq!(field("price", "0.1200"), [""; 0]);
    assert_eq!(field("price", "\"1e2\""), ["type: price must be a decimal number, without an exponent"]);
    assert_eq!(field("price", "\".5\""), ["type: price must be a decimal number, without an exponent"]);
}

#[test]
fn counts_characters_and_not_bytes() {
    assert_eq!(field("name", &format!("\"{}\"", "😀".repeat(255))), [""; 0]);
    assert_eq!(
        field("name", &format!("\"{}\"", "a".repeat(256))),
        ["too_long: name has 256 characters, at most 255 are allowed"]
    );
    assert_eq!(field("name", "7"), ["type: name must be text"]);
    assert_eq!(field("name", r#""\ud800""#), ["type: name must be text"]);
}

#[test]
fn takes_times_in_forms_that_lose_nothing() {
    let wrong = "timestamp: moment must be a moment in UTC that exists, written like 2021-07-27T16:02:08Z";
    for text in [
        "2021-02-30T00:00:00Z",
        "2021-02-29T00:00:00Z",
        "2021-07-27T24:00:00Z",
        "2021-07-27T16:02:60Z",
        "2021-07-27T16:02:08+2",
        "2021-07-27t16:02:08z",
        "2021-07-27T16:02:08.5Z",
        "0999-07-27T16:02:08Z",
        "2021-7-27T16:02:08Z",
        "２021-07-27T16:02:08Z",
    ] {
        assert_eq!(field("moment", &format!("\"{text}\"")), [wrong], "{text}");
    }
    for text in ["2021-07-27T16:02:08+02:00", "2021-07-27T16:02:08", "2021-07-27 16:02:08.000Z"] {
        assert_eq!(field("moment", &format!("\"{text}\"")), [""; 0], "{text}");
    }
    assert_eq!(field("moment", "20210727"), ["type: moment must be text like 2021-07-27T16:02:08Z"]);
    assert_eq!(
        field("day", "\"2021-13-01\""),
        ["timestamp: day must be a day that exists, written like 2021-07-27"]
    );
}

#[test]
fn reports_every_error_in_column_order_and_strangers_last() {
    assert_eq!(
        json_errors(r#"{"nickname": 1, "open": "yes", "id": "x", "title": "a", "name": "b"}"#),
        [
            "type: id must be a whole number",
            "type: open must be true or false",
            "unknown_column: there is no column \"nickname\"",
            "unknown_column: name is given more than once",
        ]
    );
    assert_eq!(json_errors("[1]"), ["type: a row must be a JSON object"]);
    assert_eq!(json_errors("null"), ["type: a row must be a JSON object"]);
}

/// A row with an id and as many names that no column has.
fn with_strangers(count: usize) -> String {
    let strangers: Vec<String> = (0..count).map(|number| format!("\"x{number}\": 1")).collect();
    format!("{{\"id\": 1, {}}}", strangers.join(","))
}

#[test]
fn reports_every_unknown_column_in_the_order_of_the_row() {
    let errors = json_errors(&with_strangers(json::MAX_UNKNOWN_NAMES));
    let expected: Vec<String> = (0..json::MAX_UNKNOWN_NAMES)
        .map(|number| format!("unknown_column: there is no column \"x{number}\""))
        .collect();
    assert_eq!(errors, expected);
}

#[test]
fn says_how_many_unknown_columns_it_leaves_out_and_bounds_each_name() {
    let errors = json_errors(&with_strangers(json::MAX_UNKNOWN_NAMES + 900));
    assert_eq!(errors.len(), json::MAX_UNKNOWN_NAMES + 1);
    assert_eq!(
        errors.last().unwrap(),
        "unknown_column: the row has 900 more names that are unknown or given more than once"
    );
    let long = json_errors(&format!("{{\"id\": 1, \"{}\": 1}}", "x".repeat(100_000)));
    assert!(long[0].len() < 200, "{long:?}");
}

#[test]
fn says_once_that_a_column_is_repeated_and_counts_it_once() {
    let id = "unknown_column: id is given more than once";
    let row = |fields: &str| format!("{{\"id\": 1, {}}}", vec![fields; 1000].join(","));
    assert_eq!(json_errors(&row("\"id\": 1")), [id]);
    let stranger = "unknown_column: there is no column \"x\"";
    assert_eq!(json_errors(&row("\"x\": 1, \"id\": 1")), [stranger, id]);
    // Together they are no more than strangers alone.
    let strangers: Vec<String> =
        (0..json::MAX_UNKNOWN_NAMES).map(|number| format!("\"x{number}\": 1")).collect();
    let errors = json_errors(&row(&format!("{}, \"id\": 1, \"name\": \"a\"", strangers.join(","))));
    assert_eq!(errors.len(), json::MAX_UNKNOWN_NAMES + 1, "{errors:?}");
    assert!(errors.last().unwrap().contains(" has 2 more names "), "{errors:?}");
}

#[test]
fn refuses_csv_fields_for_their_own_reasons() {
    let good: [&[u8]; 7] = [b"1", b"", b"", b"", b"", b"", b""];
    assert_eq!(csv_codes(&good), [""; 0]);
    assert_eq!(csv_codes(&good[..6]), ["field_count"]);
    assert_eq!(csv_codes(&[good.as_slice(), &[b"".as_slice()]].concat()), ["field_count"]);
    let bad: [&[u8]; 7] = [b"", b"1 ", b"1,5", b"\xff", b"yes", b"2021-02-30", b"2021-07-27"];
    assert_eq!(csv_codes(&bad), ["required", "type", "type", "encoding", "type", "timestamp", "timestamp"]);
}

#[test]
fn knows_a_header_by_the_key_column() {
    let dictionary = crate::library::dictionary();
    let tags = dictionary.table("tags").unwrap();
    let read = |record: &[&[u8]]| CsvColumns::of_header(tags, record.iter().copied());
    assert_eq!(read(&[b"1", b"Recruiter"]), Ok(None));
    assert_eq!(read(&[b"1", b"tag"]), Ok(None));
    assert_eq!(read(&[b"1", b"id"]), Ok(None));
    let header = read(&[b"Tag", b" ID ", b"line", b"code", b"reason"]).unwrap().unwrap();
    assert_eq!((header.field_of(0), header.field_of(1), header.width()), (Some(1), Some(0), 5));
    assert_eq!(read(&[b"id"]), Err(HeaderError::Missing("tag_name".into())));
    assert_eq!(read(&[b"id", b"tag", b"tag_name"]), Err(HeaderError::Repeated("tag_name".into())));
    assert_eq!(read(&[b"id", b"tag", b"salary"]), Err(HeaderError::Unknown("salary".into())));
}

proptest! {
    /// Whatever comes in, a check ends with one value for each column, and a refused field is
    /// `Null`.
    #[test]
    fn never_fails_on_any_bytes(fields in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..30), 0..9)) {
        let fields: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
        csv_codes(&fields);
    }

    /// Every number of the type, and no other, passes.
    #[test]
    fn reads_exactly_the_integers_of_the_type(number in any::<i128>(), small in any::<i32>()) {
        let passes = |number: i128| field("big", &number.to_string()).is_empty();
        prop_assert_eq!(passes(number), i64::try_from(number).is_ok());
        prop_assert!(passes(i128::from(small)));
    }

    /// JSON and CSV agree about the same text.
    #[test]
    fn json_and_csv_agree_on_times(text in "[0-9]{4}-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]Z") {
        let csv: [&[u8]; 7] = [b"1", b"", b"", b"", b"", b"", text.as_bytes()];
        prop_assert_eq!(csv_codes(&csv).is_empty(), field("moment", &format!("\"{text}\"")).is_empty());
        let known = text.parse::<jiff::Timestamp>().is_ok() && !text.ends_with(":60Z") && &text[..4] >= "1000";
        prop_assert_eq!(csv_codes(&csv).is_empty(), known);
    }
}
