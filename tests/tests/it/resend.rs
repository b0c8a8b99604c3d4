//! `Prefer` and `Idempotency-Key` through the gateway.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, Cloud, Reply, assert_problem, with};

const ROWS: &str = "/tables/employees/rows";

async fn post(api: &Api, headers: &[(&str, &str)], body: &Value) -> Reply {
    let request = api.request(Method::POST, ROWS).json(body);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    api.send(request).await
}

/// Returns a key that nobody else uses, however often these tests run in a cloud.
fn key() -> String {
    format!("{:032x}", fastrand::u128(..))
}

#[tokio::test]
async fn a_dry_run_leaves_nothing_and_an_atomic_batch_goes_in_whole_or_not_at_all() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let ids = cloud.ids;
    let flawed = json!([ids.employee(1), with(ids.employee(2), "name", ""), ids.employee(3)]);
    let count = async || cloud.database.count("employees", ids.base, ids.end()).await;

    let dry = post(&cloud.api, &[("prefer", "tx=dry-run")], &flawed).await;
    assert_eq!((dry.status, dry.header("preference-applied")), (207, "tx=dry-run"));
    assert_eq!((dry.codes("employees"), count().await), (vec!["1: required".to_owned()], 0));

    let none = post(&cloud.api, &[("prefer", "respond-async, TX=\"Atomic\"")], &flawed).await;
    assert_eq!((none.status, none.header("preference-applied")), (422, "tx=atomic"));
    assert_eq!((none.codes("employees"), count().await), (vec!["1: required".to_owned()], 0));
    let stored = format!(
        "SELECT row_index FROM rowgate_rejected_rows WHERE request_id = '{}'",
        none.header("x-request-id")
    );
    assert_eq!(cloud.database.rows(&stored).await, [["1"]]);

    let all = post(&cloud.api, &[("prefer", "tx=atomic")], &json!([ids.employee(1), ids.employee(3)])).await;
    assert_eq!((all.status, count().await), (201, 2));
}

#[tokio::test]
async fn a_request_that_is_sent_again_with_its_key_gets_its_first_answer() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let (ids, key) = (cloud.ids, key());
    let headers = [("idempotency-key", key.as_str())];
    let body = json!([ids.employee(1), with(ids.employee(2), "name", "é😀\"".repeat(100))]);
    let first = post(&cloud.api, &headers, &body).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (207, ""));
    let again = post(&cloud.api, &headers, &body).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (207, "true"));
    assert_eq!(again.text, first.text);
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));

    let other = post(&cloud.api, &headers, &json!([ids.employee(1)])).await;
    assert_problem(&other, 422, "idempotency-key-reused");
    // The gateway says whose key it is, so the operator's is another one.
    let operator = post(&cloud.as_operator(), &headers, &json!([ids.employee(5)])).await;
    assert_eq!((operator.status, operator.header("idempotency-replayed")), (201, ""));
    let no_key = post(&cloud.api, &[("idempotency-key", &"k".repeat(256))], &body).await;
    assert_problem(&no_key, 400, "invalid-idempotency-key");
    assert_eq!(cloud.database.count("employees", ids.base, ids.end()).await, 2);
}

#[tokio::test]
async fn equal_concurrent_requests_have_one_answer() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let (ids, key) = (cloud.ids, key());
    let rows: Vec<Value> = (0..200).map(|index| ids.employee(index)).collect();
    let requests: Vec<_> = (0..4)
        .map(|_| {
            let (api, key, rows) = (cloud.api.clone(), key.clone(), json!(rows));
            tokio::spawn(async move { post(&api, &[("idempotency-key", &key)], &rows).await })
        })
        .collect();
    let mut firsts = 0;
    for request in requests {
        let reply = request.await.unwrap();
        if reply.status == 409 {
            assert_problem(&reply, 409, "idempotency-key-in-use");
            assert_eq!(reply.header("retry-after"), "1");
        } else {
            // A second run would have met its own ids.
            assert_eq!((reply.status, &reply.json()["inserted"]), (201, &json!(200)));
            firsts += usize::from(reply.header("idempotency-replayed").is_empty());
        }
    }
    assert_eq!((firsts, cloud.database.count("employees", ids.base, ids.end()).await), (1, 200));
}
