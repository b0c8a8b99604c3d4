//! A database that does not answer in the time that a request has.

use std::time::Duration;

use insert_api::{Service, router};
use lambda_kit::http::with_service_layers_in;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};
use testkit::gateway;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Operation, Rule};

use crate::support::{Api, Reply, codes, document};

/// Long enough for a request that is not held up, short enough for a test.
const TIME: Duration = Duration::from_secs(4);
/// Longer than anybody waits.
const STUCK_MS: u64 = 3_600_000;

/// The API whose requests have [`TIME`].
async fn start() -> Api {
    let mut api = Api::start().await;
    let dictionary = testkit::dictionary();
    let service = Service::new(api.db.database(), dictionary);
    api.routes = with_service_layers_in(router(service), gateway::keys(), TIME);
    api
}

fn assert_unavailable(reply: &Reply) {
    assert_eq!(reply.status, 503, "{reply:?}");
    assert_eq!(reply.headers["retry-after"], "10");
    assert_eq!(reply.body["type"], "urn:rowgate:problem:unavailable");
}

/// Checks that it answers 503 in the handler's own words, which differ from those of the time
/// limit.
fn assert_says(reply: &Reply, what: &str) {
    assert_unavailable(reply);
    assert!(reply.body["detail"].as_str().unwrap().contains(what), "{reply:?}");
}

const NOTHING: &str = "nothing was changed";
const UNKNOWN: &str = "not known whether the rows are in";
const ROWS: &str = "/tables/documents/rows";
const KEY: &[(&str, &str)] = &[("idempotency-key", "k")];

/// A good row and a bad one: they take a transaction.
fn mixed() -> Value {
    json!([document(1), {"id": 2}])
}

fn stuck(operation: Operation) -> Rule {
    Rule::new(Effect::DelayMs(STUCK_MS)).on(operation)
}

/// A transaction of somebody else that holds what this statement locks.
async fn hold(api: &Api, sql: &str) -> Conn {
    let mut conn = api.db.connect().await.unwrap();
    conn.query_drop("BEGIN").await.unwrap();
    conn.query_drop(sql).await.unwrap();
    conn
}

