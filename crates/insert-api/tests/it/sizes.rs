//! Answers that Lambda can give back, whatever is in the rows that they echo.

use domain::batch::MAX_BODY_BYTES;
use domain::dictionary::Dictionary;
use insert_api::{Service, router};
use lambda_kit::http::with_service_layers;
use lambda_kit::payload::{MAX_PAYLOAD_BYTES, fits};
use serde_json::{Value, json};
use testkit::gateway;

use crate::row_support::row_errors;
use crate::support::{Api, Reply, codes, document};

const ROWS: &str = "/tables/documents/rows";

/// The answer as Lambda sends it: a string in another JSON text.
fn sent(reply: &Reply) -> usize {
    serde_json::to_string(std::str::from_utf8(&reply.bytes).unwrap()).unwrap().len()
}

/// A body as large as they come: `start`, then `piece` again and again, then `end`.
fn largest(start: &str, piece: &str, end: &str) -> String {
    let times = (MAX_BODY_BYTES - start.len() - end.len()) / piece.len();
    format!("{start}{}{end}", piece.repeat(times))
}

#[tokio::test]
async fn leaves_rows_out_whose_line_breaks_would_take_the_answer_over_the_limit() {
    let api = Api::start().await;
    let room = MAX_BODY_BYTES / 1000 - 20;
    let rows: Vec<String> = (0..1000)
        .map(|number| format!("{{\"id\":{number},{}\"name\":1}}", "\n\t".repeat((room - 10) / 2)))
        .collect();
    let body = format!("[{}]", rows.join(","));
    assert!(body.len() > 3_900_000 && body.len() < MAX_PAYLOAD_BYTES, "{}", body.len());
    assert!(!fits(&body), "the rows alone are too much once their line breaks are escaped");
    let mut answers = Vec::new();
    for replayed in [false, true] {
        let reply = api.ask_raw(ROWS, &[("idempotency-key", "k")], &body).await;
        assert_eq!((reply.status, codes(&reply, "documents").len()), (422, 1000));
        assert_eq!(reply.headers.contains_key("idempotency-replayed"), replayed);
        assert!(reply.body["tables"]["documents"]["rejected"][999]["row"].is_null());
        assert!(sent(&reply) <= MAX_PAYLOAD_BYTES, "{}", sent(&reply));
        answers.push(reply.bytes);
    }
    assert!(answers[0] == answers[1]);
    assert_eq!(api.count("rowgate_rejected_rows").await, 1000);
    let kept =
        api.db.value("SELECT row_json FROM rowgate_rejected_rows WHERE row_index = 999").await.unwrap();
    assert_eq!(kept, rows[999]);
}

#[tokio::test]
async fn a_row_of_one_column_again_and_again_is_rejected_in_a_few_words() {
    let api = Api::start().await;
    let body = largest("{\"id\":1", ",\"id\":1", "}");
    assert!(body.len() > MAX_BODY_BYTES - 7);
    let expected = ["0: unknown_column required required required required"];
    for preference in ["tx=dry-run", "tx=atomic", "none"] {
        let reply = api.ask_raw(ROWS, &[("prefer", preference)], &body).await;
        assert_eq!((reply.status, codes(&reply, "documents")), (422, expected.map(str::to_owned).to_vec()));
        assert!(sent(&reply) <= MAX_PAYLOAD_BYTES, "{}", sent(&reply));
    }
    assert_eq!(api.count("rowgate_rejected_rows").await, 2);
    let put = api.call("writer", "PUT", "/tables/documents/rows/1", &body).await;
    assert_eq!(put.status, 422, "{put:?}");
    assert_eq!(row_errors(&put).first().unwrap(), "id: unknown_column");
    assert!(put.bytes.len() < 2_000, "{}", put.bytes.len());
}

#[tokio::test]
async fn the_longest_reasons_of_the_most_rows_fit() {
    let api = Api::start().await;
    // A character of the private planes takes the most in a message: four bytes come in, ten of
    // ASCII go out, and `\` again.
    let names: Vec<String> = (0..5).map(|number| "\u{10FFFF}".repeat(39) + &number.to_string()).collect();
    let mut row: serde_json::Map<String, Value> = names.iter().map(|name| (name.clone(), json!(1))).collect();
    row.insert("datetime".to_owned(), json!("2021-02-30T00:00:00Z"));
    let rows = json!(vec![row; 1000]);
    let reply = api.ask(ROWS, &[], &rows).await;
    let unknown = "unknown_column unknown_column unknown_column unknown_column unknown_column";
    assert_eq!(
        codes(&reply, "documents")[999],
        format!("999: required required timestamp required required {unknown}")
    );
    assert!(sent(&reply) <= MAX_PAYLOAD_BYTES, "{}", sent(&reply));
    assert_eq!(api.count("documents").await, 0);
}

/// A table whose every column is required, so that an empty row has as many errors.
const WIDE: usize = 120;

