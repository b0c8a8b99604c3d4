//! Unique values that several writers want at once.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::row_races::put;
use crate::row_support::{is_problem, row_errors};
use crate::support::{Api, Reply, codes};
use crate::unique::{PEOPLE, person};

fn post(api: &Arc<Api>, rows: Value) -> JoinHandle<Reply> {
    let api = Arc::clone(api);
    tokio::spawn(async move { api.post("/tables/people/rows", &rows).await })
}

fn path(id: i64) -> String {
    format!("/tables/people/rows/{id}")
}

const OTHER: &[&str] = &["INSERT INTO people (id, email) VALUES (1, 'a@x')"];

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wants_a_value_that_is_being_taken_waits_and_finds_it_taken() {
    let api = Arc::new(Api::over(PEOPLE).await);
    for (end, status) in [("ROLLBACK", 201), ("COMMIT", 422)] {
        api.db.sql("DELETE FROM people").await.unwrap();
        let held = api.began(OTHER).await;
        let reply = api.answer_after(held, end, post(&api, json!([person(2, "a@x")]))).await;
        assert_eq!(reply.status, status, "{reply:?}");
        if status == 422 {
            assert_eq!(codes(&reply, "people"), ["0: duplicate_value"]);
        }
    }
    // A verdict for each row: the transaction is repeated.
    api.db.sql("DELETE FROM people").await.unwrap();
    let held = api.began(OTHER).await;
    let rows = json!([{"id": "x"}, person(2, "a@x"), person(3, "b@x")]);
    let reply = api.answer_after(held, "COMMIT", post(&api, rows)).await;
    assert_eq!((reply.status, codes(&reply, "people")[1].as_str()), (207, "1: duplicate_value"));
    // PUTs of a new row and of one that is there.
    for existing in [false, true] {
        api.db.sql("DELETE FROM people").await.unwrap();
        if existing {
            api.db.sql("INSERT INTO people (id, email) VALUES (2, 'b@x')").await.unwrap();
        }
        let held = api.began(OTHER).await;
        let reply = api.answer_after(held, "COMMIT", put(&api, path(2), person(2, "a@x"))).await;
        is_problem(&reply, 422, "invalid-row");
        assert_eq!(row_errors(&reply), ["email: duplicate_value"]);
        assert_eq!(
            api.db.value("SELECT GROUP_CONCAT(email ORDER BY id) FROM people WHERE id = 1").await.unwrap(),
            "a@x"
        );
    }
    assert_eq!(api.db.open_transactions(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writers_of_one_value_one_has_it() {
    let api = Arc::new(Api::over(PEOPLE).await);
    for round in 0..12_i64 {
        let email = format!("r{round}@x");
        let id = |writer: i64| 100 * round + writer;
        let mut calls = Vec::new();
        for writer in 0..8 {
            let row = person(id(writer), &email);
            calls.push(match writer % 4 {
                0 => post(&api, json!([row])),
                // Judged row by row.
                1 => post(&api, json!([row, {"id": "x"}, person(id(writer) + 50, "")])),
                _ => put(&api, path(id(writer)), row),
            });
        }
        for call in calls {
            let reply = call.await.unwrap();
            assert!([200, 201, 207, 422].contains(&reply.status), "{reply:?}");
        }
        let holders = format!("SELECT COUNT(*) FROM people WHERE email = '{email}'");
        assert_eq!(api.db.value(&holders).await.unwrap(), "1");
    }
    assert_eq!(api.db.open_transactions(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_exchange_their_values_keep_one_each() {
    let api = Arc::new(Api::over(PEOPLE).await);
    assert_eq!(
        api.post("/tables/people/rows", &json!([person(1, "a@x"), person(2, "b@x")])).await.status,
        201
    );
    for _ in 0..10 {
        let calls = [put(&api, path(1), person(1, "b@x")), put(&api, path(2), person(2, "a@x"))];
        for call in calls {
            is_problem(&call.await.unwrap(), 422, "invalid-row");
        }
    }
    assert_eq!(api.db.value("SELECT GROUP_CONCAT(email ORDER BY id) FROM people").await.unwrap(), "a@x,b@x");
}
