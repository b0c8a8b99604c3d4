//! `Idempotency-Key`: which requests are the same, and what the later ones get.

use std::sync::Arc;

use aurora::idempotency::ClaimSettings;
use axum::http::{Request, header};
use serde_json::{Value, json};
use testkit::numbers;

use crate::support::{Api, Reply, document, with};

const ROWS: &str = "/tables/documents/rows";

async fn post(api: &Api, key: &str, body: &Value) -> Reply {
    api.ask(ROWS, &[("idempotency-key", key)], body).await
}

fn is_replayed(reply: &Reply) -> bool {
    reply.headers.get("idempotency-replayed").is_some_and(|value| value == "true")
}

#[track_caller]
fn assert_problem(reply: &Reply, status: u16, kind: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(reply.body["type"], format!("urn:rowgate:problem:{kind}"));
}

async fn records(api: &Api) -> usize {
    api.count("rowgate_idempotency_keys").await
}

#[tokio::test]
async fn the_same_key_and_body_replays_the_answer_and_inserts_nothing_again() {
    let api = Api::start().await;
    let body = json!([document(1), with(document(2), "name", ""), {"name": "no id"}]);
    let first = post(&api, "order-1", &body).await;
    assert_eq!((first.status, is_replayed(&first)), (207, false));
    for key in ["order-1", "\"order-1\"", " order-1 "] {
        let again = post(&api, key, &body).await;
        assert_eq!((again.status, is_replayed(&again)), (207, true));
        assert_eq!(again.bytes, first.bytes);
        assert_eq!(again.headers["content-type"], "application/json");
    }
    assert_eq!((api.count("documents").await, api.count("rowgate_rejected_rows").await), (1, 2));
    // Without the key, or with another, it is a new request.
    assert_eq!(post(&api, "order-2", &body).await.status, 422);
    assert_eq!(api.post(ROWS, &body).await.status, 422);
    assert_eq!(records(&api).await, 2);
}

#[tokio::test]
async fn an_answer_of_all_and_one_of_none_replay_as_well() {
    let api = Api::start().await;
    for (key, status) in [("all", 201), ("none", 422)] {
        let first = post(&api, key, &document(1)).await;
        let again = post(&api, key, &document(1)).await;
        assert_eq!((first.status, again.status), (status, status));
        assert_eq!((is_replayed(&first), is_replayed(&again)), (false, true));
        assert_eq!(again.bytes, first.bytes);
    }
    assert_eq!(api.count("documents").await, 1);
}

#[tokio::test]
async fn atomic_replays_with_its_preference_and_its_rejects_are_recorded_once() {
    let api = Api::start().await;
    let headers = [("idempotency-key", "k"), ("prefer", "tx=atomic")];
    let body = json!([document(1), with(document(2), "name", "")]);
    for replayed in [false, true] {
        let reply = api.ask(ROWS, &headers, &body).await;
        assert_eq!((reply.status, is_replayed(&reply)), (422, replayed));
        assert_eq!(reply.headers["preference-applied"], "tx=atomic");
        assert_eq!((&reply.body["inserted"], &reply.body["rejected"]), (&json!(0), &json!(1)));
    }
    assert_eq!((api.count("documents").await, api.count("rowgate_rejected_rows").await), (0, 1));
}

#[tokio::test]
async fn the_same_key_with_another_request_is_refused() {
    let api = Api::start().await;
    assert_eq!(post(&api, "k", &document(1)).await.status, 201);
    assert_problem(&post(&api, "k", &document(2)).await, 422, "idempotency-key-reused");
    let key = ("idempotency-key", "k");
    let other_path = api.ask("/tables/tags/rows", &[key], &document(1)).await;
    assert_problem(&other_path, 422, "idempotency-key-reused");
    let other_preference = api.ask(ROWS, &[key, ("prefer", "tx=atomic")], &document(1)).await;
    assert_problem(&other_preference, 422, "idempotency-key-reused");
    // The same table by another name, and a preference that is none.
    let alias = api.ask("/tables/filed_documents/rows/", &[key, ("prefer", "tx=x")], &document(1)).await;
    assert_eq!((alias.status, is_replayed(&alias)), (201, true));
    assert_eq!(api.count("documents").await, 1);
}

#[tokio::test]
async fn keys_of_two_callers_do_not_meet() {
    let api = Api::start().await;
    for (caller, id) in [("writer", 1), ("operator", 2)] {
        let reply = api.ask_as(caller, ROWS, &[("idempotency-key", "k")], &document(id)).await;
        assert_eq!((reply.status, is_replayed(&reply)), (201, false));
    }
    assert_eq!((api.count("documents").await, records(&api).await), (2, 2));
}

#[tokio::test]
async fn refuses_a_key_that_is_none_before_anything_else() {
    let api = Api::start().await;
    let long = "k".repeat(255);
    assert_eq!(post(&api, &long, &document(1)).await.status, 201);
    for key in ["", "\"\"", "a b", "\"open", &format!("{long}k")] {
        assert_problem(&post(&api, key, &document(2)).await, 400, "invalid-idempotency-key");
    }
    let twice = api.ask(ROWS, &[("idempotency-key", "a"), ("idempotency-key", "a")], &document(2)).await;
    assert_problem(&twice, 400, "invalid-idempotency-key");
    for bytes in [&b"k\xC3\xA9"[..], b"k\xFF", b"a\tb"] {
        let request = Request::post(ROWS)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", bytes)
            .body(document(2).to_string().into())
            .unwrap();
        assert_problem(&api.run(request).await, 400, "invalid-idempotency-key");
    }
    assert_eq!(api.count("documents").await, 1);
}

