//! Two requests at once, and a database that is away or resuming.

use std::sync::Arc;

use serde_json::{Value, json};
use testkit::local_data_api::{ErrorKind, Faults, Operation, Rule};

use crate::support::{Api, document};

#[tokio::test(flavor = "multi_thread")]
async fn two_equal_requests_at_once_insert_every_row_once() {
    let api = Arc::new(Api::start().await);
    let rows: Vec<Value> = (1..=200).map(document).collect();
    let requests: Vec<_> = (0..8)
        .map(|_| {
            let (api, rows) = (Arc::clone(&api), json!(rows));
            tokio::spawn(async move { api.post("/tables/documents/rows", &rows).await })
        })
        .collect();
    let mut inserted = 0;
    for request in requests {
        let reply = request.await.unwrap();
        assert!([201, 207, 422].contains(&reply.status), "{reply:?}");
        inserted += reply.body["inserted"].as_u64().unwrap();
    }
    assert_eq!(inserted, 200);
    assert_eq!(api.count("documents").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_concurrent_requests_report_what_is_in() {
    let api = Arc::new(Api::start().await);
    let requests: Vec<_> = (0..8)
        .map(|offset| {
            let api = Arc::clone(&api);
            // Each in another order, so that they meet each other's ids in every possible way.
            let mut ids: Vec<i64> = (1 + offset * 10..=60 + offset * 10).collect();
            if offset % 2 == 0 {
                ids.reverse();
            }
            let rows: Vec<Value> = ids.into_iter().map(document).collect();
            tokio::spawn(async move { api.post("/tables/documents/rows", &json!(rows)).await })
        })
        .collect();
    let mut inserted = 0;
    for request in requests {
        let reply = request.await.unwrap();
        assert!([201, 207, 422].contains(&reply.status), "{reply:?}");
        inserted += usize::try_from(reply.body["inserted"].as_u64().unwrap()).unwrap();
    }
    assert_eq!(inserted, 130);
    assert_eq!(api.count("documents").await, 130);
}

#[tokio::test]
async fn waits_for_a_database_that_resumes() {
    let api = Api::start().await;
    api.db.data_api().set(Faults::default().with(Rule::error(ErrorKind::DatabaseResumingException).times(3)));
    assert_eq!(api.post("/tables/documents/rows", &document(1)).await.status, 201);
    assert_eq!(api.count("documents").await, 1);
}

#[tokio::test]
async fn says_when_it_is_not_known_whether_the_rows_are_in() {
    let api = Api::start().await;
    api.db
        .data_api()
        .set(Faults::default().with(Rule::lose_answer().on(Operation::ExecuteStatement).times(1)));
    let reply = api.post("/tables/documents/rows", &document(1)).await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.headers["retry-after"], "10");
    assert!(reply.body["detail"].as_str().unwrap().contains("not known whether the rows are in"));
    assert_eq!(api.count("documents").await, 1);
}

#[tokio::test]
async fn asks_to_come_again_where_others_keep_taking_its_ids() {
    let api = Api::start().await;
    // Each time that the id was found free, somebody else has it first.
    let taken = "CREATE TRIGGER rival BEFORE INSERT ON documents FOR EACH ROW \
                 SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1062, MESSAGE_TEXT = 'Duplicate entry for key PRIMARY'";
    api.db.sql(taken).await.unwrap();
    for headers in [&[][..], &[("idempotency-key", "k")]] {
        let reply = api.ask("/tables/documents/rows", headers, &document(1)).await;
        assert_eq!((reply.status, reply.headers["retry-after"].as_bytes()), (503, &b"10"[..]), "{reply:?}");
        assert!(reply.body["detail"].as_str().unwrap().contains("nothing was changed"), "{reply:?}");
    }
    api.db.sql("DROP TRIGGER rival").await.unwrap();
    assert_eq!(api.count("documents").await, 0);
    let reply = api.ask("/tables/documents/rows", &[("idempotency-key", "k")], &document(1)).await;
    assert_eq!(reply.status, 201, "{reply:?}");
}

#[tokio::test]
async fn a_failure_in_the_middle_leaves_nothing_behind() {
    let api = Api::start().await;
    api.db.data_api().set(
        Faults::default()
            .with(Rule::error(ErrorKind::ForbiddenException).sql("INSERT INTO rowgate_rejected_rows")),
    );
    let reply = api.post("/tables/documents/rows", &json!([document(1), {"id": 2}])).await;
    assert_eq!(reply.status, 500);
    assert!(!reply.body.to_string().contains("rowgate_rejected_rows"), "{reply:?}");
    assert_eq!(api.count("documents").await, 0);
    assert_eq!(api.count("rowgate_rejected_rows").await, 0);
}
