//! Rules of columns, comparisons between them, texts that the database compares, and keys.

use serde_json::value::RawValue;

use crate::dictionary::{Dictionary, Table};
use crate::row::{CsvColumns, HeaderError, RowError, check_csv_row, check_json_row, check_json_row_of};
use crate::value::{Key, Value};

fn dictionary() -> Dictionary {
    let text = r#"
        [[table]]
        name = "places"
        columns = [
            { name = "code", type = "string(9)", key = true },
            { name = "number", type = "smallint", key = true },
            { name = "title", type = "string(9)", required = false },
        ]
        [[table]]
        name = "stays"
        unique = [["place", "starts_on"]]
        check = ["ends_on >= starts_on", "paid <> owed"]
        references = [{ columns = ["place", "number"], table = "places" }]
        columns = [
            { name = "code", type = "string(9)", key = true, pattern = "^[A-Z]+ ?$", min_length = 2 },
            { name = "place", type = "string(9)", required = false },
            { name = "number", type = "smallint", required = false, minimum = 1, maximum = 9 },
            { name = "starts_on", type = "date", required = false, minimum = "2020-01-01" },
            { name = "ends_on", type = "date", required = false },
            { name = "paid", type = "decimal(5,2)", required = false, values = ["0", "12.5"] },
            { name = "owed", type = "decimal(5,2)", required = false },
            { name = "status", type = "string(9)", required = false, values = ["new", "paid"] },
        ]
    "#;
    Dictionary::parse("test", text).unwrap()
}

fn said(errors: &[RowError<'_>]) -> Vec<String> {
    let said = |error: &RowError<'_>| {
        format!("{} {}: {error}", error.column.as_deref().unwrap_or("-"), error.code().as_str())
    };
    errors.iter().map(said).collect()
}

fn json(row: &str) -> Vec<String> {
    let dictionary = dictionary();
    let raw: &RawValue = serde_json::from_str(row).unwrap();
    said(&check_json_row(dictionary.table("stays").unwrap(), raw).errors)
}

fn csv(fields: [&str; 8]) -> Vec<String> {
    let dictionary = dictionary();
    let table = dictionary.table("stays").unwrap();
    let (mut values, mut errors) = (vec![Value::Null], Vec::new());
    let columns = CsvColumns::in_dictionary_order(table);
    let field = |index: usize| fields[index].as_bytes();
    let passed = check_csv_row(table, &columns, 8, field, &mut values, &mut errors);
    assert_eq!(passed, errors.is_empty());
    assert_eq!(values.len(), 9);
    said(&errors)
}