#[tokio::test]
async fn what_is_no_batch_does_not_use_the_key_up() {
    let api = Api::start().await;
    assert_eq!(post(&api, "k", &json!("no row")).await.status, 400);
    assert_eq!(post(&api, "k", &json!([])).await.status, 400);
    assert_eq!(records(&api).await, 0);
    assert_eq!(post(&api, "k", &document(1)).await.status, 201);
}

#[tokio::test]
async fn a_dry_run_neither_uses_a_key_nor_replays_one() {
    let api = Api::start().await;
    let headers = [("idempotency-key", "k"), ("prefer", "tx=dry-run")];
    assert_eq!(api.ask(ROWS, &headers, &document(1)).await.status, 201);
    assert_eq!((api.count("documents").await, records(&api).await), (0, 0));
    assert_eq!(post(&api, "k", &document(1)).await.status, 201);
    let dry = api.ask(ROWS, &headers, &document(1)).await;
    assert_eq!((dry.status, is_replayed(&dry)), (422, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_requests_at_the_same_moment_insert_once() {
    let api = Arc::new(Api::start().await);
    for (key, first_id) in [("a", 100), ("b", 200), ("c", 300)] {
        let rows: Vec<Value> = (first_id..first_id + 50).map(document).collect();
        let before = api.count("documents").await;
        let requests: Vec<_> = (0..8)
            .map(|_| {
                let (api, rows) = (Arc::clone(&api), json!(rows));
                tokio::spawn(async move { post(&api, key, &rows).await })
            })
            .collect();
        let (mut first, mut bodies) = (0, Vec::new());
        for request in requests {
            let reply = request.await.unwrap();
            if reply.status == 409 {
                assert_problem(&reply, 409, "idempotency-key-in-use");
                assert_eq!(reply.headers["retry-after"], "1");
            } else {
                assert_eq!(reply.status, 201, "{reply:?}");
                first += usize::from(!is_replayed(&reply));
                bodies.push(reply.bytes);
            }
        }
        assert_eq!(first, 1);
        bodies.dedup();
        assert_eq!(bodies.len(), 1);
        assert_eq!(api.count("documents").await, before + 50);
    }
}

#[tokio::test]
async fn a_large_answer_replays_byte_for_byte() {
    let api = Api::start().await;
    let rows: Vec<Value> = (1..=1000)
        .map(|id| with(document(id), "name", format!("{id} \\ \"{}\" 😀\n", "é".repeat(1_900))))
        .map(|row| ["a", "b", "c"].iter().fold(row, |row, name| with(row, name, 1)))
        .collect();
    let first = post(&api, "k", &json!(rows)).await;
    assert_eq!((first.status, first.body["rejected"].as_u64()), (422, Some(1000)));
    // Not one in which the rows were left out for its size.
    assert_eq!(first.body["tables"]["documents"]["rejected"][999]["row"], rows[999]);
    assert!(first.bytes.len() > 4_200_000, "{}", first.bytes.len());
    let again = post(&api, "k", &json!(rows)).await;
    assert!(is_replayed(&again));
    assert_eq!(again.status, 422);
    assert!(again.bytes == first.bytes);
    assert_eq!(api.count("rowgate_rejected_rows").await, 1000);
}

#[tokio::test]
async fn a_record_older_than_a_day_counts_as_absent() {
    let api = Api::start_with(ClaimSettings { cleaning_rate: 0.0, ..ClaimSettings::default() }).await;
    assert_eq!(post(&api, "k", &document(1)).await.status, 201);
    let left = "SELECT TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(3), expires_at) FROM rowgate_idempotency_keys";
    let left: i64 = api.db.value(left).await.unwrap().parse().unwrap();
    assert!((1_430..=1_440).contains(&left), "{left} minutes");
    api.db.sql("UPDATE rowgate_idempotency_keys SET expires_at = UTC_TIMESTAMP(3)").await.unwrap();
    let other = post(&api, "k", &document(2)).await;
    assert_eq!((other.status, is_replayed(&other)), (201, false));
    assert!(is_replayed(&post(&api, "k", &document(2)).await));
    assert_eq!((api.count("documents").await, records(&api).await), (2, 1));
}

#[tokio::test]
async fn later_claims_delete_old_records_with_their_answers_a_few_at_a_time() {
    let api = Api::start_with(ClaimSettings { cleaning_rate: 1.0, ..ClaimSettings::default() }).await;
    let rows: Vec<Value> = (1..=100).map(|id| with(document(id), "name", "x".repeat(1_000))).collect();
    assert_eq!(post(&api, "large", &json!(rows)).await.status, 422);
    assert_eq!(post(&api, "kept", &document(1)).await.status, 201);
    assert_ne!(api.count("rowgate_idempotency_answers").await, 0);
    api.db
        .sql("UPDATE rowgate_idempotency_keys SET expires_at = UTC_TIMESTAMP(3) WHERE answer_bytes > 1000")
        .await
        .unwrap();
    api.db
        .sql(&format!(
            "INSERT INTO rowgate_idempotency_keys (record_id, fingerprint, claim, leased_until, expires_at) \
             SELECT CONCAT('old ', seq), '', '', '2001-01-01', '2001-01-01' FROM {}",
            numbers(20)
        ))
        .await
        .unwrap();
    assert_eq!(post(&api, "new", &document(2)).await.status, 201);
    assert_eq!(records(&api).await, 21 - 16 + 2);
    assert!(is_replayed(&post(&api, "kept", &document(1)).await));
    assert_eq!((records(&api).await, api.count("rowgate_idempotency_answers").await), (2, 0));
}