/// Waits until a count is this, as `conn` sees it.
async fn until(conn: &mut Conn, sql: &str, count: u64) {
    while conn.query_first(sql).await.unwrap() != Some(count) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn what_was_begun_is_ended_before_a_request_times_out() {
    assert!(lambda_kit::http::FINISH_TIME > aurora::limits::FINISH_TIME);
}

#[tokio::test]
async fn a_database_that_keeps_resuming_is_no_longer_waited_for() {
    let api = start().await;
    api.db.data_api().set(Faults::default().with(Rule::error(ErrorKind::DatabaseResumingException)));
    assert_unavailable(&api.post("/tables/documents/rows", &document(1)).await);
    api.db.data_api().clear();
    assert_eq!(api.count("documents").await, 0);
    assert_eq!(api.post("/tables/documents/rows", &document(1)).await.status, 201);
}

#[tokio::test]
async fn what_was_begun_in_a_database_that_got_stuck_is_rolled_back() {
    let api = start().await;
    // The good row is in already when its request finds no answer any more.
    let stuck = Rule::new(Effect::DelayMs(STUCK_MS)).sql("INSERT INTO rowgate_rejected_rows");
    api.db.data_api().set(Faults::default().with(stuck));
    assert_unavailable(&api.post("/tables/documents/rows", &json!([document(1), {"id": 2}])).await);
    api.db.data_api().clear();
    assert_eq!((api.count("documents").await, api.count("rowgate_rejected_rows").await), (0, 0));
    // Nothing of it is in the way of the next one.
    let reply = api.post("/tables/documents/rows", &json!([document(1), {"id": 2}])).await;
    assert_eq!((reply.status, &reply.body["inserted"]), (207, &json!(1)), "{reply:?}");
    assert_eq!(api.db.open_transactions(), 0);
}

#[tokio::test]
async fn a_commit_that_times_out_is_rolled_back_and_reported_as_unknown() {
    let api = start().await;
    api.db.data_api().set(Faults::default().with(stuck(Operation::CommitTransaction)));
    assert_says(&api.post(ROWS, &mixed()).await, UNKNOWN);
    api.db.data_api().clear();
    // The answer came after the ROLLBACK, so whoever looks now sees how it ended.
    assert_eq!((api.db.open_transactions(), api.count("documents").await), (0, 0));
    let reply = api.post(ROWS, &mixed()).await;
    assert_eq!((reply.status, &reply.body["inserted"]), (207, &json!(1)), "{reply:?}");
}

#[tokio::test]
async fn a_commit_that_times_out_changes_nothing_and_releases_its_key() {
    let api = start().await;
    api.db.data_api().set(Faults::default().with(stuck(Operation::CommitTransaction)));
    assert_says(&api.ask(ROWS, KEY, &mixed()).await, NOTHING);
    api.db.data_api().clear();
    assert_eq!((api.db.open_transactions(), api.count("documents").await), (0, 0));
    let reply = api.ask(ROWS, KEY, &mixed()).await;
    assert_eq!((reply.status, &reply.body["inserted"]), (207, &json!(1)), "{reply:?}");
    assert!(!reply.headers.contains_key("idempotency-replayed"));
}

#[tokio::test]
async fn a_commit_after_the_answer_was_reported_as_unknown_and_its_key_shows_it() {
    let api = start().await;
    // Neither the ROLLBACK nor giving the key back is answered, and then the COMMIT arrives after
    // all.
    let late = Rule::new(Effect::DelayMs(9_000)).on(Operation::CommitTransaction);
    let faults = Faults::default()
        .with(late)
        .with(stuck(Operation::RollbackTransaction))
        .with(Rule::new(Effect::DelayMs(STUCK_MS)).sql("DELETE FROM rowgate_idempotency_keys"));
    api.db.data_api().set(faults);
    assert_says(&api.ask(ROWS, KEY, &mixed()).await, UNKNOWN);
    api.db.data_api().clear();
    while api.db.open_transactions() > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let reply = api.ask(ROWS, KEY, &mixed()).await;
    assert_eq!((reply.status, api.count("documents").await), (207, 1), "{reply:?}");
    assert!(reply.headers.contains_key("idempotency-replayed"));
}

#[tokio::test]
async fn a_direct_insert_that_is_stuck_may_commit_after_the_answer_and_is_reported_as_unknown() {
    let api = start().await;
    let mut other = hold(&api, "SELECT id FROM collections WHERE id = 1 FOR UPDATE").await;
    assert_says(&api.post(ROWS, &document(1)).await, UNKNOWN);
    assert_eq!(api.count("documents").await, 0);
    other.query_drop("ROLLBACK").await.unwrap();
    until(&mut other, "SELECT COUNT(*) FROM documents", 1).await;
    // Sending it again is what the answer advises.
    assert_eq!(codes(&api.post(ROWS, &document(1)).await, "documents"), ["0: duplicate_id"]);
}

#[tokio::test]
async fn an_insert_with_a_key_that_is_stuck_does_not_come_in_after_the_answer() {
    let api = start().await;
    let mut other = hold(&api, "SELECT id FROM collections WHERE id = 1 FOR UPDATE").await;
    assert_says(&api.ask(ROWS, KEY, &document(1)).await, NOTHING);
    other.query_drop("ROLLBACK").await.unwrap();
    // The statement continues in a transaction that is never committed.
    other.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED").await.unwrap();
    until(&mut other, "SELECT COUNT(*) FROM documents", 1).await;
    assert_eq!(api.count("documents").await, 0);
    assert_eq!(api.count("rowgate_idempotency_keys").await, 0);
}

#[tokio::test]
async fn a_claim_that_was_never_answered_is_given_back() {
    let api = start().await;
    // It is made without an answer, and what would find that out does not get through.
    let claim = "INSERT INTO rowgate_idempotency_keys";
    let lost = Rule::lose_answer().sql(claim).times(1);
    let stuck = Rule::new(Effect::DelayMs(STUCK_MS)).sql(claim).after(1);
    api.db.data_api().set(Faults::default().with(lost).with(stuck));
    assert_says(&api.ask(ROWS, KEY, &document(1)).await, NOTHING);
    assert_eq!(api.count("rowgate_idempotency_keys").await, 0);
    api.db.data_api().clear();
    let reply = api.ask(ROWS, KEY, &document(1)).await;
    assert_eq!((reply.status, reply.headers.contains_key("idempotency-replayed")), (201, false), "{reply:?}");
}

#[tokio::test]
async fn a_delete_that_is_stuck_may_commit_after_the_answer_and_is_reported_as_unknown() {
    let api = start().await;
    assert_eq!(api.post(ROWS, &document(1)).await.status, 201);
    let mut other = hold(&api, "SELECT id FROM documents WHERE id = 1 FOR UPDATE").await;
    let reply = api.delete("/tables/documents/rows/1").await;
    assert_says(&reply, "not known whether the row has been changed");
    assert_eq!(api.count("documents").await, 1);
    other.query_drop("ROLLBACK").await.unwrap();
    until(&mut other, "SELECT COUNT(*) FROM documents", 0).await;
    assert_eq!(api.delete("/tables/documents/rows/1").await.status, 404);
}
