//! A database that does not answer in the time that a request has.

use std::time::Duration;

use insert_api::{Service, router};
use lambda_kit::http::with_service_layers_in;
use lambda_kit::operator::Operator;
use serde_json::json;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Rule};

use crate::support::{Api, Reply, employee};

/// Long enough for a request that is not held up, short enough for a test.
const TIME: Duration = Duration::from_secs(4);
/// Longer than anybody waits.
const STUCK_MS: u64 = 3_600_000;

/// The API whose requests have [`TIME`].
async fn start() -> Api {
    let mut api = Api::start().await;
    let dictionary = domain::shipped::dictionary().unwrap();
    let service = Service::new(api.db.database(), dictionary, Operator::new("operator"));
    api.routes = with_service_layers_in(router(service), TIME);
    api
}

fn assert_unavailable(reply: &Reply) {
    assert_eq!(reply.status, 503, "{reply:?}");
    assert_eq!(reply.headers["retry-after"], "10");
    assert_eq!(reply.body["type"], "urn:rowgate:problem:unavailable");
}

#[tokio::test]
async fn a_database_that_goes_on_resuming_is_no_longer_waited_for() {
    let api = start().await;
    api.db.data_api().set(Faults::default().with(Rule::error(ErrorKind::DatabaseResumingException)));
    assert_unavailable(&api.post("/tables/employees/rows", &employee(1)).await);
    api.db.data_api().clear();
    assert_eq!(api.count("employees").await, 0);
    assert_eq!(api.post("/tables/employees/rows", &employee(1)).await.status, 201);
}

#[tokio::test]
async fn what_was_begun_in_a_database_that_got_stuck_is_rolled_back() {
    let api = start().await;
    // The good row is in already when its request finds no answer any more.
    let stuck = Rule::new(Effect::DelayMs(STUCK_MS)).sql("INSERT INTO rowgate_rejected_rows");
    api.db.data_api().set(Faults::default().with(stuck));
    assert_unavailable(&api.post("/tables/employees/rows", &json!([employee(1), {"id": 2}])).await);
    api.db.data_api().clear();
    assert_eq!((api.count("employees").await, api.count("rowgate_rejected_rows").await), (0, 0));
    // Nothing of it is in the way of the next one.
    let reply = api.post("/tables/employees/rows", &json!([employee(1), {"id": 2}])).await;
    assert_eq!((reply.status, &reply.body["inserted"]), (207, &json!(1)), "{reply:?}");
    assert_eq!(api.db.open_transactions(), 0);
}