#[test]
fn a_rule_is_named_with_what_it_demands() {
    assert_eq!(json(r#"{"code": "AB", "number": 1, "paid": "12.50", "owed": 0, "status": "new"}"#), [""; 0]);
    let broken = [
        "code rule: code must match ^[A-Z]+ ?$",
        "number rule: number must be at least 1",
        "starts_on rule: starts_on must be at least 2020-01-01",
        "paid rule: paid must be one of 0.00, 12.50",
        "status rule: status must be one of new, paid",
    ];
    let row = r#"{"code": "ab", "number": 0, "starts_on": "2019-12-31", "paid": "1", "status": "New"}"#;
    assert_eq!(json(row), broken);
    assert_eq!(csv(["ab", "", "0", "2019-12-31", "", "1", "", "New"]), broken);
    assert_eq!(
        json(r#"{"code": "A", "number": 10}"#),
        ["code rule: code must have at least 2 characters", "number rule: number must be at most 9",]
    );
}

#[test]
fn a_row_keeps_the_comparisons_of_its_table() {
    let days = "- rule: the row must keep ends_on >= starts_on";
    assert_eq!(
        json(
            r#"{"code": "AB", "starts_on": "2021-07-27", "ends_on": "2021-07-26", "paid": 0, "owed": 0, "x": 1}"#
        ),
        [days, "- rule: the row must keep paid <> owed", "x unknown_column: there is no column \"x\""]
    );
    assert_eq!(csv(["AB", "", "", "2021-07-27", "2021-07-26", "0", "1", ""]), [days]);
    assert_eq!(csv(["AB", "", "", "2021-07-27", "2021-07-27", "0", "", ""]), [""; 0]);
    // A refused field is compared with nothing.
    assert_eq!(
        csv(["AB", "", "", "2021-07-27", "2021-02-30", "", "", ""]),
        ["ends_on timestamp: ends_on must be a day that exists, written like 2021-07-27"]
    );
}

#[test]
fn a_text_that_is_compared_is_unmistakable() {
    let space = "must not end with a space: the database does not tell it from none";
    assert_eq!(json(r#"{"code": "AB "}"#), [format!("code rule: code {space}")]);
    assert_eq!(csv(["AB", "a ", "", "", "", "", "", ""]), [format!("place rule: place {space}")]);
    assert_eq!(
        json(r#"{"code": "AB", "place": "a\tb"}"#),
        ["place rule: place must have no control characters"]
    );
    assert_eq!(json(r#"{"code": "AB", "place": " a b\u00a0"}"#), [""; 0]);
}

#[test]
fn errors_name_every_column_that_takes_part() {
    let dictionary = dictionary();
    let [places, stays] = ["places", "stays"].map(|name| dictionary.table(name).unwrap());
    let errors = [
        RowError::id_taken(stays),
        RowError::id_taken(places),
        RowError::id_repeated(places),
        RowError::value_taken(stays, &stays.unique()[0]),
        RowError::value_repeated(stays, &stays.unique()[0]),
        RowError::value_taken(stays, &[1]),
        RowError::no_such_row(stays, &stays.references()[0]),
    ];
    assert_eq!(
        said(&errors),
        [
            "code duplicate_id: code is already taken in the table",
            "code duplicate_id: code, number together are already taken in the table",
            "code duplicate_in_batch: code, number together are already taken by an earlier row",
            "place duplicate_value: place, starts_on together are already taken by another row",
            "place duplicate_value: place, starts_on together are already taken by an earlier row",
            "place duplicate_value: place is already taken by another row",
            "place unknown_reference: place, number together name no row of places",
        ]
    );
}

#[test]
fn a_row_is_held_against_the_key_that_it_is_sent_under() {
    let dictionary = dictionary();
    let places = dictionary.table("places").unwrap();
    let key = Key::of([&Value::Text("a".into()), &Value::Integer(7)]).unwrap();
    let put = |row: &str| {
        let raw: &RawValue = serde_json::from_str(row).unwrap();
        let checked = check_json_row_of(places, &key, raw);
        (places.key_of(&checked.values), said(&checked.errors))
    };
    assert_eq!(put(r#"{"title": "x"}"#), (Some(key.clone()), vec![]));
    assert_eq!(put(r#"{"number": 7, "code": "a"}"#), (Some(key.clone()), vec![]));
    let (found, errors) = put(r#"{"number": 8, "code": "b"}"#);
    assert_eq!(found, None);
    assert_eq!(
        errors,
        [
            "code out_of_range: code must be a, as in the path",
            "number out_of_range: number must be 7, as in the path",
        ]
    );
    let (_, errors) = put(r#"{"number": "7"}"#);
    assert_eq!(errors, ["number type: number must be a whole number"]);
}

#[test]
fn a_header_names_every_column_of_the_key() {
    let dictionary = dictionary();
    let [places, stays] = ["places", "stays"].map(|name| dictionary.table(name).unwrap());
    let is_header = |table: &Table, record: &[&str]| {
        CsvColumns::of_header(table, record.iter().map(|field| field.as_bytes()))
            .map(|header| header.is_some())
    };
    assert_eq!(is_header(places, &["code", "number"]), Ok(true));
    assert_eq!(is_header(places, &["Title", "Number", "Code"]), Ok(true));
    assert_eq!(is_header(places, &["code", "title"]), Ok(false));
    assert_eq!(is_header(places, &["code", "7", "number"]), Ok(false));
    // Any word can be a key of texts: another column must be named, too.
    assert_eq!(is_header(stays, &["code", "place"]), Ok(true));
    assert_eq!(is_header(stays, &["code", "berlin"]), Ok(false));
    assert_eq!(is_header(stays, &["x", "code", "1"]), Ok(false));
    assert_eq!(
        is_header(stays, &["code", "place", "berlin"]),
        Err(HeaderError::Unknown("berlin".to_owned()))
    );
}