/// The API with that table alone.
async fn start_wide() -> Api {
    let mut api = Api::start().await;
    let names = (1..WIDE).map(|number| format!("a_column_with_a_long_name_{number}"));
    let (columns, sql): (Vec<String>, Vec<String>) = names
        .map(|name| {
            (format!("{{ name = \"{name}\", type = \"integer\" }}"), format!("`{name}` INT NOT NULL"))
        })
        .unzip();
    api.db.sql(&format!("CREATE TABLE wide (id INT PRIMARY KEY, {})", sql.join(","))).await.unwrap();
    let text = format!(
        "[[table]]\nname = \"wide\"\ncolumns = [{{ name = \"id\", type = \"integer\", key = true }}, {}]",
        columns.join(",")
    );
    let dictionary = Box::leak(Box::new(Dictionary::parse("wide.toml", &text).unwrap()));
    let service = Service::new(api.db.database(), dictionary);
    api.routes = with_service_layers(router(service), gateway::keys());
    api
}

/// Of each rejected row, how many errors the answer has and how many more it says there are.
fn reported(reply: &Reply, table: &str) -> Vec<(usize, u64)> {
    let rejected = reply.body["tables"][table]["rejected"].as_array().unwrap();
    let errors = |row: &Value| row["errors"].as_array().unwrap().len();
    rejected.iter().map(|row| (errors(row), row["more_errors"].as_u64().unwrap_or(0))).collect()
}

#[tokio::test]
async fn of_too_many_errors_the_first_of_each_row_are_shown_with_the_number_of_the_others() {
    let api = start_wide().await;
    let good: serde_json::Map<String, Value> = (1..WIDE)
        .map(|number| (format!("a_column_with_a_long_name_{number}"), json!(number)))
        .chain([("id".to_owned(), json!(1))])
        .collect();
    let mut rows = vec![json!({}); 999];
    rows.push(json!(good));
    let mut answers = Vec::new();
    for replayed in [false, true] {
        let reply = api.ask("/tables/wide/rows", &[("idempotency-key", "k")], &json!(rows)).await;
        assert_eq!(reply.status, 207);
        assert_eq!(reply.headers.contains_key("idempotency-replayed"), replayed);
        assert_eq!((&reply.body["inserted"], &reply.body["rejected"]), (&json!(1), &json!(999)));
        let reported = reported(&reply, "wide");
        let (errors, more) = reported[0];
        assert!(errors >= WIDE / 4 && more > 0 && errors + more as usize == WIDE, "{errors} and {more}");
        assert!(reported.len() == 999 && reported.iter().all(|row| *row == (errors, more)));
        let first = &reply.body["tables"]["wide"]["rejected"][998];
        assert_eq!((&first["row"], &first["errors"][0]["column"]), (&Value::Null, &json!("id")));
        assert!(sent(&reply) <= MAX_PAYLOAD_BYTES, "{}", sent(&reply));
        answers.push(reply.bytes);
    }
    assert!(answers[0] == answers[1]);
    assert_eq!(api.count("wide").await, 1);
    let kept = "SELECT MIN(JSON_LENGTH(errors_json)) FROM rowgate_rejected_rows";
    assert_eq!(api.db.value(kept).await.unwrap(), WIDE.to_string());
    // Errors that fit are complete.
    let reply = api.ask("/tables/wide/rows", &[], &json!([{}, {}])).await;
    assert_eq!(reported(&reply, "wide"), [(WIDE, 0), (WIDE, 0)]);
}

#[tokio::test]
async fn unknown_columns_are_all_named_while_that_fits() {
    let api = Api::start().await;
    let row = |strangers: usize| -> Value {
        let names = (0..strangers).map(|number| (format!("an_unknown_column_{number}"), json!(1)));
        names.collect::<serde_json::Map<String, Value>>().into()
    };
    // The five columns are missing as well.
    let reply = api.ask(ROWS, &[], &json!([row(99), row(100), row(150)])).await;
    assert_eq!(reported(&reply, "documents"), [(104, 0), (105, 0), (106, 0)]);
    let last = &reply.body["tables"]["documents"]["rejected"][2]["errors"][105];
    assert_eq!((&last["column"], &last["code"]), (&Value::Null, &json!("unknown_column")));
    let message = "the row has 50 more names that are unknown or given more than once";
    assert_eq!(last["message"], message);
    let reply = api.ask(ROWS, &[], &json!(vec![row(100); 1000])).await;
    assert_eq!(reply.status, 422);
    assert!(
        reported(&reply, "documents")
            .iter()
            .all(|(errors, more)| *errors > 5 && *errors + *more as usize == 105)
    );
    assert!(sent(&reply) <= MAX_PAYLOAD_BYTES, "{}", sent(&reply));
}

#[tokio::test]
async fn echoes_rows_up_to_what_fits() {
    let api = Api::start().await;
    let row = |breaks: usize| format!("{{\"id\":1,{}\"name\":1}}", "\n".repeat(breaks));
    let empty = api.ask_raw(ROWS, &[], &row(0)).await;
    let breaks = (MAX_PAYLOAD_BYTES - sent(&empty)) / 2;
    for (breaks, is_echoed) in [(breaks, true), (breaks + 2, false)] {
        let reply = api.ask_raw(ROWS, &[], &row(breaks)).await;
        let echo = &reply.body["tables"]["documents"]["rejected"][0]["row"];
        assert_eq!(*echo, if is_echoed { json!({"id": 1, "name": 1}) } else { Value::Null });
        assert_eq!(reply.body["rejected"], 1);
        assert!(sent(&reply) <= MAX_PAYLOAD_BYTES, "{}", sent(&reply));
    }
    assert_eq!(api.post(ROWS, &document(1)).await.status, 201);
}
