//! `Idempotency-Key` where requests are cut off, stall or lose their answers.

use std::sync::Arc;
use std::time::Duration;

use aurora::idempotency::ClaimSettings;
use serde_json::{Value, json};
use testkit::local_data_api::{Effect, ErrorKind, Faults, Operation, Rule};
use tokio::task::JoinHandle;

use crate::support::{Api, Reply};

const ROWS: &str = "/tables/collections/rows";
/// Longer than any test.
const FOREVER_MS: u64 = 600_000;
const CLAIMED: &str = "SELECT COUNT(*) FROM rowgate_idempotency_keys";
const ANSWERED: &str = "SELECT COUNT(*) FROM rowgate_idempotency_keys WHERE status IS NOT NULL";

/// A request that did its work twice would not answer 201 the second time.
fn rows() -> Value {
    json!([{"id": 71, "collection_name": "Duplicate"}, {"id": 72, "collection_name": "Duplicate"}])
}

async fn post(api: &Api) -> Reply {
    api.ask(ROWS, &[("idempotency-key", "k")], &rows()).await
}

fn spawn(api: &Arc<Api>) -> JoinHandle<Reply> {
    let api = Arc::clone(api);
    tokio::spawn(async move { post(&api).await })
}

async fn start(lease: Duration) -> Arc<Api> {
    Arc::new(Api::start_with(ClaimSettings { lease, cleaning_rate: 0.0 }).await)
}

fn is_replayed(reply: &Reply) -> bool {
    reply.headers.contains_key("idempotency-replayed")
}

async fn inserted(api: &Api) -> usize {
    api.count("collections WHERE collection_name = 'Duplicate'").await
}

