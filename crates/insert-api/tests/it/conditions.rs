//! `PUT /tables/{table}/rows/{id}` under a condition (RFC 9110, section 13).

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use testkit::local_data_api::{Faults, Operation, Rule};

use crate::row_support::{is_problem, row_errors};
use crate::support::{Api, Reply, document, with};

async fn put_if(api: &Api, path: &str, conditions: &[(&str, &str)], row: &Value) -> Reply {
    let mut request = Request::put(path).header("content-type", "application/json");
    for (name, value) in conditions {
        request = request.header(*name, *value);
    }
    api.run(request.body(Body::from(row.to_string())).unwrap()).await
}

async fn create(api: &Api, path: &str, row: &Value) -> Reply {
    put_if(api, path, &[("if-none-match", "*")], row).await
}

#[tokio::test]
async fn a_row_is_created_once_and_never_replaced() {
    let api = Api::start().await;
    let path = "/tables/documents/rows/7";
    let created = create(&api, path, &document(7)).await;
    assert_eq!((created.status, &created.body), (201, &document(7)));
    let taken = create(&api, path, &with(document(7), "name", "Grace")).await;
    is_problem(&taken, 412, "precondition-failed");
    let expected = "There is a row 7 in documents already, and it is as it was. Take another id, or leave out If-None-Match to \
                    replace the row.";
    assert_eq!(taken.body["detail"], expected);
    assert_eq!(api.get(path).await.body, document(7));
    assert_eq!((api.count("documents").await, api.count("rowgate_rejected_rows").await), (1, 0));
    assert_eq!(api.db.open_transactions(), 0);
    // Deleted, it can be created again.
    assert_eq!(api.delete(path).await.status, 204);
    assert_eq!(create(&api, path, &with(document(7), "name", "Grace")).await.status, 201);
}

/// A condition counts where the answer would be a success without it (RFC 9110, section 13.2.1).
#[tokio::test]
async fn a_row_that_breaks_rules_is_refused_whether_its_id_is_taken_or_not() {
    let api = Api::start().await;
    for status in [422, 201, 422] {
        let row = if status == 201 { document(7) } else { with(document(7), "tag_id", 99) };
        let reply = create(&api, "/tables/documents/rows/7", &row).await;
        assert_eq!(reply.status, status, "{reply:?}");
        if status == 422 {
            assert_eq!(row_errors(&reply), ["tag_id: unknown_reference"]);
        }
    }
    assert_eq!(api.get("/tables/documents/rows/7").await.body, document(7));
}

#[tokio::test]
async fn every_other_condition_is_refused() {
    let api = Api::start().await;
    let path = "/tables/documents/rows/7";
    let match_any = ("if-match", "*");
    for (conditions, header) in [
        (&[("if-none-match", "\"v1\"")][..], "If-None-Match"),
        (&[("if-none-match", "")], "If-None-Match"),
        (&[("if-none-match", "*, *")], "If-None-Match"),
        (&[("if-none-match", "W/\"v1\", *")], "If-None-Match"),
        (&[("if-none-match", "*"), ("if-none-match", "*")], "If-None-Match"),
        (&[("if-match", "\"v1\"")], "If-Match"),
        (&[match_any], "If-Match"),
        (&[match_any, ("if-none-match", "*")], "If-Match"),
    ] {
        let reply = put_if(&api, path, conditions, &document(7)).await;
        is_problem(&reply, 400, "invalid-parameter");
        assert_eq!(reply.body["errors"][0]["parameter"], header, "{conditions:?}");
        assert!(reply.body["detail"].as_str().unwrap().contains("rows have no ETags"), "{reply:?}");
    }
    assert_eq!(api.count("documents").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_that_create_a_row_at_once_one_does() {
    let api = Arc::new(Api::start().await);
    for id in 1..=10 {
        let puts: Vec<_> = (0..6)
            .map(|number| {
                let (api, row) = (Arc::clone(&api), with(document(id), "name", format!("N{number}")));
                tokio::spawn(async move { create(&api, &format!("/tables/documents/rows/{id}"), &row).await })
            })
            .collect();
        let (mut statuses, mut winner) = (Vec::new(), Value::Null);
        for put in puts {
            let reply = put.await.unwrap();
            statuses.push(reply.status);
            if reply.status == 201 {
                winner = reply.body;
            }
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 412, 412, 412, 412, 412]);
        assert_eq!(api.get(&format!("/tables/documents/rows/{id}")).await.body, winner);
    }
    assert_eq!(api.db.open_transactions(), 0);
}

#[tokio::test]
async fn a_lost_answer_says_what_the_next_one_will_mean() {
    let api = Api::start().await;
    let path = "/tables/collections/rows/3";
    let row = json!({"collection": "Lost"});
    api.db
        .data_api()
        .set(Faults::default().with(Rule::lose_answer().on(Operation::CommitTransaction).times(1)));
    let lost = create(&api, path, &row).await;
    is_problem(&lost, 503, "unavailable");
    assert!(
        lost.body["detail"].as_str().unwrap().contains("412 that there is a row with the id"),
        "{lost:?}"
    );
    is_problem(&create(&api, path, &row).await, 412, "precondition-failed");
    assert_eq!(api.get(path).await.status, 200);
}
