//! People with accounts: what they may, which tables they see, and that their keys are their own.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use testkit::gateway::by_person;
use testkit::tables;

use crate::row_support::is_problem;
use crate::support::{Api, Reply, document};

impl Api {
    /// A call by a person in these groups, with more headers.
    pub(crate) async fn by(
        &self,
        (username, groups): (&str, &str),
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path).extension(by_person(username, groups));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header(header::CONTENT_TYPE, "application/json");
            body.to_string().into()
        };
        self.run(request.body(body).unwrap()).await
    }

    /// A call by Ann, who is in these groups.
    pub(crate) async fn by_ann(&self, groups: &str, method: &str, path: &str, body: &Value) -> Reply {
        self.by(("ann@x.example", groups), method, path, &[], body).await
    }
}

/// Every route with a method, and a body that it takes.
fn calls() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("GET", "/tables/documents/rows", Value::Null),
        ("GET", "/tables/documents/rows?ids=7", Value::Null),
        ("GET", "/tables/documents/rows/7", Value::Null),
        ("GET", "/tables/filed_documents/rows/7/", Value::Null),
        ("POST", "/insert_data", json!({"documents": [document(70)]})),
        ("POST", "/insert_data/", json!({"filed_documents": [document(71)]})),
        ("POST", "/tables/documents/rows", json!([document(72)])),
        ("PUT", "/tables/documents/rows/73", document(73)),
        ("DELETE", "/tables/documents/rows/7", Value::Null),
    ]
}

#[tokio::test]
async fn each_group_may_what_it_may_and_no_more() {
    for (groups, reads, writes, operates) in [
        ("reader", true, false, false),
        ("[writer]", true, true, false),
        ("writer, reader", true, true, false),
        ("operator", true, true, true),
        ("", false, false, false),
        ("table:documents", false, false, false),
    ] {
        let api = Api::start().await;
        api.put("/tables/documents/rows/7", &document(7)).await;
        for (method, path, body) in calls() {
            let may = match method {
                "GET" => reads,
                "DELETE" => operates,
                _ => writes,
            };
            let reply = api.by_ann(groups, method, path, &body).await;
            if may {
                assert!(reply.status < 300, "{groups} {method} {path} {reply:?}");
            } else {
                is_problem(&reply, 403, "forbidden");
            }
        }
        let expected = if operates {
            4
        } else if writes {
            5
        } else {
            1
        };
        assert_eq!(api.count("documents").await, expected, "{groups}");
    }
}

#[tokio::test]
async fn a_table_that_an_account_does_not_see_is_out_of_reach() {
    let api = Api::start().await;
    api.put("/tables/documents/rows/7", &document(7)).await;
    for (method, path, body) in calls() {
        if method == "DELETE" {
            continue;
        }
        let reply = api.by_ann("writer,table:tags", method, path, &body).await;
        is_problem(&reply, 403, "forbidden");
        assert_eq!(reply.body["detail"], "This account does not see the table documents.", "{method} {path}");
        let reply = api.by_ann("writer,table:tags,table:documents", method, path, &body).await;
        assert!(reply.status < 300, "{method} {path} {reply:?}");
    }
    // An operator sees every table.
    assert_eq!(
        api.by_ann("operator,table:tags", "DELETE", "/tables/documents/rows/7", &Value::Null).await.status,
        204
    );
}

#[tokio::test]
async fn one_table_of_a_batch_that_is_not_seen_is_enough() {
    let api = Api::start().await;
    for body in [
        json!({"tags": [{"id": 5, "tag": "Pilot"}], "documents": [document(8)]}),
        json!({"tags": [{"id": 5, "tag": "Pilot"}], "filed_documents": []}),
    ] {
        for prefer in ["tx=atomic", "tx=dry-run", "none"] {
            let headers = [("prefer", prefer), ("idempotency-key", "k")];
            let reply = api.by(("ann", "writer table:tags"), "POST", "/insert_data", &headers, &body).await;
            is_problem(&reply, 403, "forbidden");
        }
    }
    assert_eq!((api.count("tags").await, api.count("documents").await), (1, 0));
    assert_eq!(api.count("rowgate_idempotency_keys").await, 0);
    let seen = json!({"tags": [{"id": 5, "tag": "Pilot"}]});
    assert_eq!(api.by_ann("writer table:tags", "POST", "/insert_data", &seen).await.status, 201);
}

#[tokio::test]
async fn names_only_tables_that_are_seen() {
    let api = Api::start().await;
    for (method, path, body) in [
        ("GET", "/tables/nothing/rows", Value::Null),
        ("PUT", "/tables/nothing/rows/1", json!({})),
        ("POST", "/insert_data", json!({"nothing": [{}]})),
    ] {
        let reply = api.by_ann("writer table:tags", method, path, &body).await;
        is_problem(&reply, 400, "unknown-table");
        assert_eq!(reply.body["detail"], "There is no table \"nothing\"; the tables are tags.");
        let reply = api.by_ann("writer", method, path, &body).await;
        assert!(reply.body["detail"].as_str().unwrap().contains(&tables().join(", ")), "{reply:?}");
    }
}

#[tokio::test]
async fn an_idempotency_key_is_a_persons_own() {
    let api = Api::start().await;
    let path = "/tables/tags/rows";
    let key = [("idempotency-key", "k-1")];
    let row = |id: i64| json!([{"id": id, "tag": "Pilot"}]);
    let ann = api.by(("ann", "writer"), "POST", path, &key, &row(10)).await;
    assert_eq!(ann.status, 201);
    // The same key of another person, and of a script whose key is called like her, is another one.
    assert_eq!(api.by(("bob", "writer"), "POST", path, &key, &row(11)).await.status, 201);
    assert_eq!(api.ask_as("ann", path, &key, &row(12)).await.status, 201);
    let again = api.by(("ann", "writer"), "POST", path, &key, &row(10)).await;
    assert_eq!((again.status, again.bytes), (201, ann.bytes));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    is_problem(&api.by(("ann", "writer"), "POST", path, &key, &row(13)).await, 422, "idempotency-key-reused");
    assert_eq!(api.count("rowgate_idempotency_keys").await, 3);
}

#[tokio::test]
async fn headers_make_nobody_of_a_script() {
    let api = Api::start().await;
    let forged = [("authorization", "Bearer x"), ("x-rowgate-person", "ann"), ("username", "ann")];
    let reply =
        api.ask_as("writer", "/tables/tags/rows", &forged, &json!([{"id": 10, "tag": "Pilot"}])).await;
    assert_eq!(reply.status, 201);
    assert_eq!(api.count("rowgate_audit").await, 0);
}