/// Waits until a count is one.
async fn until_one(api: &Api, count: &str) {
    while api.db.value(count).await.unwrap() != "1" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until a request is this many calls far.
async fn until_calls(api: &Api, calls: u64) {
    while api.db.data_api().calls() < calls {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn cut_off(request: JoinHandle<Reply>) {
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
}

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(flavor = "multi_thread")]
async fn while_the_first_is_running_the_key_is_in_use() {
    let api = start(HOUR).await;
    let stall = Rule::new(Effect::DelayMs(FOREVER_MS)).sql("INSERT INTO `collections`").times(1);
    api.db.data_api().set(Faults::default().with(stall));
    let first = spawn(&api);
    until_one(&api, CLAIMED).await;
    let second = post(&api).await;
    assert_eq!((second.status, second.headers["retry-after"].as_bytes()), (409, &b"1"[..]));
    assert_eq!(second.body["type"], "urn:rowgate:problem:idempotency-key-in-use");
    let other =
        api.ask(ROWS, &[("idempotency-key", "k")], &json!({"id": 73, "collection_name": "Other"})).await;
    assert_eq!(other.status, 422);
    cut_off(first).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_the_commit_lets_the_key_be_used_once_its_lease_is_over() {
    let api = start(HOUR).await;
    let stall = Rule::new(Effect::DelayMs(FOREVER_MS)).on(Operation::CommitTransaction).times(1);
    api.db.data_api().set(Faults::default().with(stall));
    let first = spawn(&api);
    // The claim, BEGIN, the rows, the answer, and the COMMIT that does not get through.
    until_calls(&api, 5).await;
    cut_off(first).await;
    while api.db.open_transactions() > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(post(&api).await.status, 409);
    api.db.sql("UPDATE rowgate_idempotency_keys SET leased_until = UTC_TIMESTAMP(3)").await.unwrap();
    let second = post(&api).await;
    assert_eq!((second.status, is_replayed(&second)), (201, false));
    assert_eq!(inserted(&api).await, 2);
    assert!(is_replayed(&post(&api).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_find_a_lease_over_one_takes_the_key() {
    let api = start(HOUR).await;
    let stall = Rule::new(Effect::DelayMs(FOREVER_MS)).sql("INSERT INTO `collections`").times(1);
    api.db.data_api().set(Faults::default().with(stall));
    let first = spawn(&api);
    // The claim, BEGIN, and the rows: whoever comes later is not stalled.
    until_calls(&api, 3).await;
    cut_off(first).await;
    api.db.sql("UPDATE rowgate_idempotency_keys SET leased_until = UTC_TIMESTAMP(3)").await.unwrap();
    let requests: Vec<_> = (0..8).map(|_| spawn(&api)).collect();
    let mut firsts = 0;
    for request in requests {
        let reply = request.await.unwrap();
        assert!([201, 409].contains(&reply.status), "{reply:?}");
        firsts += usize::from(reply.status == 201 && !is_replayed(&reply));
    }
    assert_eq!((firsts, inserted(&api).await), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_stalls_beyond_its_lease_brings_nothing_in() {
    let api = start(Duration::ZERO).await;
    // Long enough for the second to end before it.
    let stall = Rule::new(Effect::DelayMs(8_000)).sql("INSERT INTO `collections`").times(1);
    api.db.data_api().set(Faults::default().with(stall));
    let first = spawn(&api);
    // The claim, BEGIN, and the rows: whoever comes later is not stalled.
    until_calls(&api, 3).await;
    let second = post(&api).await;
    assert_eq!((second.status, is_replayed(&second)), (201, false));
    let first = first.await.unwrap();
    assert_eq!(first.status, 409, "{first:?}");
    assert_eq!(inserted(&api).await, 2);
    assert_eq!(post(&api).await.bytes, second.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_the_commit_replays_the_stored_answer() {
    let api = start(HOUR).await;
    // The COMMIT is done, its answer is lost, and what the request does then never ends.
    let lost = Rule::lose_answer().on(Operation::CommitTransaction).times(1);
    let stall = Rule::new(Effect::DelayMs(FOREVER_MS)).on(Operation::RollbackTransaction);
    api.db.data_api().set(Faults::default().with(lost).with(stall));
    let first = spawn(&api);
    until_one(&api, ANSWERED).await;
    cut_off(first).await;
    api.db.data_api().clear();
    let second = post(&api).await;
    assert_eq!((second.status, is_replayed(&second)), (201, true));
    assert_eq!(second.body["inserted"], 2);
    assert_eq!(inserted(&api).await, 2);
}

#[tokio::test]
async fn a_lost_answer_to_the_commit_is_settled_by_the_record() {
    let api = start(HOUR).await;
    let lost = Rule::lose_answer().on(Operation::CommitTransaction).times(1);
    api.db.data_api().set(Faults::default().with(lost));
    let first = post(&api).await;
    assert_eq!((first.status, is_replayed(&first)), (201, false));
    let second = post(&api).await;
    assert!(is_replayed(&second));
    assert_eq!(second.bytes, first.bytes);
    assert_eq!((api.db.data_api().injected(), inserted(&api).await), (1, 2));
}

#[tokio::test]
async fn a_lost_answer_that_cannot_be_settled_is_replayed_to_the_next_request() {
    let api = start(HOUR).await;
    let lost = Rule::lose_answer().on(Operation::CommitTransaction).times(1);
    let denied = Rule::error(ErrorKind::ForbiddenException).sql("DELETE FROM rowgate_idempotency_keys");
    api.db.data_api().set(Faults::default().with(lost).with(denied));
    let first = post(&api).await;
    assert_eq!(first.status, 503);
    assert!(first.body["detail"].as_str().unwrap().contains("not known whether the rows are in"));
    api.db.data_api().clear();
    let second = post(&api).await;
    assert_eq!((second.status, is_replayed(&second)), (201, true));
    assert_eq!(inserted(&api).await, 2);
}

#[tokio::test]
async fn a_commit_that_never_arrived_releases_the_key_and_says_that_nothing_is_in() {
    let api = start(HOUR).await;
    let dropped = Rule::new(Effect::DropRequest).on(Operation::CommitTransaction).times(1);
    api.db.data_api().set(Faults::default().with(dropped));
    let first = post(&api).await;
    assert_eq!(first.status, 503);
    assert!(first.body["detail"].as_str().unwrap().contains("nothing was changed"), "{first:?}");
    assert_eq!(api.db.value(CLAIMED).await.unwrap(), "0");
    let second = post(&api).await;
    assert_eq!((second.status, is_replayed(&second)), (201, false));
    assert_eq!(inserted(&api).await, 2);
}

#[tokio::test]
async fn a_request_that_fails_gives_its_key_back() {
    let api = start(HOUR).await;
    for struck in ["INSERT INTO `collections`", "UPDATE rowgate_idempotency_keys"] {
        let denied = Rule::error(ErrorKind::ForbiddenException).sql(struck);
        api.db.data_api().set(Faults::default().with(denied));
        assert_eq!(post(&api).await.status, 500);
        assert_eq!((api.db.value(CLAIMED).await.unwrap().as_str(), inserted(&api).await), ("0", 0));
    }
    api.db.data_api().clear();
    assert_eq!(post(&api).await.status, 201);
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_ones_own() {
    let api = start(HOUR).await;
    let lost = Rule::lose_answer().sql("INSERT INTO rowgate_idempotency_keys").times(1);
    api.db.data_api().set(Faults::default().with(lost));
    let first = post(&api).await;
    assert_eq!((first.status, is_replayed(&first)), (201, false));
    assert_eq!((api.db.data_api().injected(), inserted(&api).await), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_through_lost_answers_and_deadlocks_insert_each_request_once() {
    let api = start(Duration::ZERO).await;
    let faults = Faults { seed: 5, ..Faults::default() }
        .with(Rule::lose_answer().rate(0.08))
        .with(Rule::new(Effect::DropRequest).rate(0.08))
        .with(Rule::error(ErrorKind::ServiceUnavailableError).rate(0.08));
    api.db.data_api().set(faults);
    let clients: Vec<_> = (0..40)
        .map(|client| {
            let api = Arc::clone(&api);
            tokio::spawn(async move {
                let key = format!("request-{}", client / 2);
                let id = 100 + 10 * (client / 2);
                let body = json!([
                    {"id": id, "collection_name": "Duplicate"},
                    {"id": id + 1, "collection_name": "Duplicate"},
                    {"id": id + 2, "collection_name": ""},
                ]);
                loop {
                    let reply = api.ask(ROWS, &[("idempotency-key", &key)], &body).await;
                    match reply.status {
                        207 => return reply.bytes,
                        409 | 503 => tokio::time::sleep(Duration::from_millis(20)).await,
                        _ => panic!("{reply:?}"),
                    }
                }
            })
        })
        .collect();
    let mut answers = Vec::new();
    for client in clients {
        answers.push(client.await.unwrap());
    }
    assert!(api.db.data_api().injected() > 20);
    api.db.data_api().clear();
    assert!(answers.chunks(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(inserted(&api).await, 40);
    assert_eq!(api.count("rowgate_rejected_rows").await, 20);
}
