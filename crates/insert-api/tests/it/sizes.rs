//! Answers that Lambda can give back, whatever is in the rows that they echo.

use domain::batch::MAX_BODY_BYTES;
use lambda_kit::payload::{MAX_PAYLOAD_BYTES, fits};
use serde_json::{Value, json};

use crate::row_support::row_errors;
use crate::support::{Api, Reply, codes, employee};

const ROWS: &str = "/tables/employees/rows";

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
        assert_eq!((reply.status, codes(&reply, "employees").len()), (422, 1000));
        assert_eq!(reply.headers.contains_key("idempotency-replayed"), replayed);
        assert!(reply.body["tables"]["employees"]["rejected"][999]["row"].is_null());
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
        assert_eq!((reply.status, codes(&reply, "employees")), (422, expected.map(str::to_owned).to_vec()));
        assert!(sent(&reply) <= MAX_PAYLOAD_BYTES, "{}", sent(&reply));
    }
    assert_eq!(api.count("rowgate_rejected_rows").await, 2);
    let put = api.call("writer", "PUT", "/tables/employees/rows/1", &body).await;
    assert_eq!(put.status, 422, "{put:?}");
    assert_eq!(row_errors(&put).first().unwrap(), "id: unknown_column");
    assert!(put.bytes.len() < 2_000, "{}", put.bytes.len());
}

#[tokio::test]
async fn the_longest_reasons_of_the_most_rows_fit() {
    let api = Api::start().await;
    // A character of the private planes takes the most in a message: four bytes come in, ten of ASCII go out, and `\` again.
    let names: Vec<String> = (0..5).map(|number| "\u{10FFFF}".repeat(39) + &number.to_string()).collect();
    let mut row: serde_json::Map<String, Value> = names.iter().map(|name| (name.clone(), json!(1))).collect();
    row.insert("datetime".to_owned(), json!("2021-02-30T00:00:00Z"));
    let rows = json!(vec![row; 1000]);
    let reply = api.ask(ROWS, &[], &rows).await;
    let unknown = "unknown_column unknown_column unknown_column unknown_column unknown_column";
    assert_eq!(
        codes(&reply, "employees")[999],
        format!("999: required required timestamp required required {unknown}")
    );
    assert!(sent(&reply) <= MAX_PAYLOAD_BYTES, "{}", sent(&reply));
    assert_eq!(api.count("employees").await, 0);
}

#[tokio::test]
async fn echoes_rows_up_to_what_fits() {
    let api = Api::start().await;
    let row = |breaks: usize| format!("{{\"id\":1,{}\"name\":1}}", "\n".repeat(breaks));
    let empty = api.ask_raw(ROWS, &[], &row(0)).await;
    let breaks = (MAX_PAYLOAD_BYTES - sent(&empty)) / 2;
    for (breaks, is_echoed) in [(breaks, true), (breaks + 2, false)] {
        let reply = api.ask_raw(ROWS, &[], &row(breaks)).await;
        let echo = &reply.body["tables"]["employees"]["rejected"][0]["row"];
        assert_eq!(*echo, if is_echoed { json!({"id": 1, "name": 1}) } else { Value::Null });
        assert_eq!(reply.body["rejected"], 1);
        assert!(sent(&reply) <= MAX_PAYLOAD_BYTES, "{}", sent(&reply));
    }
    assert_eq!(api.post(ROWS, &employee(1)).await.status, 201);
}
