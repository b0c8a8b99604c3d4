//! Reading, judging and answering, without a database.

use std::collections::HashSet;

use super::*;
use crate::dictionary::Dictionary;
use crate::library;
use crate::value::{Key, Value};

fn library() -> &'static Dictionary {
    library::dictionary()
}

fn keys<const N: usize>(numbers: [i64; N]) -> HashSet<Key> {
    numbers.map(Key::from).into()
}

fn refusal(body: &str) -> String {
    Batch::read(library(), body.as_bytes()).unwrap_err().to_string()
}

#[test]
fn says_why_a_body_is_no_batch() {
    assert_eq!(refusal(""), "The request has no body; send a JSON object of tables and their rows.");
    assert!(refusal("{\"tags\": [").starts_with("The body is not JSON: EOF while parsing"));
    assert!(refusal("{} x").starts_with("The body is not JSON: trailing characters at line 1 column 4"));
    assert_eq!(refusal(" [1]"), "The body must be an object, table name to array of rows, not an array.");
    assert_eq!(refusal("null"), "The body must be an object, table name to array of rows, not null.");
    assert_eq!(refusal(r#"{"tags": {"id": 1}}"#), "The rows of tags must be an array, not an object.");
    assert_eq!(
        refusal(r#"{"tag": []}"#),
        format!("There is no table \"tag\"; the tables are {}.", library().table_names())
    );
    assert_eq!(
        refusal(r#"{"documents": [], "filed_documents": []}"#),
        "The table documents is given more than once."
    );
    assert_eq!(refusal("{}"), "The batch has no rows; send 1 to 1000.");
    let rows = vec!["{}"; 1001].join(",");
    assert_eq!(
        refusal(&format!(r#"{{"tags": [{rows}]}}"#)),
        "The batch has 1001 rows; send 1 to 1000 in all."
    );
    assert_eq!(refusal(&"[".repeat(100_000)), "The body is nested deeper than 32 levels.");
    let wrong = Batch::read(library(), b"{\"tags\": [{\"id\": 1, \"tag\": \"\xff\"}]}").unwrap_err();
    assert_eq!(wrong, BatchError::NotUtf8 { offset: 28 });
}

#[test]
fn refuses_half_of_a_surrogate_pair_wherever_it_stands() {
    let tag = |text: &str| format!(r#"{{"tags": [{{"id": 1, "tag": "{text}"}}]}}"#);
    for half in [r"\ud800", r"a\uDFFF", r"\ud83dx", r"\ud83d\ud83d\ude00", r"\\\ud800", r"\ude00\ud83d"] {
        let refused = Batch::read(library(), tag(half).as_bytes()).unwrap_err();
        assert_eq!(refused, BatchError::HalfCharacter, "{half}");
    }
    assert_eq!(refusal(r#"{"\ud800": []}"#), BatchError::HalfCharacter.to_string());
    for whole in [r"\ud83d\ude00", r"\\ud800", r"\u00e9\n\uD83D\uDE00", r"\uffff"] {
        assert!(Batch::read(library(), tag(whole).as_bytes()).is_ok(), "{whole}");
    }
}

#[test]
fn a_thousand_rows_are_enough_and_brackets_in_text_are_no_nesting() {
    let rows = vec![format!(r#"{{"id": 1, "tag": "{}"}}"#, "[".repeat(40)); 1000].join(",");
    let body = format!("[{rows}]");
    let batch = Batch::read_rows(library().table("tags").unwrap(), body.as_bytes()).unwrap();
    assert_eq!(batch.tables[0].rows.len(), 1000);
}

#[test]
fn takes_one_row_object_for_an_array_of_one() {
    let tags = library().table("tags").unwrap();
    let batch = Batch::read_rows(tags, br#" {"id": 1, "tag": "Clerk"} "#).unwrap();
    assert!(batch.tables[0].is_flawless());
    assert!(
        Batch::read_rows(tags, b"7").unwrap_err().to_string().ends_with("or one row object, not a number.")
    );
}

#[test]
fn puts_tables_in_reference_order() {
    let body = br#"{"documents": [], "collections": [{"id": 1, "collection": "Sales"}]}"#;
    let batch = Batch::read(library(), body).unwrap();
    let names: Vec<&str> = batch.tables.iter().map(|rows| rows.table.name()).collect();
    assert_eq!(names, ["collections", "documents"]);
}

#[test]
fn answers_as_the_api_says() {
    let body = br#"{"documents": [
        {"id": 6, "name": "Ada", "datetime": "2021-07-27T16:02:08Z", "collection_id": 1, "tag_id": 1},
        {"id": 7, "name": "", "datetime": "2021-07-27T16:02:08Z", "collection_id": 1, "tag_id": 9},
        {"id": 6, "name": "Bo", "datetime": "2021-07-27T16:02:08Z", "collection_id": 1, "tag_id": 1}
    ]}"#;
    let batch = Batch::read(library(), body).unwrap();
    let facts = Facts {
        present: [("collections".to_owned(), keys([1])), ("tags".to_owned(), keys([1]))].into(),
        ..Facts::default()
    };
    let Verdict { accepted, rejected, .. } = batch.tables[0].judge(&facts);
    let answer = Answer::new([("documents", TableAnswer { inserted: accepted.len(), rejected })]);
    assert_eq!(answer.status(), 207);
    let json: serde_json::Value = serde_json::to_value(&answer).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "inserted": 1,
            "rejected": 2,
            "tables": {"documents": {"inserted": 1, "rejected": [
                {"index": 1,
                 "row": {"id": 7, "name": "", "datetime": "2021-07-27T16:02:08Z", "collection_id": 1, "tag_id": 9},
                 "errors": [
                    {"column": "name", "code": "required", "message": "name is required"},
                    {"column": "tag_id", "code": "unknown_reference", "message": "tag_id names no row of tags"}]},
                {"index": 2,
                 "row": {"id": 6, "name": "Bo", "datetime": "2021-07-27T16:02:08Z", "collection_id": 1, "tag_id": 1},
                 "errors": [
                    {"column": "id", "code": "duplicate_in_batch", "message": "id is already taken by an earlier row"}]}
            ]}}
        })
    );
}

#[test]
fn says_how_many_errors_of_a_row_it_leaves_out() {
    let body = br#"[{}, {"id": 1, "tag": ""}]"#;
    let batch = Batch::read_rows(library().table("tags").unwrap(), body).unwrap();
    let Verdict { rejected, .. } = batch.tables[0].judge(&Facts::default());
    let mut answer = Answer::new([("tags", TableAnswer { inserted: 0, rejected })]);
    assert_eq!(answer.most_errors(), 2);
    answer.omit_rows();
    answer.omit_errors_after(1);
    let required = |column| serde_json::json!({"column": column, "code": "required", "message": format!("{column} is required")});
    assert_eq!(
        serde_json::to_value(&answer).unwrap()["tables"]["tags"]["rejected"],
        serde_json::json!([
            {"index": 0, "row": null, "errors": [required("id")], "more_errors": 1},
            {"index": 1, "row": null, "errors": [required("tag_name")]},
        ])
    );
    // Whoever logs them has them all.
    let (_, table) = answer.tables().next().unwrap();
    assert_eq!((table.rejected[0].errors.len(), table.rejected[1].row.get()), (2, r#"{"id": 1, "tag": ""}"#));
}

#[test]
fn a_refused_row_takes_no_id_from_a_later_one() {
    let body = br#"[{"id": 1, "tag": ""}, {"id": 1, "tag": "Clerk"}, {"id": 1, "tag": "Cook"}, {"id": 2, "tag": "Spy"}]"#;
    let batch = Batch::read_rows(library().table("tags").unwrap(), body).unwrap();
    let verdict = batch.tables[0].judge(&Facts { taken: keys([2]), ..Facts::default() });
    assert_eq!(verdict.accepted, [&batch.tables[0].rows[1].checked.values[..]]);
    assert_eq!(verdict.keys, keys([1]));
    let codes: Vec<(usize, &str)> =
        verdict.rejected.iter().map(|row| (row.index, row.errors[0].code().as_str())).collect();
    assert_eq!(codes, [(0, "required"), (2, "duplicate_in_batch"), (3, "duplicate_id")]);
}

#[test]
fn a_row_may_refer_to_itself_and_to_rows_before_it() {
    let dictionary = Dictionary::parse(
        "people.toml",
        r#"[[table]]
           name = "people"
           columns = [{ name = "id", type = "integer", key = true },
                      { name = "boss", type = "integer", references = "people" }]"#,
    )
    .unwrap();
    let body = br#"[{"id": 1, "boss": 1}, {"id": 2, "boss": 1}, {"id": 3, "boss": 4}, {"id": 4, "boss": 9}]"#;
    let batch = Batch::read_rows(&dictionary.tables()[0], body).unwrap();
    let rows = &batch.tables[0];
    let mut expected = crate::sql::ReferenceGuard::default();
    expected.demand(&dictionary.tables()[0], &[4, 9].map(Key::from).into());
    assert_eq!(rows.guard(&dictionary), expected);
    let facts = Facts { present: [("people".to_owned(), keys([9]))].into(), ..Facts::default() };
    let verdict = rows.judge(&facts);
    assert_eq!((verdict.accepted.len(), verdict.rejected[0].index), (3, 2));
}

#[test]
fn leaves_rows_out_of_an_answer_that_would_be_too_large() {
    let body = br#"[{"id": 1, "tag": ""}]"#;
    let batch = Batch::read_rows(library().table("tags").unwrap(), body).unwrap();
    let Verdict { rejected, .. } = batch.tables[0].judge(&Facts::default());
    let mut answer = Answer::new([("tags", TableAnswer { inserted: 0, rejected })]);
    answer.omit_rows();
    assert!(serde_json::to_value(&answer).unwrap()["tables"]["tags"]["rejected"][0]["row"].is_null());
    assert_eq!(answer.status(), 422);
}

#[test]
fn a_batch_that_one_row_keeps_out_lists_that_row_and_has_nothing_in() {
    let body = br#"[{"id": 1, "tag": "Clerk"}, {"id": 2, "tag": ""}]"#;
    let batch = Batch::read_rows(library().table("tags").unwrap(), body).unwrap();
    let Verdict { accepted, rejected, .. } = batch.tables[0].judge(&Facts::default());
    let answer = Answer::new([("tags", TableAnswer { inserted: accepted.len(), rejected })]).none_in();
    assert_eq!((answer.inserted(), answer.rejected(), answer.status()), (0, 1, 422));
}

/// Tables with a text key, a composite key, unique columns, and references that do and do not
/// demand a row.
fn shop() -> Dictionary {
    let text = r#"
        [[table]]
        name = "currencies"
        columns = [
            { name = "code", type = "string(3)", key = true },
            { name = "name", type = "string(40)", required = false, unique = true },
        ]
        [[table]]
        name = "prices"
        columns = [
            { name = "currency", type = "string(3)", key = true, references = "currencies" },
            { name = "day", type = "date", key = true },
            { name = "source", type = "integer", required = false, references = "currencies_by_number", on_unknown = "accept" },
            { name = "slip", type = "integer", required = false },
            { name = "page", type = "integer", required = false },
        ]
        unique = [["slip", "page"]]
        [[table]]
        name = "currencies_by_number"
        columns = [{ name = "id", type = "integer", key = true }]
        [[table]]
        name = "sales"
        columns = [
            { name = "id", type = "integer", key = true },
            { name = "currency", type = "string(3)", required = false },
            { name = "day", type = "date", required = false },
        ]
        references = [{ columns = ["currency", "day"], table = "prices" }]
    "#;
    Dictionary::parse("shop.toml", text).unwrap()
}

fn text(text: &str) -> Key {
    Key::of([&Value::Text(text.into())]).unwrap()
}

fn codes<'v>(verdict: &'v Verdict<'_, '_>) -> Vec<(usize, Vec<(&'v str, &'static str)>)> {
    let of_row = |row: &'v RejectedRow<'_>| {
        let errors = row.errors.iter();
        let errors = errors.map(|error| (error.column.as_deref().unwrap_or_default(), error.code().as_str()));
        (row.index, errors.collect())
    };
    verdict.rejected.iter().map(of_row).collect()
}

#[test]
fn a_value_of_unique_columns_belongs_to_one_row() {
    let dictionary = shop();
    let table = dictionary.table("currencies").unwrap();
    let body = br#"[
        {"code": "EUR", "name": "Euro"}, {"code": "USD", "name": "Dollar"}, {"code": "AUD", "name": "Dollar"},
        {"code": "CHF"}, {"code": "GBP", "name": null}, {"code": "USD", "name": "Pound"}, {"code": "JPY", "name": "Yen"}
    ]"#;
    let batch = Batch::read_rows(table, body).unwrap();
    let rows = &batch.tables[0];
    assert!(!rows.is_flawless());
    assert_eq!(rows.unique_values(&[1]), ["Dollar", "Euro", "Pound", "Yen"].map(text).into());
    let facts = Facts {
        taken: [text("JPY")].into(),
        holders: vec![[(text("Euro"), text("XXX")), (text("Yen"), text("JPY"))].into()],
        ..Facts::default()
    };
    let verdict = rows.judge(&facts);
    assert_eq!(verdict.keys, ["USD", "CHF", "GBP"].map(text).into());
    assert_eq!(
        codes(&verdict),
        [
            (0, vec![("name", "duplicate_value")]),
            (2, vec![("name", "duplicate_value")]),
            (5, vec![("code", "duplicate_in_batch")]),
            // Its own row has the value.
            (6, vec![("code", "duplicate_id")]),
        ]
    );
}

#[test]
fn values_are_unique_together_and_nothing_equals_nothing() {
    let dictionary = shop();
    let table = dictionary.table("prices").unwrap();
    let row = |day: u8, rest: &str| format!(r#"{{"currency": "EUR", "day": "2021-07-{day:02}"{rest}}}"#);
    let rows = [
        row(1, r#", "slip": 1, "page": 1"#),
        row(2, r#", "slip": 1, "page": 2"#),
        row(3, r#", "slip": 1"#),
        row(4, r#", "slip": 1"#),
        row(5, r#", "slip": 1, "page": 2"#),
    ];
    let body = format!("[{}]", rows.join(","));
    let batch = Batch::read_rows(table, body.as_bytes()).unwrap();
    let facts =
        Facts { present: [("currencies".to_owned(), [text("EUR")].into())].into(), ..Facts::default() };
    let verdict = batch.tables[0].judge(&facts);
    assert_eq!(codes(&verdict), [(4, vec![("slip", "duplicate_value")])]);
}

#[test]
fn demands_rows_of_composite_keys_and_only_where_unknown_ones_are_rejected() {
    let dictionary = shop();
    let prices = dictionary.table("prices").unwrap();
    let body = br#"[{"currency": "EUR", "day": "2021-07-27", "source": 7}]"#;
    let batch = Batch::read_rows(prices, body).unwrap();
    let referred = batch.tables[0].referred_keys();
    assert_eq!(referred, [("currencies", [text("EUR")].into())].into());
    let mut expected = crate::sql::ReferenceGuard::default();
    expected.demand(dictionary.table("currencies").unwrap(), &[text("EUR")].into());
    assert_eq!(batch.tables[0].guard(&dictionary), expected);
    let verdict = batch.tables[0].judge(&Facts::default());
    assert_eq!(codes(&verdict), [(0, vec![("currency", "unknown_reference")])]);

    let body =
        br#"[{"id": 1, "currency": "EUR", "day": "2021-07-27"}, {"id": 2, "currency": "EUR"}, {"id": 3}]"#;
    let batch = Batch::read_rows(dictionary.table("sales").unwrap(), body).unwrap();
    let verdict = batch.tables[0].judge(&Facts::default());
    assert_eq!(codes(&verdict), [(0, vec![("currency", "unknown_reference")])]);
    let [named] = &batch.tables[0].referred_keys()["prices"].iter().cloned().collect::<Vec<_>>()[..] else {
        panic!("one key");
    };
    let facts = Facts { present: [("prices".to_owned(), [named.clone()].into())].into(), ..Facts::default() };
    assert_eq!(batch.tables[0].judge(&facts).rejected, []);
}
